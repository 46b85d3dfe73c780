"""A campaign's dialer as it is now: what its page and the API show while it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import IntegerField, Q, QuerySet, Subquery

from accounts.services import are_calls_stopped
from calls.dispatch.lines import BY_DIALER
from calls.gate.facts import day_of
from calls.models import DialerEntry, DialerState, Dispatch, Interaction
from campaigns.models import Campaign
from common import clock

MOST_COUNTED = 10_000
State, Lane = DialerEntry.State, DialerEntry.Lane


@dataclass(frozen=True)
class Count:
    """Counted up to a limit: a number of all rows would cost more than it says."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''}"

    def plus(self, other: Count) -> Count:
        return Count(self.number + other.number, self.is_more or other.is_more)


@dataclass(frozen=True)
class Live:
    state: str
    """off, on or paused; a campaign that is not active dials nobody whatever it says."""
    held_why: str
    held_text: str
    """Why nobody is dialed although somebody is due; empty while it dials or nobody is due."""
    queued: int
    ringing: int
    talking: int
    waiting: Count
    """For a time that has not come: without those who are due."""
    due: Count
    parked: Count
    """Waiting without a time: status left out, waiting for approval, no zone."""
    done: Count
    next_at: datetime | None
    """When the next one is due."""
    started_last_minute: int
    """This and what the other limits of the campaign count are calls of the dialer and first calls of new leads."""
    calls_per_minute: int | None
    counted_now: int
    """Queued ones among them."""
    concurrency: int | None
    counted_today: int
    daily_cap: int | None
    placed_today: int
    """This and what follows, like the calls under way, are all calls of the campaign."""
    answered_today: int
    reached_today: int

    @property
    def on_the_line(self) -> int:
        return self.ringing + self.talking

    @property
    def in_flight(self) -> int:
        return self.queued + self.on_the_line

    @property
    def answer_rate(self) -> int | None:
        """In per cent; None before the first call of the day."""
        return round(self.answered_today / self.placed_today * 100) if self.placed_today else None


class _CountUpTo(Subquery):
    """How many rows a sliced query finds."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def live_of(campaign: Campaign) -> Live:
    entries = _entries(campaign)
    calls: dict[str, Any] = _calls(campaign)
    held_why, held_text = held_of(campaign) if entries["due"].number else ("", "")
    return Live(
        state=campaign.dialer,
        held_why=held_why,
        held_text=held_text,
        **entries,
        **calls,
        calls_per_minute=campaign.calls_per_minute,
        concurrency=campaign.dialer_concurrency,
        daily_cap=campaign.daily_cap,
    )


def in_lane(campaign: Campaign, lane: int) -> QuerySet[DialerEntry]:
    """Lane by lane the index finds them: asked across lanes it would be read from end to end."""
    return DialerEntry.objects.filter(campaign=campaign, lane=lane, state=State.WAITING)


WAITING_AS = {"due": "due_at__lte", "waiting": "due_at__gt", "parked": "due_at__isnull"}


def _entries(campaign: Campaign) -> dict[str, Any]:
    """One query of limited counts."""
    now = clock.now()
    asked: dict[str, Any] = {"n_done": _up_to_limit(_done(campaign), "-updated_at", "-id")}
    for lane in Lane:
        rows = in_lane(campaign, lane)
        for name, condition in WAITING_AS.items():
            asked[f"{name}_{lane}"] = _up_to_limit(rows.filter(**{condition: name == "parked" or now}), "due_at", "id")
        timed = rows.filter(due_at__isnull=False).order_by("due_at")
        asked[f"next_{lane}"] = Subquery(timed.values("due_at")[:1])
    found: Any = Campaign.objects.filter(pk=campaign.pk).values(**asked).get()
    counts = {name: _count(*(found[f"{name}_{lane}"] for lane in Lane)) for name in WAITING_AS}
    times = [found[f"next_{lane}"] for lane in Lane if found[f"next_{lane}"]]
    return {**counts, "done": _count(found["n_done"]), "next_at": min(times, default=None)}


def _up_to_limit(rows: QuerySet[DialerEntry], *order: str) -> _CountUpTo:
    """In the order of their index: without one PostgreSQL may look for them from the beginning of the table."""
    return _CountUpTo(rows.order_by(*order).values("pk")[: MOST_COUNTED + 1])


def _done(campaign: Campaign) -> QuerySet[DialerEntry]:
    return DialerEntry.objects.filter(campaign=campaign, state=State.DONE)


def _count(*numbers: int) -> Count:
    return Count(min(sum(numbers), MOST_COUNTED), sum(numbers) > MOST_COUNTED)


def _calls(campaign: Campaign) -> dict[str, int]:
    """Under way, in the last minute (of real time, as the pace is), and today: two queries, each by its index."""
    placed, by_dialer = Q(dispatch=Dispatch.PLACED), Q(origin__in=BY_DIALER)
    live = Interaction.objects.live().filter(campaign=campaign).order_by()
    under_way = live.aggregate(
        queued=CountOf("pk", filter=~placed),
        ringing=CountOf("pk", filter=placed & Q(answered_at=None)),
        talking=CountOf("pk", filter=placed & Q(answered_at__isnull=False)),
        counted_now=CountOf("pk", filter=by_dialer),
        has_line=CountOf("pk", filter=by_dialer & Q(placed_at=None, line_at__isnull=False)),
    )
    begins, _ = day_of(campaign.workspace)
    a_minute_ago = clock.business_time(clock.real_now() - timedelta(minutes=1))
    made = Interaction.objects.filter(campaign=campaign, placed_at__gte=min(begins, a_minute_ago)).order_by()
    today = Q(placed_at__gte=begins)
    counted: dict[str, int] = made.aggregate(
        started_last_minute=CountOf("pk", filter=by_dialer & Q(placed_at__gte=a_minute_ago)),
        counted_today=CountOf("pk", filter=by_dialer & today),
        placed_today=CountOf("pk", filter=today),
        answered_today=CountOf("pk", filter=today & Q(answered_at__isnull=False)),
        reached_today=CountOf("pk", filter=today & Q(spoken_to=True)),
    )
    # One that has its line counts for the day from then on.
    counted["counted_today"] += under_way.pop("has_line")
    return under_way | counted


def held_of(campaign: Campaign) -> tuple[str, str]:
    """Why whoever is due is not called, as a code and for people; empty where nothing holds it."""
    if campaign.dialer == Campaign.Dialer.PAUSED:
        return "DIALER_NOT_ON", "The auto-dialer is paused: it dials nobody until somebody resumes it."
    if campaign.status != Campaign.Status.ACTIVE:
        return "CAMPAIGN_INACTIVE", f"The campaign is {campaign.get_status_display().lower()}: launch it first."
    if are_calls_stopped(campaign.workspace_id):
        return "CALLS_STOPPED", "All calls are stopped by the stop switch."
    state = DialerState.objects.filter(campaign=campaign).first()
    return (state.held_why, state.held_text) if state else ("", "")


def is_due(entry: DialerEntry | None) -> bool:
    """Its time has come, and it waits for its call."""
    return bool(entry and entry.state == State.WAITING and entry.due_at and entry.due_at <= clock.now())
