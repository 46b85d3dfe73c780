"""What the page of a campaign's dialer shows: figures, calls under way, why nothing is dialed, outcomes over time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncDate, TruncHour
from django.urls import reverse

from calls.board import GROUPS
from calls.cards import PHASES
from calls.dialer.entries import entry_of
from calls.dialer.figures import Live, held_of, is_due, live_of
from calls.dialer.listing import SHOWS, attempts_of, entries_of
from calls.figures import calls_of_last_days
from calls.models import DialerEntry, Dispatch, Interaction, Status
from campaigns.models import Campaign
from common import clock
from common.charts import Column, Segment, stack
from leads.models import Approval, Lead
from leads.queries import zones_of

DAYS = 14
LEAST_HOURS = 8
LIVE_SHOWN = 30
ROWS = 50
DAYS_KEPT_SECONDS = 60
# Waiting for its own pace is dialing.
AT_WORK = ("PACE",)
# With these a lead is called in moments: for it alone that is no stop.
SOON_OVER = ("PACE", "WAITING_FOR_LINE")


@dataclass(frozen=True)
class LiveCall:
    call: Interaction
    zone: str

    @property
    def phase_label(self) -> str:
        return "Dialling" if self.call.dispatch == Dispatch.PLACING else PHASES[self.call.phase]

    @property
    def since(self) -> datetime:
        return self.call.answered_at or self.call.placed_at or self.call.created_at


@dataclass(frozen=True)
class Meter:
    label: str
    number: int
    most: int | None

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.number >= self.most


@dataclass(frozen=True)
class Chart:
    columns: list[Column]

    @property
    def total(self) -> int:
        return sum(column.total for column in self.columns)

    @property
    def legend(self) -> list[Segment]:
        """The colours that occur, with how often."""
        found: dict[str, Segment] = {}
        for part in (part for column in self.columns for part in column.segments if part.count):
            before = found[part.family].count if part.family in found else 0
            found[part.family] = Segment(part.family, part.label, before + part.count)
        return list(found.values())


@dataclass(frozen=True)
class Situation:
    """What it does, why it does nothing else, and how that is to be taken: go, wait, stop or off."""

    live: Live
    headline: str
    reason: str
    tone: str


@dataclass(frozen=True)
class Board(Situation):
    """What changes while somebody looks on."""

    calls: list[LiveCall]
    more_calls: int
    meters: list[Meter]
    today: Chart
    days: Chart
    version: str


def board_of(campaign: Campaign) -> Board:
    situation = situation_of(campaign)
    live, calls = situation.live, _live_calls(campaign)
    hours, days = today_of(campaign), days_of(campaign)
    today = clock.now().astimezone(ZoneInfo(campaign.workspace.timezone)).date()
    phases = [(row.call.pk, row.phase_label) for row in calls]
    words = [column.words for column in (*hours.columns, *days.columns)]
    return Board(
        **vars(situation),
        calls=calls,
        more_calls=live.in_flight - len(calls),
        meters=[
            Meter("Started in the last minute", live.started_last_minute, live.calls_per_minute),
            Meter("Under way or about to be dialed", live.counted_now, live.concurrency),
            Meter("Made today", live.counted_today, live.daily_cap),
        ],
        today=hours,
        days=days,
        version=_digest(situation, campaign.status, phases, words, today),
    )


def _digest(*seen: object) -> str:
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def situation_of(campaign: Campaign) -> Situation:
    live = live_of(campaign)
    return Situation(live, *_told(campaign, live))


def _told(campaign: Campaign, live: Live) -> tuple[str, str, str]:
    calls_first = campaign.first_action == Campaign.FirstAction.VOICE_AI
    if live.state == Campaign.Dialer.OFF and calls_first:
        return "Off", "Only leads that come in for the first time are called, and nobody a second time.", "off"
    if live.state == Campaign.Dialer.OFF:
        return "Off", "It calls nobody by itself. Start it, then send leads to it.", "off"
    if live.state == Campaign.Dialer.PAUSED:
        return "Paused", "Nobody is dialed. The list stays as it is, and calls on the line finish.", "wait"
    if campaign.status != Campaign.Status.ACTIVE:
        return "Held", f"The campaign is {campaign.get_status_display().lower()}: launch it first.", "stop"
    if live.held_why and live.held_why not in AT_WORK and not live.on_the_line:
        return "Held", live.held_text, "stop"
    if live.due.number or live.in_flight:
        return "Dialing", live.held_text, "go"
    if live.waiting.number:
        return "Waiting", "Nobody is due at this moment.", "wait"
    if live.parked.number:
        return "Waiting", "Nobody has a time: see the parked ones for why.", "wait"
    return "Nobody to call", "The list is empty: send leads to it.", "off"


def _live_calls(campaign: Campaign) -> list[LiveCall]:
    """Who talks first, then who rings, then who waits."""
    live = Interaction.objects.live().filter(campaign=campaign).select_related("lead", "agent")
    rows = sorted(live.order_by("id")[: 4 * LIVE_SHOWN], key=_phase_first)[:LIVE_SHOWN]
    return [LiveCall(call, next(iter(zones_of(call.lead)), "UTC")) for call in rows]


def _phase_first(call: Interaction) -> tuple[int, int]:
    return ["in_progress", "ringing", "queued"].index(call.phase), call.pk


def today_of(campaign: Campaign) -> Chart:
    """Hour by hour, from the first call on."""
    zone = ZoneInfo(campaign.workspace.timezone)
    now = clock.now().astimezone(zone)
    found = _counts(campaign, 1, TruncHour("created_at", tzinfo=zone))
    counts: dict[tuple[Any, str], int] = {}
    for (moment, status), count in found.items():
        counts[moment.hour, status] = counts.get((moment.hour, status), 0) + count
    first = min((hour for hour, _ in counts), default=now.hour)
    first = min(first, 24 - LEAST_HOURS)
    hours = range(first, max(now.hour + 1, first + LEAST_HOURS))
    return _chart(counts, hours, lambda hour: f"{hour:02}", lambda hour: _link(campaign, now.date(), hour))


def days_of(campaign: Campaign) -> Chart:
    """The days before today are kept for a while: they change seldom, and counting them costs most."""
    zone = ZoneInfo(campaign.workspace.timezone)
    today = clock.now().astimezone(zone).date()
    key = f"dialer-days:{campaign.pk}:{today}"
    counts: dict[tuple[Any, str], int] | None = cache.get(key)
    by_day = TruncDate("created_at", tzinfo=zone)
    if counts is None:
        counts = _counts(campaign, DAYS, by_day)
        cache.set(key, counts, DAYS_KEPT_SECONDS)
    before = {(day, status): count for (day, status), count in counts.items() if day != today}
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    now = before | _counts(campaign, 1, by_day)
    return _chart(now, days, lambda day: f"{day:%a} {day.day}", lambda day: _link(campaign, day))


def _counts(campaign: Campaign, days: int, period: Any) -> dict[tuple[Any, str], int]:
    calls = calls_of_last_days(campaign.workspace, days=days).filter(campaign=campaign).order_by()
    rows = calls.annotate(period=period).values_list("period", "status").annotate(count=Count("pk"))
    return {(at, status): count for at, status, count in rows}


def _chart(
    counts: dict[tuple[Any, str], int], periods: Iterable[Any], label: Callable[[Any], str], url: Callable[[Any], str]
) -> Chart:
    columns = [
        Column(
            label(period),
            url(period),
            tuple(
                Segment(family, words, sum(counts.get((period, status), 0) for status in statuses))
                for family, words, statuses in GROUPS
            ),
        )
        for period in periods
    ]
    return Chart(stack(columns))


def _link(campaign: Campaign, day: date, hour: int | None = None) -> str:
    asked = {"campaign": campaign.code, "from": day.isoformat(), "to": day.isoformat()}
    return f"{reverse('conversation_list')}?{urlencode(asked | ({'hour': hour} if hour is not None else {}))}"


@dataclass(frozen=True)
class EntryRow:
    entry: DialerEntry
    zone: str
    attempts: int
    held_why: str = ""
    held_text: str = ""
    """Why nobody who is due is called."""

    @property
    def is_due(self) -> bool:
        return is_due(self.entry)

    @property
    def why(self) -> str:
        return (self.is_due and self.held_text) or self.entry.why_text

    @property
    def is_held(self) -> bool:
        return self.is_due and bool(self.held_why) and self.held_why not in SOON_OVER

    @property
    def may_be_sent(self) -> bool:
        campaign, lead = self.entry.campaign_id, self.entry.lead
        return self.entry.state == DialerEntry.State.DONE and lead.campaign_id == campaign and not _undecided(lead)

    @property
    def outcome(self) -> str:
        """Of the lead's newest call that is over."""
        return str(Status(self.entry.lead.last_outcome).label) if self.entry.lead.last_outcome else ""


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    count: str
    is_current: bool


