"""Weekly hours as people write them: for each day a list of windows, "09:00" to "17:00"; "24:00" ends a day."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT_DAY_NAMES = tuple(name[:3] for name in DAY_NAMES)
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_WRITTEN_TIME = re.compile(r"(\d{1,2})(?:[:.h]?([0-5]\d)|h)?\s*(am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE)
_BETWEEN_TIMES = re.compile(r"\s*(?:[-‐‑‒–—−]|\bto\b|\buntil\b|\btill\b)\s*", re.IGNORECASE)
_BETWEEN_WINDOWS = re.compile(r"\s*(?:[,;/&+\n]|\band\b)\s*", re.IGNORECASE)
_CLOSED_WORDS = frozenset({"", "-", "–", "—", "closed", "none", "never", "off"})
_ALL_DAY_WORDS = frozenset({"always", "all day", "24h", "24 hours", "24/7", "open"})
_NOON, _DAY_END = 12 * 60, 24 * 60
_LONGEST_DAY = 120

Window = tuple[int, int]
WeeklyHours = tuple[tuple[Window, ...], ...]
# Days as 2026-12-25, or as 12-25 for every year.
Holidays = frozenset[str]
MOST_HOLIDAYS, LONGEST_HOLIDAY_NAME = 400, 80
_HOLIDAY = re.compile(r"(\d{4}-)?\d{2}-\d{2}")
CLOSED: WeeklyHours = ((),) * 7
# Files beside the zones that name none: what they say is that of the host, or nothing.
NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


@cache
def time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - NO_PLACES


def place(zone: str) -> str:
    """The city of a zone: America/New_York is New York."""
    return zone.rpartition("/")[2].replace("_", " ")


def validate_timezone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(f"“{name}” is not a time zone: write one like America/Chicago.")


def parse_holidays(value: Any) -> Holidays:
    """From [{"date": "2026-12-25", "name": "Christmas"}]; "12-25" comes again every year."""
    if not isinstance(value, list):
        raise ValidationError('Write the holidays as [{"date": "2026-12-25", "name": "Christmas"}].')
    if len(value) > MOST_HOLIDAYS:
        raise ValidationError(f"These are more than {MOST_HOLIDAYS} holidays: leave out those that are over.")
    return frozenset(_holiday(entry) for entry in value)


def _holiday(entry: Any) -> str:
    day = entry.get("date") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not set(entry) <= {"date", "name"} or not isinstance(entry.get("name", ""), str):
        raise ValidationError('A holiday is a date and a name: {"date": "2026-12-25", "name": "Christmas"}.')
    if len(entry.get("name", "")) > LONGEST_HOLIDAY_NAME:
        raise ValidationError(f"The name of a holiday has at most {LONGEST_HOLIDAY_NAME} characters.")
    try:
        if not isinstance(day, str) or not _HOLIDAY.fullmatch(day):
            raise ValueError
        date.fromisoformat(day if len(day) > 5 else f"2000-{day}")
    except ValueError:
        message = f"“{day}” is no date: write 2026-12-25, or 12-25 for every year."
        raise ValidationError(message) from None
    return day


def validate_holidays(value: Any) -> None:
    parse_holidays(value)


def holidays_or_none(value: Any) -> Holidays:
    """Holidays that cannot be read are none: the hours still hold."""
    try:
        return parse_holidays(value)
    except ValidationError:
        return frozenset()


def is_holiday(day: date, holidays: Holidays) -> bool:
    return bool(holidays) and (day.isoformat() in holidays or f"{day:%m-%d}" in holidays)


def parse_weekly_hours(value: Any) -> WeeklyHours:
    """Seven tuples of (start, end) in minutes of the day, Monday first. Raises ValidationError with a sentence."""
    if not isinstance(value, dict) or not set(value) <= set(DAYS):
        raise ValidationError('Write the hours as {"mon": [["09:00", "17:00"]], …} with the days mon to sun.')
    return tuple(_parse_day(DAY_NAMES[i], value.get(day, [])) for i, day in enumerate(DAYS))


def hours_or_closed(value: Any) -> WeeklyHours:
    """Hours that cannot be read are no hours."""
    try:
        return parse_weekly_hours(value)
    except ValidationError:
        return CLOSED


def validate_weekly_hours(value: Any) -> None:
    parse_weekly_hours(value)


def _parse_day(name: str, windows: Any) -> tuple[Window, ...]:
    if not isinstance(windows, list):
        raise ValidationError(f'{name}: write a list of windows, e.g. [["09:00", "17:00"]].')
    parsed = sorted(_parse_window(name, window) for window in windows)
    for (_, end), (start, _) in zip(parsed, parsed[1:], strict=False):
        if start < end:
            raise ValidationError(f"{name}: two windows overlap; join them into one.")
    return tuple(parsed)


def _parse_window(name: str, window: Any) -> Window:
    if not isinstance(window, list) or len(window) != 2:
        raise ValidationError(f"{name}: a window has a start and an end.")
    start, end = (_minutes(name, text) for text in window)
    if start >= end:
        raise ValidationError(f"{name}: {_backwards(start, end)}")
    return start, end


def _minutes(name: str, text: Any) -> int:
    if not isinstance(text, str) or not _CLOCK_TIME.fullmatch(text):
        raise ValidationError(f"{name}: “{text}” is not a time between 00:00 and 24:00.")
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def read_day(text: str) -> list[list[str]]:
    """The windows of one day as a person wrote them: 9-12, 13-18; 9am–5pm; closed. Raises with a sentence."""
    plain = " ".join(text.split()).lower()
    if plain in _CLOSED_WORDS:
        return []
    if plain in _ALL_DAY_WORDS:
        return [["00:00", "24:00"]]
    if len(plain) > _LONGEST_DAY:
        raise ValidationError("This is too long for one day: write 09:00–18:00, or closed.")
    windows = sorted(_read_window(part) for part in _BETWEEN_WINDOWS.split(plain) if part)
    for (start, end), following in zip(windows, windows[1:], strict=False):
        if following[0] < end:
            pair = f"{_window_text((start, end))} and {_window_text(following)}"
            raise ValidationError(f"{pair} overlap: join them into one.")
    return [[_clock(start), _clock(end)] for start, end in windows]


def _read_window(text: str) -> Window:
    parts = _BETWEEN_TIMES.split(text)
    times = [_WRITTEN_TIME.fullmatch(part) for part in parts]
    if len(parts) != 2 or not all(parts):
        raise ValidationError(f"“{text}” has no start and end: write 09:00–18:00, or closed.")
    for part, time in zip(parts, times, strict=True):
        if time is None:
            raise ValidationError(f"“{part}” is not a time: write 09:00–18:00, or closed.")
    begins, ends = (time for time in times if time)
    # Who closes at 0:00 means the end of the day; 0:00–0:00 may be all of it or nothing.
    end = _read_time(ends, ends[3]) or _DAY_END * bool(_read_time(begins, begins[3]))
    start = _read_start(begins, ends, end)
    if start >= end:
        raise ValidationError(_backwards(start, end))
    return start, end


def _read_start(begins: re.Match[str], ends: re.Match[str], end: int) -> int:
    """1-5pm begins at one in the afternoon: the shorter reading, which rings nobody at night."""
    if ends[3] and not begins[3] and int(begins[1]) <= 12:
        shared = _read_time(begins, ends[3])
        if shared < end:
            return shared
    return _read_time(begins, begins[3])


def _read_time(time: re.Match[str], half: str | None) -> int:
    hour, minute = int(time[1]), int(time[2] or 0)
    if half and not 1 <= hour <= 12:
        raise ValidationError(f"“{time[0].strip()}” is not a time: with am and pm the hours go from 1 to 12.")
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    minutes = hour * 60 + minute
    if minutes > _DAY_END:
        raise ValidationError(f"“{time[0].strip()}” is not a time between 00:00 and 24:00.")
    return minutes


def _backwards(start: int, end: int) -> str:
    if start == end:
        return f"{_clock(start)} is start and end at once: write 00:00–24:00 for the whole day, or closed."
    if not end:
        until = _window_text((start, _DAY_END))
        return f"{_window_text((start, end))} ends before it starts. Until midnight, write {until}."
    split = f"Over midnight, write {_window_text((start, _DAY_END))} here and {_window_text((0, end))} on the next day."
    afternoon = end + _NOON
    meant = f" In the afternoon, write {_window_text((start, afternoon))}." if start < afternoon < _DAY_END else ""
    return f"{_window_text((start, end))} ends before it starts.{meant} {split}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _window_text(window: Window) -> str:
    return f"{_clock(window[0])}–{_clock(window[1])}"


def day_text(windows: Iterable[Window]) -> str:
    """09:00–12:00, 13:00–18:00; nothing for a closed day."""
    return ", ".join(_window_text(window) for window in windows)


def week_text(hours: WeeklyHours) -> str:
    """The week in short words: days with the same hours are told together."""
    if not any(hours):
        return "Never"
    if all(day == ((0, _DAY_END),) for day in hours):
        return "Always"
    spans = [(day, list(indexes)) for day, indexes in groupby(range(7), key=lambda index: hours[index]) if day]
    return "; ".join(f"{_span_text(indexes)} {day_text(day)}" for day, indexes in spans)


def _span_text(indexes: list[int]) -> str:
    if len(indexes) == 7:
        return "Daily"
    first, last = SHORT_DAY_NAMES[indexes[0]], SHORT_DAY_NAMES[indexes[-1]]
    return first if len(indexes) == 1 else f"{first}–{last}"


def span_text(minutes: int) -> str:
    """In the largest unit that is whole: 4 hours, 90 minutes, 2 days."""
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes and minutes % size == 0:
            return _counted(minutes // size, unit)
    return _counted(minutes, "minute")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
