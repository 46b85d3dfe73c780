"""What people decide about the guide: a step they leave out, and whether it stays on the home page."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record


def skip_step(*, workspace: Workspace, step: str, skipped: bool, by: Actor) -> None:
    with transaction.atomic():
        guide = _locked(workspace)
        others = [key for key in guide.get("skipped", ()) if key != step]
        _save(workspace, {**guide, "skipped": [*others, step] if skipped else others})
        _record(workspace, by, "guide.step_skipped" if skipped else "guide.step_resumed", {"step": step})


def close_guide(*, workspace: Workspace, closed: bool, by: Actor) -> None:
    with transaction.atomic():
        _save(workspace, {**_locked(workspace), "closed": closed})
        _record(workspace, by, "guide.closed" if closed else "guide.reopened", {})


def _locked(workspace: Workspace) -> dict[str, Any]:
    return dict(Workspace.objects.select_for_update().get(pk=workspace.pk).guide)


def _save(workspace: Workspace, guide: dict[str, Any]) -> None:
    workspace.guide = guide
    workspace.save(update_fields=["guide"])


def _record(workspace: Workspace, by: Actor, verb: str, data: dict[str, Any]) -> None:
    record(workspace=workspace, by=by, verb=verb, object_type="workspace", object_id=workspace.public_id, data=data)
