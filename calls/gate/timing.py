"""When may this number of this lead be called next? Pure: rules, history and a moment in, a moment out. The gate, the
dialer, the API and the pages ask here; pace and caps of lines are no matter of time and stand with tick and claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.gate.hours import Opening, next_open
from common.hours import WeeklyHours, Window

DAY = timedelta(hours=24)
# How much later than the earliest time a preferred part of the day may be.
PREFERENCE_HOLDS = timedelta(days=3)
PARTS: dict[str, Window] = {"morning": (0, 12 * 60), "afternoon": (12 * 60, 17 * 60), "evening": (17 * 60, 24 * 60)}


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Everything that decides on the time."""

    openings: tuple[Opening, ...]
    """All of them must be open. None: it is not known when, and never may be called."""
    last_call_at: datetime | None = None
    """To the lead or to the number, in whichever campaign."""
    min_gap: timedelta = timedelta()
    attempts: tuple[datetime, ...] = ()
    """Of this campaign, in any order."""
    max_per_day: int | None = None
    number_free_at: datetime | None = None
    """Where the caller number has made all the calls it may make in a day: when the next day begins."""


def next_call_time(
    timing: Timing, now: datetime, *, not_before: datetime | None = None, part: str = "", zones: tuple[str, ...] = ()
) -> datetime | None:
    """The earliest allowed moment from now on, and from `not_before` on. One in the preferred part of the day, in all
    the lead's zones, is taken where there is one within three days of it. None: there is no such moment."""
    limits = (not_before, after_gap(timing), after_day_limit(timing), timing.number_free_at)
    start = max([now, *(limit for limit in limits if limit)])
    if not timing.openings:
        return None
    earliest = next_open(start, timing.openings)
    if not part or earliest is None:
        return earliest
    preferred = next_open(start, timing.openings + part_openings(part, zones))
    return preferred if preferred and preferred - earliest <= PREFERENCE_HOLDS else earliest


def part_openings(part: str, zones: tuple[str, ...]) -> tuple[Opening, ...]:
    daily: WeeklyHours = ((PARTS[part],),) * 7
    return tuple(Opening(daily, zone) for zone in zones)


def after_gap(timing: Timing) -> datetime | None:
    return timing.last_call_at + timing.min_gap if timing.last_call_at else None


def after_day_limit(timing: Timing) -> datetime | None:
    """In any 24 hours, not from midnight to midnight: when the oldest of as many as are allowed is a day old."""
    if not timing.max_per_day or len(timing.attempts) < timing.max_per_day:
        return None
    return sorted(timing.attempts, reverse=True)[timing.max_per_day - 1] + DAY
