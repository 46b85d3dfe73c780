"""Weekly hours as people write them: for each day a list of windows, "09:00" to "17:00"; "24:00" ends a day."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

Window = tuple[int, int]
WeeklyHours = tuple[tuple[Window, ...], ...]
CLOSED: WeeklyHours = ((),) * 7


@cache
def time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def validate_timezone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(f"“{name}” is not a time zone: write one like America/Chicago.")


def parse_weekly_hours(value: Any) -> WeeklyHours:
    """Seven tuples of (start, end) in minutes of the day, Monday first. Raises ValidationError with a sentence."""
    if not isinstance(value, dict) or not set(value) <= set(DAYS):
        raise ValidationError('Write the hours as {"mon": [["09:00", "17:00"]], …} with the days mon to sun.')
    return tuple(_parse_day(DAY_NAMES[i], value.get(day, [])) for i, day in enumerate(DAYS))


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
        raise ValidationError(f"{name}: {window[0]} to {window[1]} ends before it starts.")
    return start, end


def _minutes(name: str, text: Any) -> int:
    if not isinstance(text, str) or not _CLOCK_TIME.fullmatch(text):
        raise ValidationError(f"{name}: “{text}” is not a time between 00:00 and 24:00.")
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
