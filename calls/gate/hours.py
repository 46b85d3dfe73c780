"""When weekly hours are open in every one of several zones. Exact over time changes: each window is cut out of the real
line of time, segment by segment of constant offset, never computed by adding hours to a wall clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.hours import Holidays, WeeklyHours, is_holiday

HORIZON_DAYS = 15
LONGEST_HORIZON_DAYS = 400
Interval = tuple[datetime, datetime]
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Opening:
    """When one rule lets calls through: its weekly hours as one zone's clocks show them, without its holidays."""

    hours: WeeklyHours
    zone: str
    holidays: Holidays = frozenset()


def next_open(start: datetime, openings: tuple[Opening, ...]) -> datetime | None:
    """The earliest moment from `start` on at which all are open; None where they are never open together."""
    moment = start
    until = start + timedelta(days=_horizon(openings))
    while moment < until:
        later = max((_next_open_in(moment, opening, until) or until) for opening in openings)
        if later == moment:
            return moment
        moment = later
    return None


def _horizon(openings: tuple[Opening, ...]) -> int:
    """Every holiday may close the one day of its week that was open."""
    days = HORIZON_DAYS + 7 * max(len(opening.holidays) for opening in openings)
    return min(days, LONGEST_HORIZON_DAYS)


def _next_open_in(moment: datetime, opening: Opening, until: datetime) -> datetime | None:
    day = moment.astimezone(ZoneInfo(opening.zone)).date() - _DAY
    last = until.astimezone(ZoneInfo(opening.zone)).date()
    while day <= last:
        if not is_holiday(day, opening.holidays):
            for opens, closes in _open_intervals(day, opening.hours, opening.zone):
                if moment < closes:
                    return max(moment, opens)
        day += _DAY
    return None


@lru_cache(maxsize=4096)
def _open_intervals(day: date, hours: WeeklyHours, zone: str) -> tuple[Interval, ...]:
    """The stretches of real time in which the wall clock of this day stands inside a window, in order."""
    windows = hours[day.weekday()]
    intervals = []
    for begins, ends, utc_offset in _segments(day, ZoneInfo(zone)) if windows else ():
        midnight = datetime.combine(day, time(), tzinfo=UTC) - utc_offset
        for start, end in windows:
            opens = max(begins, midnight + start * _MINUTE)
            closes = min(ends, midnight + end * _MINUTE)
            if opens < closes:
                intervals.append((opens, closes))
    return tuple(sorted(intervals))


def _segments(day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The day cut where the zone's offset changes, each part with its offset."""
    begins, ends = _midnight(day, zone), _midnight(day + _DAY, zone)
    while begins < ends:
        offset = _offset(begins, zone)
        change = _next_change(begins, ends, zone)
        yield begins, change, offset
        begins = change


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day; where midnight is skipped, zoneinfo gives the moment of the skip."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _next_change(begins: datetime, ends: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `begins` with another offset, to the second; `ends` where there is none."""
    offset = _offset(begins, zone)
    if _offset(ends - timedelta(seconds=1), zone) == offset:
        return ends
    low, high = begins, ends
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