@dataclass(frozen=True)
class EntryList:
    show: str
    rows: list[EntryRow]
    tabs: list[Tab]
    next_url: str
    first_url: str

    @property
    def version(self) -> str:
        rows = [
            (row.entry.pk, row.entry.state, row.entry.due_at, row.is_held, row.why, row.attempts) for row in self.rows
        ]
        return hashlib.sha256(repr((rows, self.tabs, self.next_url)).encode()).hexdigest()[:16]


def entry_list(campaign: Campaign, live: Live, *, show: str, after: str) -> EntryList:
    page = entries_of(campaign, show, after=after, size=ROWS)
    attempts = attempts_of(campaign, page.rows)
    counts = {
        "waiting": str(live.waiting.plus(live.due)),
        "parked": str(live.parked),
        "calling": f"{campaign.dialer_entries.filter(state=DialerEntry.State.CALLING).count():,}",
        "done": str(live.done),
    }
    return EntryList(
        show=show,
        rows=[
            EntryRow(
                entry,
                next(iter(zones_of(entry.lead)), "UTC"),
                attempts.get(entry.lead_id, 0),
                live.held_why,
                live.held_text,
            )
            for entry in page.rows
        ],
        tabs=[Tab(label, f"?show={name}", counts[name], name == show) for name, label in SHOWS.items()],
        next_url=f"?{urlencode({'show': show, 'after': page.after})}" if page.after else "",
        first_url=f"?show={show}" if after else "",
    )


