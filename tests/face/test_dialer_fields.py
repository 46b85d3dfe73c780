"""Lengths of time and holidays as people write them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from campaigns.forms.rules import holidays_text, read_holidays, read_span


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30 min", 30),
        ("30m", 30),
        ("45 minutes", 45),
        ("4 h", 240),
        ("4h", 240),
        ("1 hr", 60),
        ("1.5 hours", 90),
        ("1,5 h", 90),
        ("1h30", 90),
        ("1 h 30 min", 90),
        ("1 day, 12 h", 2160),
        ("1 day and 12 hours", 2160),
        ("2 days", 2880),
        ("1 week", 10080),
        ("  2   DAYS ", 2880),
        ("0", 0),
        ("none", 0),
        ("0 minutes", 0),
    ],
)
def test_a_length_of_time_is_read(text: str, minutes: int) -> None:
    assert read_span(text) == minutes


@pytest.mark.parametrize(
    "text", ["4", "soon", "4 x", "2 months", "-4 h", "4 h or so", "h", "٤ h x", "9999999 d", "1e3 h", "4 h 3"]
)
def test_what_is_no_length_of_time_says_how_to_write_it(text: str) -> None:
    with pytest.raises(ValidationError, match="with its unit"):
        read_span(text)


def test_more_than_a_year_is_told() -> None:
    with pytest.raises(ValidationError, match="more than a year"):
        read_span("366 days")


@pytest.mark.parametrize(
    ("line", "day", "name"),
    [
        ("2026-12-25 Christmas", "2026-12-25", "Christmas"),
        ("12-25 Christmas", "12-25", "Christmas"),
        ("12-25", "12-25", ""),
        ("1-6: Epiphany", "01-06", "Epiphany"),
        ("24 Dec", "12-24", ""),
        ("24 Dec Christmas Eve", "12-24", "Christmas Eve"),
        ("24th of December – Christmas Eve", "12-24", "Christmas Eve"),
        ("24. Dec. 2026 Eve", "2026-12-24", "Eve"),
        ("Dec 24, 2026 Eve", "2026-12-24", "Eve"),
        ("December 24th Eve", "12-24", "Eve"),
        ("24.12. Eve", "12-24", "Eve"),
        ("24.12.2026 Eve", "2026-12-24", "Eve"),
        ("29 Feb Leap day", "02-29", "Leap day"),
        ("May 1 Labour Day", "05-01", "Labour Day"),
        ("25 Dec 1st day of Christmas", "12-25", "1st day of Christmas"),
        ("12-26 - 2nd day of Christmas", "12-26", "2nd day of Christmas"),
        ("26.12. 2. Weihnachtstag", "12-26", "2. Weihnachtstag"),
        ("07-04 4th of July", "07-04", "4th of July"),
        ("2026-07-04 - 4th of July", "2026-07-04", "4th of July"),
        ("12-25 Christmas 2026", "12-25", "Christmas 2026"),
    ],
)
def test_a_holiday_is_read(line: str, day: str, name: str) -> None:
    assert read_holidays(f"\n  {line}\r\n\n") == [{"date": day, "name": name}]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Christmas", "does not begin with a date"),
        ("12/25 Christmas", "does not begin with a date"),
        ("24 Foo Eve", "does not begin with a date"),
        ("25-12 Christmas", "no such day"),
        ("2026-02-29 Leap day", "no such day"),
        ("30 Feb", "no such day"),
        ("0000-01-01 Nothing", "no such day"),
        ("99 Dec", "no such day"),
        ("30 Feb Nothing", "Write 2026-12-25 Christmas, or"),
        ("24 Dec - 2 Jan", "one range with both years"),
        ("24 Dec - 2 Jan 2027", "one range with both years"),
        ("2026-12-24 - 12-26", "one range with both years"),
        ("12-24, 12-25, 12-26", "one day, or one range"),
        ("12-24/12-26", "one day, or one range"),
        ("2026-12-24/2026-12-26", "one day, or one range"),
        ("2026-12-24 - 2026-12-26, 2026-12-28", "one day, or one range"),
        ("12-24 Eve; 12-26 Boxing Day", "one day, or one range"),
        ("Dec 24-26", "one day, or one range"),
        ("Dec 24th to 26th", "one day, or one range"),
        ("2026-12-30 - 2", "one day, or one range"),
        ("12-24 - 12/26", "one day, or one range"),
        ("12-24-2026", "one day, or one range"),
        ("2026-12-31 to 2026-12-24", "ends before it starts: write the earlier day first"),
        ("2026-12-24 - 2027-03-02", "has 69 days, and a range at most 60"),
        ("2026-02-20 - 2026-02-30", "no such day"),
    ],
)
def test_what_is_no_holiday_says_how_to_write_it(line: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        read_holidays(line)


@pytest.mark.parametrize(
    "line",
    [
        "2026-12-30 - 2027-01-02 Company closed",
        "2026-12-30 – 2027-01-02: Company closed",
        "2026-12-30 to 2027-01-02 Company closed",
        "30 Dec 2026 until 2 Jan 2027 - Company closed",
        "30.12.2026-2.1.2027 Company closed",
    ],
)
def test_a_range_is_each_of_its_days(line: str) -> None:
    days = ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]
    assert read_holidays(line) == [{"date": day, "name": "Company closed"} for day in days]


def test_a_day_of_a_range_that_stands_there_already_is_told_once() -> None:
    with pytest.raises(ValidationError, match="this day 2026-12-25 stands there twice") as told:
        read_holidays("2026-12-25 Christmas\n2026-12-26 Boxing Day\n2026-12-24 - 2026-12-27 Closed")
    assert len(told.value.messages) == 1
    assert len(read_holidays("2026-12-25 - 2026-12-25 Christmas")) == 1


def test_every_wrong_line_is_told_but_not_without_end() -> None:
    with pytest.raises(ValidationError) as told:
        read_holidays("\n".join(["12-25 Fine", *(f"line {number}" for number in range(40))]))
    assert len(told.value.messages) == 5


def test_a_day_that_stands_there_twice_is_told() -> None:
    with pytest.raises(ValidationError, match="stands there twice"):
        read_holidays("12-25 One\nDec 25 Two")


def test_holidays_are_shown_back_in_one_writing() -> None:
    assert holidays_text(read_holidays("24 Dec Eve\n1.1.2027")) == "12-24 Eve\n2027-01-01"
    for unreadable in (None, {"x": 1}, "text", [1], [{"date": 1}]):
        assert isinstance(holidays_text(unreadable), str)
