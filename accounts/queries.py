from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet

from accounts.models import ApiKey, AuditEvent, Workspace
from common import clock
from common.ids import is_row_number

BY_KEYS, BY_SYSTEM = "keys", "system"
KeyState = Literal["active", "expired", "revoked"]

VERB_WORDS = {
    "api_key.created": "API key made",
    "api_key.revoked": "API key revoked",
    "api_key.updated": "API key changed",
    "calls.resumed": "Calls resumed",
    "calls.stopped": "All calls stopped",
    "dnc.added": "Put on the Do-Not-Call list",
    "dnc.lifted": "Taken off the Do-Not-Call list",
    "dnc.uploaded": "Do-Not-Call list uploaded",
    "member.role_changed": "Role changed",
    "webhook.changed": "Webhook endpoint changed",
    "webhook.created": "Webhook endpoint made",
    "webhook.deleted": "Webhook endpoint deleted",
    "webhook.disabled": "Webhook endpoint disabled after failing",
    "webhook.paused": "Webhook endpoint paused",
    "webhook.replayed": "Webhook deliveries sent again",
    "webhook.secret_rotated": "Webhook secret rotated",
    "webhook.switched_on": "Webhook endpoint switched on",
    "webhook.tested": "Webhook endpoint tested",
}
# What an event calls its object, the first that it has.
NAMES = ("name", "email", "address", "what")
# Ids, and what has a place of its own.
NOT_SHOWN = {*NAMES, "note", "bad_rows"}


@dataclass(frozen=True)
class Detail:
    label: str
    after: str
    before: str = ""


def state_of(key: ApiKey) -> KeyState:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= clock.now() else "active"


def audit_of(workspace: Workspace, *, person: str = "") -> QuerySet[AuditEvent]:
    """`person` is a user's id, `keys` or `system`; anything else is nobody's."""
    events = AuditEvent.objects.filter(workspace=workspace).select_related("user", "api_key")
    return events.filter(_done_by(person)) if person else events


def _done_by(person: str) -> Q:
    if person == BY_KEYS:
        return Q(api_key__isnull=False)
    if person == BY_SYSTEM:
        return Q(user=None, api_key=None)
    return Q(user=int(person)) if is_row_number(person) else Q(pk__in=[])


def last_switch(workspace: Workspace) -> AuditEvent | None:
    """Who last stopped or resumed calls."""
    events = audit_of(workspace).filter(object_type="workspace", object_id=workspace.public_id)
    return events.filter(verb__in=["calls.stopped", "calls.resumed"]).order_by("-at").first()


def words_of(event: AuditEvent) -> str:
    return VERB_WORDS.get(event.verb) or event.verb.replace(".", " ").replace("_", " ").capitalize()


def details_of(event: AuditEvent) -> list[Detail]:
    """What the event tells beside its verb: changes first, then the rest as it was recorded."""
    data: dict[str, Any] = dict(event.data)
    changes = data.pop("changes", {})
    if "before" in data and "after" in data:
        changes = {**changes, "": [data.pop("before"), data.pop("after")]}
    changed = [
        Detail(_label(name), before=_plain(before) or "nothing", after=_plain(after) or "nothing")
        for name, (before, after) in changes.items()
    ]
    rest = [Detail(_label(name), _plain(value)) for name, value in data.items() if name not in NOT_SHOWN]
    return changed + [detail for detail in rest if detail.after]


def _label(name: str) -> str:
    return name.removeprefix("custom_fields.").replace("_", " ").capitalize()


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "" if value in (None, "", {}) else str(value)
