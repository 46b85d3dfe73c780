"""Builds the demo's leads in memory, in the order in which they came, and then stores them at once."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import Workspace
from common import clock
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus, Note, StatusChange, Tag, TimezoneSource
from leadsail.demo.company import Company
from leadsail.demo.data import magic, people
from leadsail.demo.data.histories import HISTORIES, REASONS, UNCALLED, History

OLDEST_DAYS, YOUNGEST_HOURS = 75, 3
# Leads with past calls are older than the calls.
CALLED_BEFORE_DAYS = 31


@dataclass
class Row:
    lead: Lead
    tags: list[str] = field(default_factory=list)
    history: History | None = None
    phones: list[LeadPhone] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    changes: list[StatusChange] = field(default_factory=list)
    listed: str = ""


class Numbers:
    """The next unused number reserved for fiction, by where it should seem to be."""

    PREFIXES = {"london": "+442079460", "sydney": "+6125550"}

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()

    def next(self, where: str) -> str:
        block, place = divmod(self.used[where], len(people.MIXED_ENDINGS))
        self.used[where] += 1
        ending = f"{people.MIXED_ENDINGS[place]:02}"
        if where == "london":
            return f"{self.PREFIXES[where]}{block + 3}{ending}"
        if where == "sydney":
            return f"{self.PREFIXES[where]}{block + 10}{ending}"
        if block:
            raise ValueError(f"the area code {where} has no more fictional numbers")
        return f"+1{where}55501{ending}"


class LeadBuilder:
    def __init__(self, company: Company) -> None:
        self.company = company
        self.drawn = random.Random(2026)
        self.numbers = Numbers()
        self.now = clock.now()

    def build(self) -> list[Row]:
        rows = list(self._everyone())
        self.drawn.shuffle(rows)
        self._give_histories(rows)
        self._give_statuses(rows)
        self._give_oddities(rows)
        self._give_extras(rows)
        return sorted([*rows, *self._tests(), *self._magic()], key=lambda row: row.lead.created_at)

    # --- who there is ---
    def _everyone(self) -> Iterator[Row]:
        for place in people.PLACES:
            for first_name, last_name in place.people:
                yield Row(self._lead(place, first_name, last_name))

    def _lead(self, place: people.Place, first_name: str, last_name: str) -> Lead:
        return Lead(
            workspace=self.company.workspace,
            campaign=self.company.campaigns[place.campaign],
            first_name=first_name,
            last_name=last_name,
            email=self._email(first_name, last_name),
            phone=self.numbers.next(place.numbers),
            street=f"{self.drawn.randint(1, 180)} {self.drawn.choice(people.STREETS)}",
            unit=self.drawn.choice(("", "", "", "Apt 4B", "2nd floor")),
            city=place.city,
            state=place.state,
            zip=place.zip,
            country=place.country,
            timezone=place.zone,
            timezone_source=TimezoneSource.USER_INPUT if place.zone else "",
            source=self.drawn.choice(people.SOURCES),
            owner=self.drawn.choice([None, *self.company.sellers, *self.company.sellers]),
            custom_fields=self._custom_fields(),
        )

    def _email(self, first_name: str, last_name: str) -> str:
        plain = unicodedata.normalize("NFKD", f"{first_name} {last_name}").encode("ascii", "ignore").decode()
        name = ".".join("".join(c for c in word if c.isalnum()) for word in plain.lower().split())
        known = name if name.strip(".") else f"client{self.drawn.randint(100, 999)}"
        return f"{known}@example.{self.drawn.choice(('com', 'org'))}" if self.drawn.random() < 0.9 else ""

    def _custom_fields(self) -> dict[str, str]:
        offered = {"kitchen_style": people.STYLES, "budget": people.BUDGETS, "move_in_month": people.MONTHS}
        return {name: self.drawn.choice(values) for name, values in offered.items() if self.drawn.random() < 0.7}

    # --- what happened to them ---
    def _give_histories(self, rows: list[Row]) -> None:
        histories = [history for history in HISTORIES for _ in range(history.times)]
        for row, history in zip(rows, histories, strict=False):
            row.history = history
            if history.campaign:
                row.lead.campaign = self.company.campaigns[history.campaign]
            row.lead.created_at = self._moment(CALLED_BEFORE_DAYS, OLDEST_DAYS)

    def _give_statuses(self, rows: list[Row]) -> None:
        statuses = [status for status, count in UNCALLED.items() for _ in range(count)]
        uncalled = [row for row in rows if not row.history]
        for row in uncalled:
            row.lead.created_at = self._moment(0, OLDEST_DAYS)
        for row, status in zip(uncalled, statuses, strict=False):
            at = row.lead.created_at + (self.now - row.lead.created_at) * self.drawn.uniform(0.1, 0.9)
            self.change(row, status, at)

    def change(self, row: Row, status: LeadStatus, at: datetime) -> None:
        by, reason = self.drawn.choice(self.company.sellers), REASONS.get(status, "")
        change = StatusChange(lead=row.lead, at=at, before=row.lead.status, after=status, reason=reason, user=by)
        row.changes.append(change)
        row.lead.status = status

    def _moment(self, youngest_days: float, oldest_days: float) -> datetime:
        youngest = timedelta(days=youngest_days, hours=YOUNGEST_HOURS)
        return self.now - youngest - (timedelta(days=oldest_days) - youngest) * self.drawn.random()

    # --- what else is known ---
    def _give_oddities(self, rows: list[Row]) -> None:
        uncalled = [row for row in rows if not row.history and row.lead.status == LeadStatus.NEW]
        without, several, first, second, *rest = uncalled
        without.lead.phone = ""
        self.change(without, LeadStatus.MISSING_DATA, self.now - timedelta(hours=1))
        several.phones = [
            LeadPhone(lead=several.lead, e164=self.numbers.next("london"), label="work"),
            LeadPhone(lead=several.lead, e164=self.numbers.next("sydney"), label="parents"),
        ]
        second.lead.phone, second.lead.last_name = first.lead.phone, first.lead.last_name
        for row, reason in zip(rest, people.LISTED_BY_HAND, strict=False):
            row.listed = reason
        for row in rest[-4:]:
            row.lead.campaign = self.company.campaigns["fair"]

    def _give_extras(self, rows: list[Row]) -> None:
        for row in rows:
            row.tags += self.drawn.sample(people.TAGS, self.drawn.choice((0, 0, 1, 1, 2)))
            if self.drawn.random() < 0.25:
                at = row.lead.created_at + (self.now - row.lead.created_at) * self.drawn.random()
                by = self.drawn.choice(self.company.sellers)
                note = Note(lead=row.lead, author=by, text=self.drawn.choice(people.NOTES), created_at=at)
                row.notes.append(note)

    # --- those who are there to try things with ---
    def _tests(self) -> Iterator[Row]:
        for first_name, last_name in people.TEST_LEADS:
            lead = self._plain("kitchens", first_name, last_name, self.numbers.next("415"))
            lead.is_test = True
            yield Row(lead)

    def _magic(self) -> Iterator[Row]:
        for ending, (first_name, outcome) in magic.LEADS.items():
            lead = self._plain("night", first_name, f"{outcome} · {ending}", magic.PREFIX + ending)
            lead.city, lead.state, lead.country = "San Francisco", "CA", "US"
            yield Row(lead, tags=[magic.TAG])
        for ready in magic.READY:
            lead = self._plain("night", ready.first_name, f"Qualified · {magic.READY_ENDING}", ready.phone)
            lead.timezone = ready.zone
            lead.timezone_source = TimezoneSource.USER_INPUT if ready.zone else ""
            yield Row(lead, tags=[magic.TAG])

    def _plain(self, campaign: str, first_name: str, last_name: str, phone: str) -> Lead:
        return Lead(
            workspace=self.company.workspace,
            campaign=self.company.campaigns[campaign],
            first_name=first_name,
            last_name=last_name,
            email=f"{first_name}.{phone[-7:]}@example.com".lower(),
            phone=phone,
            source="sandbox",
            created_at=self.now - timedelta(hours=YOUNGEST_HOURS),
        )


def store(rows: list[Row], workspace: Workspace) -> None:
    for row in rows:
        happened = [row.lead.created_at, *(change.at for change in row.changes), *(n.created_at for n in row.notes)]
        row.lead.updated_at = max(happened)
    Lead.objects.bulk_create(row.lead for row in rows)
    LeadPhone.objects.bulk_create(phone for row in rows for phone in row.phones)
    Note.objects.bulk_create(note for row in rows for note in row.notes)
    StatusChange.objects.bulk_create(change for row in rows for change in row.changes)
    _store_tags(rows, workspace)
    DoNotCall.objects.bulk_create(_listed(row, workspace) for row in rows if row.listed)


def _listed(row: Row, workspace: Workspace) -> DoNotCall:
    where = {"workspace": workspace, "channel": Channel.PHONE, "address": row.lead.phone}
    return DoNotCall(**where, reason=row.listed, source="manual", created_at=row.lead.created_at)


def _store_tags(rows: list[Row], workspace: Workspace) -> None:
    tags = {name: Tag(workspace=workspace, name=name) for row in rows for name in row.tags}
    Tag.objects.bulk_create(tags.values())
    through = Lead.tags.through
    through.objects.bulk_create(through(lead_id=row.lead.pk, tag_id=tags[name].pk) for row in rows for name in row.tags)
