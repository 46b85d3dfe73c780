"""API keys: made, changed and revoked here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import ApiKey, Invitation, Workspace
from accounts.people import revoke_all
from accounts.scopes import SCOPES
from accounts.services import change_columns, record
from common import clock
from common.errors import ProblemError


def digest_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def create_api_key(
    *,
    workspace: Workspace,
    name: str,
    scopes: Iterable[str],
    by: Actor,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """The row and the key itself, which is shown this once and cannot be had again."""
    wanted = sorted(set(scopes))
    if unknown := set(wanted) - set(SCOPES):
        raise ProblemError("UNKNOWN_SCOPE", f"There is no scope {', '.join(sorted(unknown))}.")
    if by.api_key:
        _refuse_more_than(_still_good(by.api_key), scopes=wanted, expires_at=expires_at)
        _refuse_faster_than(by.api_key, requests_per_minute)
    key = f"ls_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        prefix=key[:10],
        digest=digest_key(key),
        scopes=wanted,
        created_by=by.user,
        made_by_key=by.api_key,
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
    )
    _record_key(row, by=by, verb="api_key.created", scopes=wanted)
    return row, key


def _still_good(key: ApiKey) -> ApiKey:
    """Locked until the end: whoever revokes it meanwhile finds what it made."""
    good = ApiKey.objects.usable(clock.now()).select_for_update().filter(pk=key.pk).first()
    if good is None:
        raise ProblemError("KEY_REVOKED", "The key that asks was revoked meanwhile: nothing was made.")
    return good


def _refuse_faster_than(key: ApiKey, pace: int | None) -> None:
    if key.requests_per_minute and (pace is None or pace > key.requests_per_minute):
        own = key.requests_per_minute
        raise ProblemError("PACE_NOT_HELD", f"The key that asks has {own} requests per minute: it gives none more.")


def _refuse_more_than(key: ApiKey, *, scopes: Iterable[str], expires_at: datetime | None) -> None:
    """Else a key that may make keys could do everything for ever."""
    if missing := set(scopes) - set(key.scopes):
        names = ", ".join(sorted(missing))
        raise ProblemError("SCOPE_NOT_HELD", f"The key that asks lacks {names}: it makes no key that may do more.")
    if key.expires_at and (expires_at is None or expires_at > key.expires_at):
        until = f"{key.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        raise ProblemError("EXPIRES_TOO_LATE", f"The key that asks ends at {until}: it makes none that lives longer.")


@transaction.atomic
def update_api_key(*, key: ApiKey, by: Actor, **wanted: Any) -> bool:
    """`name` and `requests_per_minute`, or one of them; False when nothing is different."""
    if by.api_key and "requests_per_minute" in wanted:
        _refuse_faster_than(by.api_key, wanted["requests_per_minute"])
    changes = change_columns(ApiKey.objects.filter(pk=key.pk), wanted)
    if changes:
        _record_key(key, by=by, verb="api_key.updated", changes=changes)
    return bool(changes)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: Actor) -> None:
    """With everything that could be had through it: the keys that it made, and the invitations that are still open."""
    waiting = [key]
    while waiting:
        row = waiting.pop()
        if ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=clock.now()):
            _record_key(row, by=by, verb="api_key.revoked")
            revoke_all(Invitation.objects.open().filter(api_key=row), by=by)
            waiting += ApiKey.objects.filter(made_by_key=row).select_related("workspace")


def _record_key(key: ApiKey, *, by: Actor, verb: str, **data: Any) -> None:
    data = {"name": str(key), **data}
    record(workspace=key.workspace, by=by, verb=verb, object_type="api_key", object_id=key.public_id, data=data)
