from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from common.hours import parse_weekly_hours


def test_days_and_windows_become_minutes() -> None:
    parsed = parse_weekly_hours({"mon": [["13:00", "17:30"], ["09:00", "12:00"]], "sun": [["00:00", "24:00"]]})
    assert parsed[0] == ((540, 720), (780, 1050))
    assert parsed[1] == ()
    assert parsed[6] == ((0, 1440),)


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ({"mon": [["17:00", "09:00"]]}, "ends before it starts"),
        ({"mon": [["09:00", "09:00"]]}, "ends before it starts"),
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
