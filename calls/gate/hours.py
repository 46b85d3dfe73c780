"""When weekly hours are open in every one of several zones. Exact over time changes: between two of them every zone's
clock runs evenly, so the weeks in which all are open repeat themselves; each such stretch is looked at by itself."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.hours import Holidays, WeeklyHours, is_holiday

# More than a year: hours that never meet in summer may meet in winter.
HORIZON = timedelta(days=400)
Interval = tuple[timedelta, timedelta]
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Opening:
    """When one rule lets calls through: its weekly hours as one zone's clocks show them, without its holidays."""

    hours: WeeklyHours
    zone: str
    holidays: Holidays = frozenset()


def next_open(start: datetime, openings: tuple[Opening, ...], *, within: timedelta = HORIZON) -> datetime | None:
    """The earliest moment from `start` on at which all are open; None where there is none."""
    moment = start.astimezone(UTC)
    until = moment + within
    while moment < until:
        offsets = tuple(_offset(moment, opening.zone) for opening in openings)
        ends = min((_next_change(moment, opening.zone) for opening in openings), default=until)
        if found := _next_open_before(min(ends, until), moment, openings, offsets):
            return found
        moment = ends
    return None


def _next_open_before(
    ends: datetime, moment: datetime, openings: tuple[Opening, ...], offsets: tuple[timedelta, ...]
) -> datetime | None:
    """Within a stretch of time in which no zone changes its offset."""
    intervals = _weekly_intervals(frozenset(zip((opening.hours for opening in openings), offsets, strict=True)))
    week = moment - (moment - _A_MONDAY) % _WEEK
    while intervals and week < ends:
        for opens, closes in intervals:
            at = max(moment, week + opens)
            if at < min(ends, week + closes):
                # No interval reaches over a midnight in any of the zones: what holds at `at` holds for all of it.
                moment = _after_holidays(at, openings, offsets)
                if moment == at:
                    return at
        week += _WEEK
    return None


def _after_holidays(moment: datetime, openings: tuple[Opening, ...], offsets: tuple[timedelta, ...]) -> datetime:
    """The next midnight of the zone where it is a holiday; the moment itself where it is none."""
    for opening, offset in zip(openings, offsets, strict=True):
        if opening.holidays and is_holiday(day := (moment + offset).date(), opening.holidays):
            return datetime.combine(day + _DAY, time(), tzinfo=UTC) - offset
    return moment


@lru_cache(maxsize=2048)
def _weekly_intervals(openings: frozenset[tuple[WeeklyHours, timedelta]]) -> tuple[Interval, ...]:
    """When all are open in a week that begins on Monday in UTC, in order."""
    common: list[Interval] = [(timedelta(), _WEEK)]
    for hours, offset in openings:
        common = _intersection(common, _in_utc(hours, offset))
    return tuple(common)


def _intersection(one: list[Interval], other: list[Interval]) -> list[Interval]:
    """Of two lists in order."""
    common, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        opens, closes = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if opens < closes:
            common.append((opens, closes))
        i, j = (i + 1, j) if one[i][1] < other[j][1] else (i, j + 1)
    return common


def _in_utc(hours: WeeklyHours, offset: timedelta) -> list[Interval]:
    """The windows of a week as clocks with this offset show them; one that begins in the week before comes again."""
    intervals = []
    for day, windows in enumerate(hours):
        for start, end in windows:
            opens = (day * _DAY + start * _MINUTE - offset) % _WEEK
            closes = opens + (end - start) * _MINUTE
            intervals += [(opens, closes), (opens - _WEEK, closes - _WEEK)]
    return sorted(intervals)


def _next_change(moment: datetime, zone: str) -> datetime:
    """The first moment after this one at which the zone's clocks change; the next year's beginning if none before."""
    changes = _changes(moment.year, zone)
    return changes[bisect_right(changes, moment)]


@lru_cache(maxsize=4096)
def _changes(year: int, zone: str) -> tuple[datetime, ...]:
    """To the second, with the year's end as the last."""
    day, ends, there = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    offset, changes = day.astimezone(there).utcoffset(), []
    while day < ends:
        following = (day + _DAY).astimezone(there).utcoffset()
        if following != offset:
            changes.append(_change_between(day, day + _DAY, zone))
        day, offset = day + _DAY, following
    return (*changes, ends)


def _change_between(low: datetime, high: datetime, zone: str) -> datetime:
    offset = _offset(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
