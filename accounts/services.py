from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from accounts.actors import Actor
from accounts.models import AuditEvent, Membership, OperatorSwitch, Role, User, Workspace
from common import clock
from common.errors import ProblemError


@transaction.atomic
def create_workspace(
    *, name: str, by: Actor, owner: User | None = None, country: str = "US", timezone: str = "UTC"
) -> Workspace:
    """Without an owner only by the operator, who adds one next."""
    workspace = Workspace.objects.create(name=name, country=country, timezone=timezone)
    if owner:
        Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    _record_workspace(workspace, by=by, verb="workspace.created")
    return workspace


@transaction.atomic
def update_workspace(*, workspace: Workspace, by: Actor, **wanted: str) -> bool:
    """`name`, `country` and `timezone`, or some of them; False when nothing is different."""
    changes = change_columns(Workspace.objects.filter(pk=workspace.pk), wanted)
    if changes:
        _record_workspace(workspace, by=by, verb="workspace.updated", data={"changes": changes})
    return bool(changes)


def change_columns(row: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, list[Any]]:
    """What was different: before and after."""
    if not wanted:
        return {}
    stored = row.select_for_update(no_key=True).values(*wanted).get()
    changes = {field: [stored[field], value] for field, value in wanted.items() if stored[field] != value}
    if changes:
        row.update(**wanted)
    return changes


@transaction.atomic
def create_first_owner(
    *, email: str, password: str, name: str, workspace_name: str, country: str, timezone: str
) -> User:
    """The first person of an empty installation owns its first workspace and operates the whole of it."""
    # Two who send the page at once stand in line at this row; the second then finds the first one's account.
    OperatorSwitch.objects.get_or_create(id=1)
    OperatorSwitch.objects.select_for_update().get(id=1)
    if User.objects.exists():
        raise ProblemError("ALREADY_SET_UP", "This installation already has an owner: log in instead.")
    user = User.objects.create_superuser(email, password, first_name=name)
    create_workspace(name=workspace_name, owner=user, by=Actor(user=user), country=country, timezone=timezone)
    return user


def record(
    *, workspace: Workspace, by: Actor, verb: str, object_type: str, object_id: str, data: dict[str, Any] | None = None
) -> AuditEvent:
    return AuditEvent.objects.create(
        workspace=workspace,
        user=by.user,
        api_key=by.api_key,
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        data=data or {},
    )


@transaction.atomic
def set_calls_stopped(*, workspace: Workspace, stopped: bool, by: Actor) -> None:
    """The workspace's stop switch; every claim reads it, so it holds from the next claim on."""
    changed = Workspace.objects.filter(pk=workspace.pk, calls_stopped_at__isnull=stopped).update(
        calls_stopped_at=clock.now() if stopped else None
    )
    if changed:
        verb = "calls.stopped" if stopped else "calls.resumed"
        _record_workspace(workspace, by=by, verb=verb)


def _record_workspace(workspace: Workspace, *, by: Actor, verb: str, data: dict[str, Any] | None = None) -> None:
    record(workspace=workspace, by=by, verb=verb, object_type="workspace", object_id=workspace.public_id, data=data)


def set_operator_stop(*, stopped: bool) -> None:
    OperatorSwitch.objects.update_or_create(id=1, defaults={"calls_stopped_at": clock.now() if stopped else None})


def are_calls_stopped(workspace_id: int) -> bool:
    """Asked at every claim and always from the database: a cached answer could let one more phone ring."""
    by_operator = Exists(OperatorSwitch.objects.filter(calls_stopped_at__isnull=False))
    return Workspace.objects.filter(Q(calls_stopped_at__isnull=False) | Q(by_operator), pk=workspace_id).exists()