@dataclass(frozen=True)
class LeadBox:
    """A lead in its campaign's dialer, or not."""

    entry: DialerEntry | None
    dialer: str
    held_why: str = ""
    held_text: str = ""
    """Why it is not called although it is due."""
    undecided: str = ""
    """Why it cannot be sent before somebody decides on its approval."""

    @property
    def is_held(self) -> bool:
        return bool(self.held_why) and self.held_why not in SOON_OVER

    @property
    def may_be_sent(self) -> bool:
        return self.dialer != Campaign.Dialer.OFF and not self.is_in and not self.undecided

    @property
    def is_in(self) -> bool:
        return self.entry is not None and self.entry.state != DialerEntry.State.DONE

    @property
    def version(self) -> str:
        entry = self.entry
        at = entry.due_at if entry and not self.is_due else None
        said = (self.is_due, self.held_text, self.undecided)
        return _digest(self.dialer, said, at, entry and (entry.state, entry.why_text))

    @property
    def is_due(self) -> bool:
        return is_due(self.entry)


def lead_box(lead: Lead) -> LeadBox:
    entry, campaign = entry_of(lead), lead.campaign
    held = held_of(campaign) if is_due(entry) else ("", "")
    return LeadBox(entry, campaign.dialer, *held, _undecided(lead))


def _undecided(lead: Lead) -> str:
    return {
        str(Approval.PENDING): "It waits for approval: once it is approved, it can be sent.",
        str(Approval.REJECTED): "It was rejected: only when it is approved after all, it can be sent.",
    }.get(lead.approval_status, "")
