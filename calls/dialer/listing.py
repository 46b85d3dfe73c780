"""The leads of a campaign's dialer, page by page, each page at the same cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Q, QuerySet

from calls.dialer.figures import in_lane
from calls.models import DialerEntry, Interaction
from campaigns.models import Campaign
from common.paging import page_of

State, Lane = DialerEntry.State, DialerEntry.Lane
WAITING, CALLING, PARKED, DONE = "waiting", "calling", "parked", "done"
SHOWS = {WAITING: "Waiting", CALLING: "Being called", PARKED: "Parked", DONE: "Done"}


@dataclass(frozen=True)
class Entries:
    rows: list[DialerEntry]
    after: str = ""
    """The cursor of the next page; empty at the end."""


def entries_of(campaign: Campaign, show: str, *, after: str = "", size: int) -> Entries:
    if show in (WAITING, PARKED):
        return _across_lanes(campaign, is_timed=show == WAITING, after=after, size=size)
    rows = _with_shown(DialerEntry.objects.filter(campaign=campaign, state=show))
    page = page_of(rows, order=("-updated_at", "-id"), after=after, size=size)
    return Entries(page.rows, page.after)


def attempts_of(campaign: Campaign, entries: Sequence[DialerEntry]) -> dict[int, int]:
    """By the lead's id."""
    calls = Interaction.objects.attempts().filter(campaign=campaign, lead__in=[entry.lead_id for entry in entries])
    return dict(calls.order_by().values_list("lead").annotate(Count("pk")))


def _with_shown(rows: QuerySet[DialerEntry]) -> QuerySet[DialerEntry]:
    return rows.select_related("lead", "interaction")


def _across_lanes(campaign: Campaign, *, is_timed: bool, after: str, size: int) -> Entries:
    """The soonest of each lane, merged: the index gives that order within a lane only."""
    beyond = _beyond(after, is_timed=is_timed)
    found: list[DialerEntry] = []
    for lane in Lane:
        rows = _with_shown(in_lane(campaign, lane)).filter(beyond, due_at__isnull=not is_timed)
        found += rows.order_by("due_at", "id")[: size + 1]
    found.sort(key=_place)
    return Entries(found[:size], _cursor(found[size - 1]) if len(found) > size else "")


def _place(entry: DialerEntry) -> tuple[datetime, int]:
    return entry.due_at or datetime.min.replace(tzinfo=UTC), entry.pk


def _cursor(entry: DialerEntry) -> str:
    return f"{entry.due_at.isoformat() if entry.due_at else ''}_{entry.pk}"


def _beyond(cursor: str, *, is_timed: bool) -> Q:
    """An unreadable cursor is the first page."""
    moment, _, pk = cursor.rpartition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return Q()
    if not is_timed:
        return Q(pk__gt=int(pk))
    try:
        due_at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return Q()
    return Q(due_at__gte=due_at) & (Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=int(pk)))
