from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, dumps, loads
from django.db.models import Model, Q, QuerySet

from accounts.models import AuditEvent
from common import phones
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus, Note, StatusChange, Tag, TimezoneSource
from leads.zones import address_zones, candidate_zones, is_zone, number_zones


def listed_numbers(workspace_id: int, numbers: Iterable[str]) -> dict[str, DoNotCall]:
    """Those of the numbers that stand on the Do-Not-Call list."""
    rows = DoNotCall.objects.filter(workspace=workspace_id, channel=Channel.PHONE, address__in=set(numbers))
    return {row.address: row for row in rows}


def barred(leads: Sequence[Lead]) -> set[int]:
    """Of leads of one workspace those that said no, or whose main number is on the list."""
    numbers = {lead.phone for lead in leads if lead.phone}
    listed = listed_numbers(leads[0].workspace_id, numbers) if numbers else {}
    return {lead.pk for lead in leads if lead.status == LeadStatus.DNC or lead.phone in listed}


def entries_of(lead: Lead, numbers: Iterable[str]) -> list[DoNotCall]:
    """What stands on the Do-Not-Call list of the lead's addresses, on every channel."""
    mine = Q(channel__in=[Channel.PHONE, Channel.SMS], address__in=set(numbers))
    if lead.email:
        mine |= Q(channel=Channel.EMAIL, address=lead.email.strip().lower())
    return list(DoNotCall.objects.filter(mine, workspace=lead.workspace_id).select_related("user").order_by("id"))


@dataclass(frozen=True)
class LeadState:
    """What stands in a lead's header, on every page that shows one."""

    lead: Lead
    zones: tuple[str, ...]
    numbers: list[str]
    entries: list[DoNotCall]

    @property
    def zone(self) -> str:
        """The one zone in which times are shown; UTC only where nothing is known."""
        return self.zones[0] if self.zones else "UTC"

    @property
    def other_zones(self) -> int:
        return max(0, len(self.zones) - 1)

    @property
    def listed(self) -> dict[str, DoNotCall]:
        return self._on(Channel.PHONE)

    @property
    def do_not_call(self) -> bool:
        return self.lead.status == LeadStatus.DNC or bool(self.numbers) and set(self.numbers) <= set(self.listed)

    @property
    def barred_in_part(self) -> list[str]:
        """What else nobody may use, in words."""
        barred, count = [], len(self.numbers)
        if not self.do_not_call and self.listed:
            barred.append(f"{len(self.listed)} of {count} numbers barred")
        if sms := self._on(Channel.SMS):
            barred.append("No SMS" if len(sms) == count else f"No SMS to {len(sms)} of {count} numbers")
        if self._on(Channel.EMAIL):
            barred.append("No e-mail")
        return barred

    def _on(self, channel: str) -> dict[str, DoNotCall]:
        return {entry.address: entry for entry in self.entries if entry.channel == channel}


def state_of(lead: Lead) -> LeadState:
    numbers = lead.numbers()
    return LeadState(lead, zones_of(lead), numbers, entries_of(lead, numbers))


def states_of(leads: Sequence[Lead]) -> dict[int, LeadState]:
    """The same for the rows of a page, in one query; their numbers are read along."""
    numbers = {lead.pk: lead.numbers() for lead in leads}
    emails = {lead.email.strip().lower() for lead in leads if lead.email}
    addresses = {number for mine in numbers.values() for number in mine} | emails
    entries = DoNotCall.objects.filter(workspace__in={lead.workspace_id for lead in leads}, address__in=addresses)
    listed = list(entries.order_by("id")) if leads else []
    return {
        lead.pk: LeadState(lead, zones_of(lead), numbers[lead.pk], _of(lead, numbers[lead.pk], listed))
        for lead in leads
    }


def _of(lead: Lead, numbers: list[str], entries: Iterable[DoNotCall]) -> list[DoNotCall]:
    email = lead.email.strip().lower()
    return [row for row in entries if row.address in ([email] if row.channel == Channel.EMAIL else numbers)]


def zones_of(lead: Lead) -> tuple[str, ...]:
    return candidate_zones(lead, lead.phone)


