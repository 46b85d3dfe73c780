from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import AuditEvent
from leads.models import Channel, DoNotCall, Lead, LeadStatus
from leads.zones import candidate_zones


def listed_numbers(workspace_id: int, numbers: Iterable[str]) -> dict[str, DoNotCall]:
    """Those of the numbers that stand on the Do-Not-Call list."""
    rows = DoNotCall.objects.filter(workspace=workspace_id, channel=Channel.PHONE, address__in=set(numbers))
    return {row.address: row for row in rows}


@dataclass(frozen=True)
class LeadState:
    """What stands in a lead's header, on every page that shows one."""

    lead: Lead
    zones: tuple[str, ...]
    numbers: list[str]
    listed: dict[str, DoNotCall]

    @property
    def zone(self) -> str:
        """The one zone in which times are shown; UTC only where nothing is known."""
        return self.zones[0] if self.zones else "UTC"

    @property
    def other_zones(self) -> int:
        return max(0, len(self.zones) - 1)

    @property
    def do_not_call(self) -> bool:
        return self.lead.status == LeadStatus.DNC or bool(self.numbers) and set(self.numbers) <= set(self.listed)


def state_of(lead: Lead) -> LeadState:
    numbers = lead.numbers()
    return LeadState(lead, zones_of(lead), numbers, listed_numbers(lead.workspace_id, numbers))


def zones_of(lead: Lead) -> tuple[str, ...]:
    return candidate_zones(lead, lead.phone)


@dataclass(frozen=True)
class Happening:
    """One line of a lead's activity."""

    at: datetime
    what: str
    who: str
    detail: str = ""
    before: str = ""
    after: str = ""
    after_label: str = ""
    interaction_public_id: str = ""


VERBS = {
    "lead.created": "Lead created",
    "dnc.added": "Put on the Do-Not-Call list",
    "dnc.lifted": "Taken off the Do-Not-Call list",
}
ACTIVITY_SIZE = 30


def activity_of(lead: Lead, numbers: Iterable[str]) -> list[Happening]:
    """Status changes, notes and the audit trail of the lead and its numbers, newest first."""
    happenings = [*_status_changes(lead), *_notes(lead), *_audit(lead, numbers)]
    return sorted(happenings, key=lambda happening: happening.at, reverse=True)[:ACTIVITY_SIZE]


def _status_changes(lead: Lead) -> list[Happening]:
    changes = lead.status_changes.select_related("user", "api_key").order_by("-at")[:ACTIVITY_SIZE]
    return [
        Happening(
            at=change.at,
            what="Status",
            who=_name(change.user, change.api_key),
            detail=change.reason,
            before=change.get_before_display(),
            after=change.after,
            after_label=change.get_after_display(),
            interaction_public_id=change.interaction_public_id,
        )
        for change in changes
    ]


def _notes(lead: Lead) -> list[Happening]:
    notes = lead.notes.select_related("author").order_by("-created_at")[:ACTIVITY_SIZE]
    return [Happening(note.created_at, "Note", _name(note.author, None), note.text) for note in notes]


def _audit(lead: Lead, numbers: Iterable[str]) -> list[Happening]:
    about = Q(object_type="lead", object_id=lead.public_id) | Q(object_type="dnc", object_id__in=list(numbers))
    events = AuditEvent.objects.filter(about, workspace=lead.workspace_id).select_related("user", "api_key")
    return [
        Happening(
            at=event.at,
            what=VERBS.get(event.verb) or event.verb.replace(".", " ").replace("_", " ").capitalize(),
            who=_name(event.user, event.api_key),
            detail=str(event.data.get("reason", "")),
        )
        for event in events.order_by("-at")[:ACTIVITY_SIZE]
    ]


def _name(user: object, api_key: object) -> str:
    return str(user or api_key or "LeadSail")
