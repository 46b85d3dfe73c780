"""Fields of rules for calling, read as people write them and shown back in one writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
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
ONE_IN_A_LINE = (
    "one day, or one range with both years, stands in a line: 2026-12-25 Christmas, or 2026-12-24 - 2027-01-02 Closed."
)
LONGEST_RANGE = 60
_UNTIL = re.compile(r"\s*(?:[-‐‑‒–—−]|\b(?:to|until|till|through)\b)\s*")
_AND = re.compile(r"\s*(?:[-‐‑‒–—−/,;&+]|\b(?:to|until|till|through|and)\b)\s*")
_NUMBER = re.compile(r"(\d{1,4})(st|nd|rd|th)?(?!\w)")
_WORD = re.compile(r"\b\w")
# A year in which every day exists that may come again.
LEAP_YEAR = 2000


# What a limit says where zero, a minus or too much is written; which of them may be empty.
LIMITS = {
    "max_attempts": "Write at least 1: so often a lead is called at most, in all.",
    "max_attempts_per_day": "Write at least 1, or leave it empty: then only the gap limits them.",
    "dialer_concurrency": "Write at least 1, or leave it empty: then only the provider account limits it.",
    "calls_per_minute": "Write at least 1, or leave it empty: then only the provider account limits it.",
    "daily_cap": "Write at least 1, or leave it empty: then there is no limit.",
}
TOO_MUCH = "Write a smaller number: at most %(limit_value)s."


def say_limits(form: forms.BaseForm) -> None:
    """In place of Django's own sentences, which do not say what to do."""
    for name in LIMITS.keys() & form.fields.keys():
        field = form.fields[name]
        field.error_messages |= {"min_value": LIMITS[name], "invalid": LIMITS[name], "max_value": TOO_MUCH}
        field.widget.attrs["min"] = 1


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
    """One in a line, or a range of full dates, with the name behind. Raises with every line that is wrong."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            days, name = _read_line(line)
            if twice := sorted(found.keys() & set(days)):
                of_range = f" {twice[0]}" if len(days) > 1 else ""
                raise ValidationError(f"“{line[:60]}”: this day{of_range} stands there twice.")
            found |= dict.fromkeys(days, name)
        except ValidationError as error:
            wrong += error.messages
    if wrong:
        raise ValidationError(wrong[:5])
    return [{"date": day, "name": name} for day, name in found.items()]


@dataclass(frozen=True)
class _Day:
    """A date as it stands in a line; without a year it comes again every year."""

    day: date
    has_year: bool
    end: int
    """Where it ends in the line."""

    @property
    def text(self) -> str:
        return self.day.isoformat() if self.has_year else f"{self.day:%m-%d}"

    def is_same(self, other: _Day) -> bool:
        return self.text == other.text or f"{self.day:%m-%d}" == other.text


def _read_line(line: str) -> tuple[list[str], str]:
    """Days that have one name."""
    lower = line.lower()
    first = _day_at(lower, 0, line)
    if first is None:
        raise ValidationError(f"“{line[:60]}” does not begin with a date: {HOW_TO_WRITE_HOLIDAYS}")
    last = _last_day(lower, first, line)
    if _names_more(lower, last, line):
        raise ValidationError(f"“{line[:60]}”: {ONE_IN_A_LINE}")
    days = [first.text] if last is first else _days_between(first.day, last.day, line)
    return days, line[last.end :].strip(" \t,;:–—-")


def _day_at(lower: str, place: int, line: str) -> _Day | None:
    match = next((match for pattern in _HOLIDAYS if (match := pattern.match(lower, place))), None)
    month = _month(match) if match else None
    if match is None or month is None:
        return None
    try:
        written = date(int(match["year"] or LEAP_YEAR), month, int(match["day"]))
    except ValueError:
        how = f"{HOW_TO_WRITE_HOLIDAYS[0].upper()}{HOW_TO_WRITE_HOLIDAYS[1:]}"
        raise ValidationError(f"“{line[:60]}”: there is no such day. {how}") from None
    return _Day(written, bool(match["year"]), match.end())


def _last_day(lower: str, first: _Day, line: str) -> _Day:
    """Of a range: only with both years it is certain which days are meant."""
    until = _UNTIL.match(lower, first.end)
    last = _day_at(lower, until.end(), line) if until and first.has_year else None
    return last if last and last.has_year else first


def _names_more(lower: str, last: _Day, line: str) -> bool:
    """Whether what should be a name holds further days: 12-24/12-26, or 24-26 Dec. The same day, as in 07-04 4th of
    July, is a name."""
    also = _AND.match(lower, last.end)
    number = _NUMBER.match(lower, also.end()) if also else None
    others = list(_days_within(lower, last.end, line))
    # “- 26” is the end of a range; only “- 2nd day” of it is a name.
    if number and not others and not (number[2] and int(number[1]) <= last.day.day):
        return True
    return not all(last.is_same(other) for other in others)


def _days_within(lower: str, place: int, line: str) -> Iterator[_Day]:
    while word := _WORD.search(lower, place):
        found = _day_or_none(lower, word.start(), line)
        if found:
            yield found
        place = found.end if found else word.end()


def _day_or_none(lower: str, place: int, line: str) -> _Day | None:
    """In a name anything may look like a day that does not exist."""
    try:
        return _day_at(lower, place, line)
    except ValidationError:
        return None


def _days_between(first: date, last: date, line: str) -> list[str]:
    count = (last - first).days + 1
    if count < 1:
        raise ValidationError(f"“{line[:60]}” ends before it starts: write the earlier day first.")
    if count > LONGEST_RANGE:
        raise ValidationError(f"“{line[:60]}” has {count} days, and a range at most {LONGEST_RANGE}: write several.")
    return [(first + timedelta(days=passed)).isoformat() for passed in range(count)]


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
