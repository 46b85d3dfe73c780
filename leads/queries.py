from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, Workspace
from common import phones
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus
from leads.zones import candidate_zones

PAGE_SIZE = 50
START_HERE = "call me first"
MAX_WORDS = 6
MIN_DIGITS = 4


@dataclass(frozen=True)
class Page:
    leads: list[Lead]
    newer: int | None
    older: int | None


def find_leads(workspace: Workspace, *, text: str = "", status: str = "") -> QuerySet[Lead]:
    leads = Lead.objects.filter(workspace=workspace)
    if status:
        leads = leads.filter(status=status)
    return leads.filter(_matches(workspace, text.strip())) if text.strip() else leads


def page_of(leads: QuerySet[Lead], *, older: int | None = None, newer: int | None = None) -> Page:
    """By id, so that the hundredth page costs what the first does."""
    leads = leads.select_related("campaign")
    if newer is not None:
        found = list(leads.filter(pk__gt=newer).order_by("id")[: PAGE_SIZE + 1])
        more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        return Page(rows, newer=rows[0].pk if rows and more else None, older=rows[-1].pk if rows else None)
    found = list((leads.filter(pk__lt=older) if older is not None else leads).order_by("-id")[: PAGE_SIZE + 1])
    more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    first = rows[0].pk if rows and older is not None else None
    return Page(rows, newer=first, older=rows[-1].pk if more else None)


def _matches(workspace: Workspace, text: str) -> Q:
    by_words = Q()
    for word in text.split()[:MAX_WORDS]:
        by_words &= Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
    return by_words | Q(public_id=text.lower()) | _has_number(workspace, text)


def _has_number(workspace: Workspace, text: str) -> Q:
    """Any writing of a whole number, or some of its digits."""
    if re.search(r"[^\d\s()+./-]", text):
        return Q(pk__in=[])
    phone = phones.parse_phone(text, country=workspace.country)
    digits = re.sub(r"\D", "", text).lstrip("0")
    wanted = Q(pk__in=[])
    if phone:
        wanted |= _number(workspace, Q(e164=phone.e164), Q(phone=phone.e164))
    if len(digits) >= MIN_DIGITS:
        wanted |= _number(workspace, Q(e164__contains=digits), Q(phone__contains=digits))
    return wanted


def _number(workspace: Workspace, extra: Q, main: Q) -> Q:
    further = LeadPhone.objects.filter(extra, lead__workspace=workspace)
    return main | Q(pk__in=further.values("lead"))


def leads_to_start_with(workspace: Workspace) -> list[Lead]:
    return list(Lead.objects.filter(workspace=workspace, tags__name=START_HERE).order_by("-id")[:3])


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