@dataclass(frozen=True)
class ZoneSource:
    zones: tuple[str, ...]
    source: str


def zone_sources(lead: Lead) -> list[ZoneSource]:
    """Where the lead's zones come from; one that a person gave decides alone."""
    given = (lead.timezone,) if is_zone(lead.timezone) else ()
    if given and lead.timezone_source in ("", TimezoneSource.USER_INPUT):
        return [ZoneSource(given, "given by a person")]
    guess = TimezoneSource(lead.timezone_source).label.lower() if given else ""
    found = (
        ZoneSource(given, guess),
        ZoneSource(address_zones(lead.country, lead.state), "from the address"),
        ZoneSource(number_zones(lead.phone) if lead.phone else (), "from the number"),
    )
    return [source for source in found if source.zones]


def leads_with_number(lead: Lead, e164: str) -> list[Lead]:
    """Other leads of the workspace that have the number, main or further."""
    further = LeadPhone.objects.filter(e164=e164, lead__workspace=lead.workspace_id).values("lead")
    others = Lead.objects.filter(Q(phone=e164) | Q(pk__in=further), workspace=lead.workspace_id)
    return list(others.exclude(pk=lead.pk).order_by("-id")[:3])


def tag_names(workspace_id: int) -> list[str]:
    """To choose from while typing; more than these nobody reads."""
    return list(Tag.objects.filter(workspace=workspace_id).order_by("name").values_list("name", flat=True)[:200])


@dataclass(frozen=True)
class Change:
    """From what to what; without a label where the line's title says what it is about."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Happening:
    """One line of a lead's activity."""

    at: datetime
    kind: str
    """For programs: the verb of the audit trail, or alike."""
    what: str
    who: str
    key: tuple[datetime, int, int]
    detail: str = ""
    changes: tuple[Change, ...] = ()
    before: str = ""
    after: str = ""
    after_label: str = ""
    interaction_public_id: str = ""


@dataclass(frozen=True)
class Activity:
    happenings: list[Happening]
    older: str = ""
    """The cursor of what lies before; empty at the beginning."""


VERBS = {
    "lead.created": "Lead created",
    "lead.updated": "Details changed",
    "lead.assigned": "Owner",
    "lead.moved": "Campaign",
    "lead.approval": "Approval",
    "lead.first_action_left_out": "First submission action left out",
    "lead.tagged": "Tag added",
    "lead.untagged": "Tag removed",
    "note.changed": "Note changed",
    "note.deleted": "Note deleted",
    "dnc.added": "Put on the Do-Not-Call list",
    "dnc.lifted": "Taken off the Do-Not-Call list",
}
E164_IN_TEXT = re.compile(r"\+[1-9]\d{6,14}\b")
ACTIVITY_SIZE = 30
LATEST = 6
_SALT = "leads.activity"
Cursor = tuple[datetime, int, int]
Source = tuple["QuerySet[Any]", Callable[[Any, Cursor], Happening]]


def activity_of(lead: Lead, numbers: Iterable[str]) -> list[Happening]:
    """The latest changes, to stand beside the notes."""
    return _merge(_sources(lead, numbers)[:2], None, LATEST)[:LATEST]


def activity_page(lead: Lead, numbers: Iterable[str], *, older: str = "", size: int = ACTIVITY_SIZE) -> Activity:
    """Three tables told as one, newest first; the cursor is the key of the last line, so that no line is lost."""
    found = _merge(_sources(lead, numbers), read_cursor(older), size)
    shown = found[:size]
    return Activity(shown, _write_cursor(shown[-1].key) if len(found) > size else "")


def _merge(sources: tuple[Source, ...], cursor: Cursor | None, size: int) -> list[Happening]:
    """At least one more than `size`, if there are so many."""
    found = [
        happening for rank, (rows, tell) in enumerate(sources) for happening in _told(rows, rank, cursor, size, tell)
    ]
    return sorted(found, key=lambda happening: happening.key, reverse=True)


