"""Fields of rules for calling, read as people write them and shown back in one writing."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.hours import span_text

MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 7 * 1440}
LONGEST_SPAN = 525600
_SPAN = re.compile(
    r"(\d{1,6}(?:[.,]\d{1,2})?)\s*(m|h|d|w|mins?|minutes?|hrs?|hours?|days?|weeks?)\b\.?(?:\s*(?:,|and)\s*)?"
)
_HOURS_AND_MINUTES = re.compile(r"(\d{1,4})\s*h\s*([0-5]\d)")
HOW_TO_WRITE_SPANS = "write it with its unit, such as 30 min, 4 h or 2 days."

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# With slashes nobody can tell the day from the month, so they are asked for in another writing.
_HOLIDAYS = (
    re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\w)"),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?:\s?(?P<year>\d{4}))?(?!\w)"),
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:of\s+)?(?P<name>[a-z]{3,9})\b\.?(?:,?\s+(?P<year>\d{4}))?(?!\w)"
    ),
    re.compile(r"(?P<name>[a-z]{3,9})\b\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?(?!\w)"),
)
HOW_TO_WRITE_HOLIDAYS = "write 2026-12-25 Christmas, or 12-25 Christmas for every year."
# A year in which every day exists that may come again.
LEAP_YEAR = 2000


def read_span(text: str) -> int:
    """Minutes of 30 min, 4 h, 1.5 hours, 1h30, 2 days or 1 day 12 h. Raises with a sentence."""
    plain = " ".join(text.split()).lower()
    if plain in ("0", "none", "no"):
        return 0
    if both := _HOURS_AND_MINUTES.fullmatch(plain):
        minutes = float(both[1]) * 60 + int(both[2])
    else:
        minutes = sum(float(number.replace(",", ".")) * MINUTES[unit[0]] for number, unit in _parts(plain, text))
    if minutes > LONGEST_SPAN:
        raise ValidationError("This is more than a year: write less.")
    return round(minutes)


def _parts(plain: str, text: str) -> list[tuple[str, str]]:
    parts = _SPAN.findall(plain)
    if not parts or _SPAN.sub("", plain).strip():
        raise ValidationError(f"“{text.strip()[:40]}” is no length of time: {HOW_TO_WRITE_SPANS}")
    return parts


class SpanField(forms.Field):
    """A length of time, kept in minutes."""

    widget = forms.TextInput({"autocomplete": "off"})
    default_error_messages = {"required": f"Say how long: {HOW_TO_WRITE_SPANS}"}

    def to_python(self, value: Any) -> int | None:
        text = str(value if value is not None else "")
        return read_span(text) if text.strip() else None

    def prepare_value(self, value: Any) -> Any:
        return span_text(value) if isinstance(value, int) else value


def read_holidays(text: str) -> list[dict[str, str]]:
    """One in a line, its name behind the date. Raises with every line that is wrong."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            day, name = _read_holiday(line)
            if day in found:
                raise ValidationError(f"“{line[:60]}”: this day stands there twice.")
            found[day] = name
        except ValidationError as error:
            wrong += error.messages
    if wrong:
        raise ValidationError(wrong[:5])
    return [{"date": day, "name": name} for day, name in found.items()]


def _read_holiday(line: str) -> tuple[str, str]:
    lower = line.lower()
    match = next((match for pattern in _HOLIDAYS if (match := pattern.match(lower))), None)
    month = _month(match) if match else None
    if match is None or month is None:
        raise ValidationError(f"“{line[:60]}” does not begin with a date: {HOW_TO_WRITE_HOLIDAYS}")
    year, day = match["year"], int(match["day"])
    try:
        written = date(int(year or LEAP_YEAR), month, day)
    except ValueError:
        raise ValidationError(f"“{line[:60]}”: there is no such day. {HOW_TO_WRITE_HOLIDAYS.capitalize()}") from None
    return (written.isoformat() if year else f"{written:%m-%d}"), line[match.end() :].strip(" \t,;:–—-")


def _month(match: re.Match[str]) -> int | None:
    groups = match.groupdict()
    if "month" in groups:
        return int(groups["month"])
    return next((place for place, month in enumerate(MONTHS, 1) if month.startswith(groups["name"])), None)


def holidays_text(holidays: Any) -> str:
    rows = holidays if isinstance(holidays, list) else []
    days = [row for row in rows if isinstance(row, dict)]
    return "\n".join(f"{row.get('date', '')} {row.get('name', '')}".strip() for row in days)


class HolidaysField(forms.Field):
    widget = forms.Textarea({"rows": 4, "autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> list[dict[str, str]]:
        return read_holidays(str(value or ""))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else holidays_text(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return holidays_text(initial) != holidays_text(self.to_python(data))
        except ValidationError:
            return True
