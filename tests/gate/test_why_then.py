"""Which rule people are told made the time of the next call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from calls.gate.hours import Opening
from calls.gate.timing import Timing, next_call_time, why_then
from common.hours import WeeklyHours
from tests.gate.test_next_call_time import found_for, timing_of
from tests.gate.wall import Question, questions

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NINE_TO_SIX: WeeklyHours = (((540, 1080),),) * 7
OPEN = (Opening(NINE_TO_SIX, "UTC"),)
AFTER_THAT = " The next calling hours after that begin at this time."


def told(now: datetime = NOON, *, asked: dict[str, Any] | None = None, **rules: Any) -> tuple[str, str]:
    asked, timing = asked or {}, Timing(**{"openings": OPEN, **rules})
    question = {name: value for name, value in asked.items() if name != "is_callback"}
    return why_then(timing, now, next_call_time(timing, now, **question), **asked)


@pytest.mark.parametrize(
    ("rules", "asked", "code", "text"),
    [
        ({}, {}, "DUE", "It may be called now."),
        ({}, {"not_before": NOON - HOUR, "is_callback": True}, "DUE", "It may be called now."),
        ({}, {"not_before": NOON + HOUR, "is_callback": True}, "CALLBACK", "The lead asked to be called then."),
        (
            {},
            {"not_before": NOON + 8 * HOUR, "is_callback": True},
            "CALLBACK",
            f"The lead asked to be called then.{AFTER_THAT}",
        ),
        ({}, {"not_before": NOON + HOUR}, "RETRY_WAIT", "This is how long to wait after the last call."),
        (
            {"last_call_at": NOON - HOUR, "min_gap": 4 * HOUR},
            {},
            "MIN_GAP",
            "Between two calls there must be 4 hours.",
        ),
        (
            {"last_call_at": NOON - HOUR, "min_gap": 24 * HOUR},
            {"not_before": NOON + HOUR, "is_callback": True},
            "MIN_GAP",
            "Between two calls there must be 1 day.",
        ),
        (
            {"attempts": (NOON - 20 * HOUR,), "max_per_day": 1},
            {},
            "MAX_ATTEMPTS_PER_DAY",
            "A lead may be called once within 24 hours.",
        ),
        (
            {"attempts": (NOON - 20 * HOUR, NOON - HOUR), "max_per_day": 2},
            {},
            "MAX_ATTEMPTS_PER_DAY",
            "A lead may be called 2 times within 24 hours.",
        ),
        (
            {"number_free_at": NOON + 12 * HOUR},
            {},
            "CALLER_NUMBER_DAILY_CAP",
            f"The number to call from has made all the calls it may make today.{AFTER_THAT}",
        ),
        ({}, {"part": "evening", "zones": ("UTC",)}, "PREFERRED_PART", "The sequence prefers the evening."),
        (
            {"openings": ()},
            {},
            "NO_TIME",
            "It is not known in which time zone the number is: set the lead's time zone.",
        ),
        (
            {"openings": (Opening(((),) * 7, "America/New_York"),)},
            {},
            "NO_TIME",
            "The campaign's calling hours and holidays leave no time to call in New York: change them.",
        ),
        (
            {"openings": (Opening((((540, 600),),) * 7, "UTC"), Opening((((540, 600),),) * 7, "Asia/Tokyo"))},
            {},
            "NO_TIME",
            "The campaign's calling hours are never open at once in both zones the lead may be in: "
            "set the lead's time zone.",
        ),
    ],
)
def test_the_rule_that_made_the_time_is_told(
    rules: dict[str, Any], asked: dict[str, Any], code: str, text: str
) -> None:
    assert told(asked=asked, **rules) == (code, text)


def test_at_night_the_hours_are_told() -> None:
    assert told(NOON + 8 * HOUR) == ("OPERATING_HOURS", "The calling hours begin at this time.")


def test_a_limit_that_ends_before_the_hours_begin_is_not_what_held_it_up() -> None:
    assert told(NOON + 8 * HOUR, last_call_at=NOON + 6 * HOUR, min_gap=4 * HOUR)[0] == "OPERATING_HOURS"
    assert told(NOON + 4 * HOUR, last_call_at=NOON + 4 * HOUR, min_gap=4 * HOUR)[0] == "MIN_GAP"


@settings(max_examples=150, deadline=None)
@given(question=questions())
def test_a_rule_is_named_only_where_it_moved_the_time(question: Question) -> None:
    found = found_for(question)
    asked: dict[str, Any] = {"not_before": question.not_before, "part": question.part, "zones": question.zones}
    timing = timing_of(question)
    code, text = why_then(timing, question.now, found, **asked)
    assert text.endswith(".")
    assert (code == "NO_TIME") == (found is None)
    assert (code == "DUE") == (found == question.now)
    plain = next_call_time(Timing(openings=timing.openings), question.now)
    if code == "OPERATING_HOURS":
        assert plain == found
    elif code == "PREFERRED_PART":
        assert next_call_time(timing, question.now, not_before=question.not_before) != found
    elif code not in ("NO_TIME", "DUE"):
        assert plain != found