def _sources(lead: Lead, numbers: Iterable[str]) -> tuple[Source, ...]:
    addresses = [address[:40] for address in (*numbers, lead.email.strip().lower()) if address]
    about = Q(object_type="lead", object_id=lead.public_id) | Q(object_type="dnc", object_id__in=addresses)
    # A note tells of itself while it is there.
    events = AuditEvent.objects.filter(about, workspace=lead.workspace_id).exclude(verb="note.added")
    return (
        (lead.status_changes.select_related("user", "api_key"), _tell_status),
        (events.select_related("user", "api_key"), _tell_event),
        (lead.notes.select_related("author"), _tell_note),
    )


def _told(
    rows: QuerySet[Any], rank: int, cursor: Cursor | None, size: int, tell: Callable[[Any, Cursor], Happening]
) -> list[Happening]:
    at = "created_at" if rows.model is Note else "at"
    if cursor:
        rows = rows.filter(_beyond(at, rank, cursor))
    newest = rows.order_by(f"-{at}", "-id")[: size + 1]
    return [tell(row, (getattr(row, at), rank, row.pk)) for row in newest]


def _beyond(at: str, rank: int, cursor: Cursor) -> Q:
    """Older than the cursor; of the same moment, lower in rank or, in the same table, in id."""
    moment, its_rank, pk = cursor
    earlier, same = Q(**{f"{at}__lt": moment}), Q(**{at: moment})
    if rank == its_rank:
        return earlier | (same & Q(pk__lt=pk))
    return earlier | same if rank < its_rank else earlier


def _write_cursor(key: Cursor) -> str:
    return dumps([key[0].isoformat(), *key[1:]], salt=_SALT)


def read_cursor(text: str) -> Cursor | None:
    """One that we did not write is the first page."""
    try:
        at, rank, pk = loads(text, salt=_SALT)
    except BadSignature:
        return None
    return datetime.fromisoformat(at), rank, pk


def _tell_note(note: Note, key: Cursor) -> Happening:
    return Happening(note.created_at, "note.added", "Note", _name(note.author, None), key, detail=note.text)


def _tell_status(change: StatusChange, key: Cursor) -> Happening:
    return Happening(
        at=change.at,
        kind="lead.status_changed",
        what="Status",
        who=_name(change.user, change.api_key),
        key=key,
        detail=change.reason,
        before=change.get_before_display(),
        after=change.after,
        after_label=change.get_after_display(),
        interaction_public_id=change.interaction_public_id,
    )


def _tell_event(event: AuditEvent, key: Cursor) -> Happening:
    return Happening(
        at=event.at,
        kind=event.verb,
        what=VERBS.get(event.verb) or event.verb.replace(".", " ").replace("_", " ").capitalize(),
        who=_name(event.user, event.api_key),
        key=key,
        detail=str(event.data.get("reason", "")),
        changes=_changes(event),
    )


def _changes(event: AuditEvent) -> tuple[Change, ...]:
    data = event.data
    if event.verb in ("dnc.added", "dnc.lifted"):
        address = data.get("address", event.object_id)
        channel = Channel(data["channel"]).label if data.get("channel") in Channel.values else "Phone"
        return (Change(channel, "", _shown(address)),)
    if event.verb == "note.deleted" and data.get("author"):
        return (Change("Written by", "", data["author"]),)
    if "before" in data:
        return (_before_after(event),)
    return tuple(
        Change(_label(name), _shown(before) or "empty", _shown(after) or "empty")
        for name, (before, after) in data.get("changes", {}).items()
    )


def _before_after(event: AuditEvent) -> Change:
    before, after = _shown(event.data["before"]), _shown(event.data.get("after"))
    if event.verb == "lead.untagged":
        before, after = "", before
    return Change("", before, after or "nobody")


def _label(name: str) -> str:
    if name.startswith("custom_fields."):
        return name.partition(".")[2]
    labels = {field.name: str(field.verbose_name) for field in Lead._meta.fields}
    label = labels.get(name, name.replace("_", " "))
    return label[:1].upper() + label[1:]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return E164_IN_TEXT.sub(lambda found: phones.display(found[0]), str(value))


def _name(user: Model | None, api_key: Model | None) -> str:
    return str(user or api_key or "LeadSail")
