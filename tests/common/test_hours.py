from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from common.hours import parse_weekly_hours, read_day, span_text, validate_timezone, week_text


def test_days_and_windows_become_minutes() -> None:
    parsed = parse_weekly_hours({"mon": [["13:00", "17:30"], ["09:00", "12:00"]], "sun": [["00:00", "24:00"]]})
    assert parsed[0] == ((540, 720), (780, 1050))
    assert parsed[1] == ()
    assert parsed[6] == ((0, 1440),)


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ({"mon": [["17:00", "09:00"]]}, "ends before it starts"),
        ({"mon": [["09:00", "09:00"]]}, "Monday: 09:00 is start and end at once: write 00:00–24:00"),
        ({"mon": [["22:00", "02:00"]]}, "22:00–24:00 here and 00:00–02:00 on the next day"),
        ({"mon": [["22:00", "00:00"]]}, "Until midnight, write 22:00–24:00"),
        ({"tue": [["09:00", "12:00"], ["11:59", "13:00"]]}, "Tuesday: two windows overlap"),
        ({"mon": [["9:00", "12:00"]]}, "is not a time"),
        ({"mon": [["09:00", "24:30"]]}, "is not a time"),
        ({"mon": [["09:00"]]}, "a start and an end"),
        ({"mon": "09:00-17:00"}, "list of windows"),
        ({"monday": []}, "mon to sun"),
        ([], "mon to sun"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(hours: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        parse_weekly_hours(hours)


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("9-12, 13-18", [["09:00", "12:00"], ["13:00", "18:00"]]),
        ("13-18; 9-12", [["09:00", "12:00"], ["13:00", "18:00"]]),
        ("09:00–18:00", [["09:00", "18:00"]]),
        ("9am-5pm", [["09:00", "17:00"]]),
        ("9 a.m. to 5:30 p.m.", [["09:00", "17:30"]]),
        ("0900 – 1730", [["09:00", "17:30"]]),
        ("9.30-17h", [["09:30", "17:00"]]),
        ("0-24", [["00:00", "24:00"]]),
        ("10pm-12am", [["22:00", "24:00"]]),
        ("18:00-00:00", [["18:00", "24:00"]]),
        ("always", [["00:00", "24:00"]]),
        ("Closed", []),
        ("  ", []),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, windows: list[list[str]]) -> None:
    assert read_day(text) == windows


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1-5pm", "13:00", "17:00"),
        ("9-5pm", "09:00", "17:00"),
        ("11-12pm", "11:00", "12:00"),
        ("7-7pm", "07:00", "19:00"),
    ],
)
def test_a_half_of_the_day_said_once_rings_nobody_at_night(text: str, start: str, end: str) -> None:
    assert read_day(text) == [[start, end]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("8-14, 12-18", "08:00–14:00 and 12:00–18:00 overlap"),
        ("22-6", "22:00–24:00 here and 00:00–06:00 on the next day"),
        ("9-5", "In the afternoon, write 09:00–17:00"),
        ("9-9", "start and end at once"),
        ("0-0", "start and end at once"),
        ("9", "no start and end"),
        ("mornings", "no start and end"),
        ("nine-five", "is not a time"),
        ("9-25", "not a time between"),
        ("13pm-14pm", "from 1 to 12"),
    ],
)
def test_a_day_that_cannot_be_read_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        read_day(text)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({}, "Never"),
        ({"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]]}, "Mon–Tue 09:00–18:00"),
        (
            {"mon": [["09:00", "18:00"]], "wed": [["09:00", "12:00"], ["13:00", "14:00"]]},
            "Mon 09:00–18:00; Wed 09:00–12:00, 13:00–14:00",
        ),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [["00:00", "24:00"]]), "Always"),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [["10:00", "20:00"]]), "Daily 10:00–20:00"),
    ],
)
def test_a_week_is_told_in_short_words(hours: Any, words: str) -> None:
    assert week_text(parse_weekly_hours(hours)) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 minutes"), (1, "1 minute"), (90, "90 minutes"), (240, "4 hours"), (1440, "1 day"), (2160, "36 hours")],
)
def test_a_gap_is_told_in_its_largest_whole_unit(minutes: int, words: str) -> None:
    assert span_text(minutes) == words


@pytest.mark.parametrize("name", ["localtime", "posixrules", "Factory", "Mars/Base"])
def test_a_name_that_is_no_place_of_its_own_is_no_time_zone(name: str) -> None:
    validate_timezone("America/Chicago")
    with pytest.raises(ValidationError, match="is not a time zone"):
        validate_timezone(name)
