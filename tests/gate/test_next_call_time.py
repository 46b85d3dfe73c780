"""When a number may be called next, against an independent walk through time (tests/gate/wall.py)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.gate.hours import HORIZON, Opening
from calls.gate.timing import Timing, next_call_time
from common.hours import WeeklyHours
from tests.gate.wall import DAY, ZONES, Question, moments_near_changes, questions, weeks

WALKED = 10
QUARTER = timedelta(minutes=15)
TOLL_FREE = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix"),
    *("America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"),
)


def timing_of(question: Question) -> Timing:
    return Timing(
        openings=tuple(Opening(question.hours, zone, frozenset(question.holidays)) for zone in question.judged),
        last_call_at=question.last_call_at,
        min_gap=question.min_gap,
        attempts=question.attempts,
        max_per_day=question.max_per_day,
        number_free_at=question.number_free_at,
    )


def found_for(question: Question) -> datetime | None:
    return next_call_time(
        timing_of(question), question.now, not_before=question.not_before, part=question.part, zones=question.zones
    )


@settings(max_examples=250, deadline=None)
@given(question=questions())
def test_it_is_the_earliest_moment_that_every_rule_allows(question: Question) -> None:
    found, expected = found_for(question), question.answer(WALKED)
    if expected is not None:
        assert found == expected
    elif found is not None:
        assert found >= question.now + timedelta(days=WALKED)
        assert question.allows(found)


@settings(max_examples=25, deadline=None)
@given(
    now=moments_near_changes().map(lambda now: now.replace(minute=0, second=0, microsecond=0)),
    hours=weeks(),
    zones=st.lists(st.sampled_from(ZONES), min_size=2, max_size=4, unique=True),
    open_days=st.sets(st.integers(0, 6), min_size=1, max_size=2),
)
def test_there_is_none_only_where_there_is_none_in_more_than_a_year(
    now: datetime, hours: WeeklyHours, zones: list[str], open_days: set[int]
) -> None:
    """Windows and offsets are on quarters of an hour here, so a walk by quarters misses nothing."""
    hours = tuple(windows[:1] if day in open_days else () for day, windows in enumerate(hours))
    question = Question(now=now, hours=hours, judged=tuple(zones))
    assert found_for(question) == question.answer(HORIZON.days, QUARTER)


@settings(max_examples=60, deadline=None)
@given(question=questions(), most=st.integers(1, 3), gap=st.integers(0, 900), later=st.integers(0, 400))
def test_calls_made_at_their_times_never_break_a_limit(question: Question, most: int, gap: int, later: int) -> None:
    made: list[datetime] = []
    now, openings = question.now, timing_of(question).openings
    for _ in range(8):
        last = made[-1] if made else None
        rules = Timing(
            openings=openings,
            last_call_at=last,
            min_gap=timedelta(minutes=gap),
            attempts=tuple(made),
            max_per_day=most,
        )
        at = next_call_time(rules, now)
        if at is None:
            break
        assert last is None or at - last >= timedelta(minutes=gap)
        assert sum(call > at - DAY for call in made) < most
        made.append(at)
        now = at + timedelta(minutes=later)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def daily(*windows: tuple[float, float]) -> WeeklyHours:
    return (tuple((int(start * 60), int(end * 60)) for start, end in windows),) * 7


@pytest.mark.parametrize(
    ("now", "windows", "zone", "opens"),
    [
        # Samoa went from Thursday the 29th to Saturday the 31st.
        ("2011-12-29T18:00:00-10:00", [(9, 17)], "Pacific/Apia", "2011-12-31T09:00:00+14:00"),
        # A whole day open to its end goes on in the next day there is.
        ("2011-12-29T23:59:59-10:00", [(0, 24)], "Pacific/Apia", "2011-12-29T23:59:59-10:00"),
        # Havana has no half past midnight in March, and two in November.
        ("2026-03-07T23:00:00-05:00", [(0, 0.5)], "America/Havana", "2026-03-09T00:00:00-04:00"),
        ("2026-11-01T00:40:00-04:00", [(0.5, 0.75)], "America/Havana", "2026-11-01T00:40:00-04:00"),
        ("2026-11-01T00:50:00-04:00", [(0.5, 0.75)], "America/Havana", "2026-11-01T00:30:00-05:00"),
        # In Santiago the evening of 4 April lasts an hour longer.
        ("2026-04-04T23:30:00-03:00", [(23, 23.25)], "America/Santiago", "2026-04-04T23:00:00-04:00"),
        ("2026-09-05T23:59:00-04:00", [(0, 2)], "America/Santiago", "2026-09-06T01:00:00-03:00"),
        ("2026-04-23T23:30:00+02:00", [(0, 1.25)], "Africa/Cairo", "2026-04-24T01:00:00+03:00"),
        ("2026-03-28T23:30:00+02:00", [(0, 1)], "Asia/Beirut", "2026-03-30T00:00:00+03:00"),
        # Half an hour is all that clocks change on Lord Howe.
        ("2026-10-04T01:30:00+10:30", [(2, 2.5)], "Australia/Lord_Howe", "2026-10-05T02:00:00+11:00"),
        # Liberia's clocks stood 44 minutes and 30 seconds behind.
        ("1971-06-01T00:00:00+00:00", [(9, 10)], "Africa/Monrovia", "1971-06-01T09:44:30+00:00"),
        ("2026-06-01T17:59:59+05:45", [(9, 18)], "Asia/Kathmandu", "2026-06-01T17:59:59+05:45"),
        ("2026-06-01T18:00:00+05:45", [(9, 18)], "Asia/Kathmandu", "2026-06-02T09:00:00+05:45"),
    ],
)
def test_it_holds_where_clocks_are_strange(now: str, windows: list[tuple[float, float]], zone: str, opens: str) -> None:
    assert next_call_time(Timing(openings=(Opening(daily(*windows), zone),)), at(now)) == at(opens)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        # From nine to two all zones of a toll-free number are open together when Honolulu is five hours behind.
        ("2026-12-01T00:00:00-05:00", "2026-12-01T14:00:00-05:00"),
        ("2026-06-01T00:00:00-04:00", "2026-11-01T14:00:00-05:00"),
    ],
)
def test_hours_that_meet_only_in_winter_are_waited_for(now: str, opens: str) -> None:
    timing = Timing(openings=tuple(Opening(daily((9, 14.5)), zone) for zone in TOLL_FREE))
    assert next_call_time(timing, at(now)) == at(opens)


@pytest.mark.parametrize(
    ("now", "holidays", "opens"),
    [
        ("2026-12-25T10:00:00+00:00", {"12-25", "12-26"}, "2026-12-27T09:00:00+00:00"),
        ("2026-12-25T10:00:00+00:00", {"2025-12-25"}, "2026-12-25T10:00:00+00:00"),
        ("2027-12-24T18:00:00+00:00", {"2026-12-25"}, "2027-12-25T09:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", {"02-29"}, "2028-03-01T09:00:00+00:00"),
        ("2027-02-28T18:00:00+00:00", {"02-29"}, "2027-03-01T09:00:00+00:00"),
    ],
)
def test_a_holiday_is_closed_once_or_every_year(now: str, holidays: set[str], opens: str) -> None:
    openings = (Opening(daily((9, 17)), "UTC", frozenset(holidays)),)
    assert next_call_time(Timing(openings=openings), at(now)) == at(opens)


def test_a_holiday_in_one_zone_closes_all() -> None:
    """It is Christmas in Auckland while it is Christmas Eve in Los Angeles, and in Los Angeles a day later."""
    zones = ("Pacific/Auckland", "America/Los_Angeles")
    openings = tuple(Opening(daily((0, 24)), zone, frozenset({"12-25"})) for zone in zones)
    assert next_call_time(Timing(openings=openings), at("2026-12-25T00:00:00+13:00")) == at("2026-12-26T00:00:00-08:00")


def test_holidays_on_every_open_day_of_more_than_a_year_leave_no_time() -> None:
    mondays = frozenset(f"{at('2026-06-01') + timedelta(weeks=week):%Y-%m-%d}" for week in range(60))
    only_monday: WeeklyHours = (((540, 1020),), *((),) * 6)
    opening = Opening(only_monday, "UTC", mondays)
    assert next_call_time(Timing(openings=(opening,)), at("2026-06-01T00:00:00+00:00")) is None
    soon = Opening(only_monday, "UTC", frozenset(sorted(mondays)[:50]))
    assert next_call_time(Timing(openings=(soon,)), at("2026-06-01T00:00:00+00:00")) == at("2027-05-17T09:00:00+00:00")


def test_who_is_in_no_known_zone_is_never_called() -> None:
    assert next_call_time(Timing(openings=()), at("2026-06-01T12:00:00+00:00")) is None


def test_the_answer_is_one_moment_in_whatever_zone_it_is_asked() -> None:
    timing = Timing(openings=(Opening(daily((9, 17)), "America/New_York"),))
    asked = datetime.fromisoformat("2026-03-08T00:30:00-08:00")
    assert next_call_time(timing, asked) == next_call_time(timing, asked.astimezone(UTC)) == at("2026-03-08T13:00:00Z")


@pytest.mark.parametrize(
    ("part", "hours", "opens"),
    [
        ("afternoon", [(9, 18)], "2026-06-01T12:00:00+00:00"),
        ("evening", [(9, 18)], "2026-06-01T17:00:00+00:00"),
        ("morning", [(9, 18)], "2026-06-01T10:30:00+00:00"),
        ("evening", [(9, 17)], "2026-06-01T10:30:00+00:00"),
    ],
)
def test_a_preferred_part_of_the_day_is_taken_where_it_comes(
    part: str, hours: list[tuple[float, float]], opens: str
) -> None:
    timing = Timing(openings=(Opening(daily(*hours), "UTC"),))
    assert next_call_time(timing, at("2026-06-01T10:30:00+00:00"), part=part, zones=("UTC",)) == at(opens)


@pytest.mark.parametrize(("days", "is_taken"), [(2, True), (3, True), (4, False)])
def test_a_preferred_part_is_waited_for_three_days(days: int, is_taken: bool) -> None:
    """Until five from now on, and one evening."""
    monday = at("2026-06-01T18:00:00+00:00")
    evening = monday + timedelta(days=days)
    hours = tuple(((540, 600), (1020, 1200)) if day == evening.weekday() else ((540, 1020),) for day in range(7))
    found = next_call_time(Timing(openings=(Opening(hours, "UTC"),)), monday, part="evening", zones=("UTC",))
    assert found is not None
    assert (found.date() == evening.date()) == is_taken
