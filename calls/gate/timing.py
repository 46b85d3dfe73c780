"""When may this number of this lead be called next? Pure: rules, history and a moment in, a moment out. The gate, the
dialer, the API and the pages ask here; pace and caps of lines are no matter of time and stand with tick and claim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calls.gate.hours import Opening, next_open
from common.hours import WeeklyHours, Window, place, span_text

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
    timing: Timing,
    now: datetime,
    *,
    not_before: datetime | None = None,
    part: str = "",
    zones: tuple[str, ...] = (),
    part_within: timedelta = PREFERENCE_HOLDS,
) -> datetime | None:
    """The earliest allowed moment from now on, and from `not_before` on. One in the preferred part of the day, in all
    the lead's zones, is taken where there is one within three days of it. None: there is no such moment."""
    limits = (not_before, after_gap(timing), after_day_limit(timing), timing.number_free_at)
    start = max([now, *(limit for limit in limits if limit)])
    if not timing.openings:
        return None
    earliest = next_open(start, timing.openings)
    if not part or earliest is None or part_within <= timedelta():
        return earliest
    return next_open(earliest, timing.openings + part_openings(part, zones), within=part_within) or earliest


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


def why_then(
    timing: Timing,
    now: datetime,
    at: datetime | None,
    *,
    not_before: datetime | None = None,
    is_callback: bool = False,
    wait: tuple[str, str] | None = None,
    part: str = "",
    zones: tuple[str, ...] = (),
) -> tuple[str, str]:
    """Which rule made `at`, the answer of `next_call_time` to the same question, and what people are told of it.
    `wait` is what `not_before` stands for, where it is neither the lead's wish nor the sequence's."""
    if at is None:
        return "NO_TIME", why_never(timing)
    if at <= now:
        return "DUE", "It may be called now."
    limits = _limits(timing, not_before, is_callback, wait)
    start, code, text = max(limits, key=lambda limit: limit[0], default=(now, "", ""))
    earliest = next_open(max(now, start), timing.openings) if part else at
    if earliest and earliest < at:
        return "PREFERRED_PART", f"The sequence prefers the {part}."
    if start <= now or next_open(now, timing.openings) == at:
        return "OPERATING_HOURS", f"{_after_holidays(timing, now, at)}The calling hours begin at this time."
    if at == start:
        return code, text
    return code, f"{text} {_after_holidays(timing, start, at)}The next calling hours after that begin at this time."


def _after_holidays(timing: Timing, start: datetime, at: datetime) -> str:
    """Where only a holiday keeps it from an earlier time."""
    without = tuple(replace(opening, holidays=frozenset()) for opening in timing.openings)
    earliest = next_open(start, without)
    return "A holiday is in between. " if earliest and earliest < at else ""


def why_never(timing: Timing) -> str:
    """Why there is no moment at which the openings let a call through."""
    if not timing.openings:
        return "It is not known in which time zone the number is: set the lead's time zone."
    if len(timing.openings) == 1:
        where = place(timing.openings[0].zone)
        return f"The campaign's calling hours and holidays leave no time to call in {where}: change them."
    where = all_zones(timing.openings)
    return f"The campaign's calling hours are never open at once in {where}: set the lead's time zone."


def all_zones(openings: tuple[Opening, ...]) -> str:
    count = "both" if len(openings) == 2 else f"all {len(openings)}"
    return f"{count} zones the lead may be in"


def _limits(
    timing: Timing, not_before: datetime | None, is_callback: bool, wait: tuple[str, str] | None
) -> list[tuple[datetime, str, str]]:
    """What holds a call back until when; of two that end together the first is named."""
    asked, waits = "The lead asked to be called then.", "This is how long to wait after the last call."
    gap = span_text(int(timing.min_gap.total_seconds() // 60))
    most = "once" if timing.max_per_day == 1 else f"{timing.max_per_day} times"
    limits = [
        (not_before, *(wait or (("CALLBACK", asked) if is_callback else ("RETRY_WAIT", waits)))),
        (after_gap(timing), "MIN_GAP", f"Between two calls there must be {gap}."),
        (after_day_limit(timing), "MAX_ATTEMPTS_PER_DAY", f"A lead may be called {most} within 24 hours."),
        (
            timing.number_free_at,
            "CALLER_NUMBER_DAILY_CAP",
            "The number to call from has made all the calls it may make today.",
        ),
    ]
    return [(until, code, text) for until, code, text in limits if until]
