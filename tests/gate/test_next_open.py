"""`next_open` against an independent brute force that walks minute by minute and looks at the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.gate.hours import Opening, next_open
from common.hours import WeeklyHours

ZONES = [
    "America/New_York",
    "Pacific/Honolulu",
    "Europe/London",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
]
DAYS_2026 = st.datetimes(datetime(2018, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))
MINUTE = timedelta(minutes=1)


def window() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, 95), st.integers(1, 96)).map(lambda w: (min(w) * 15, max(*w, min(w) + 1) * 15))


def day() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    return st.lists(window(), max_size=2).map(lambda ws: tuple(sorted(ws)) if _apart(ws) else tuple(ws[:1]))


def _apart(windows: list[tuple[int, int]]) -> bool:
    return len(windows) < 2 or max(windows[0][0], windows[1][0]) >= min(windows[0][1], windows[1][1])


def in_zones(hours: WeeklyHours, *zones: str) -> tuple[Opening, ...]:
    return tuple(Opening(hours, zone) for zone in zones)


def is_open(moment: datetime, hours: WeeklyHours, zones: tuple[str, ...]) -> bool:
    """By the wall clock, as a person would tell."""
    for zone in zones:
        local = moment.astimezone(ZoneInfo(zone))
        minutes = local.hour * 60 + local.minute
        if not any(start <= minutes < end for start, end in hours[local.weekday()]):
            return False
    return True


def brute_force(start: datetime, hours: WeeklyHours, zones: tuple[str, ...]) -> datetime | None:
    if is_open(start, hours, zones):
        return start
    moment = start.replace(second=0, microsecond=0) + MINUTE
    for _ in range(9 * 24 * 60):
        if is_open(moment, hours, zones):
            return moment
        moment += MINUTE
    return None


@settings(max_examples=60, deadline=None)
@given(
    start=DAYS_2026,
    hours=st.tuples(*[day() for _ in range(7)]),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple),
)
def test_it_is_the_earliest_open_moment_in_every_zone(
    start: datetime, hours: WeeklyHours, zones: tuple[str, ...]
) -> None:
    found, expected = next_open(start, in_zones(hours, *zones)), brute_force(start, hours, zones)
    if expected is not None:
        assert found == expected
    elif found is not None:
        assert found > start + timedelta(days=9)
        assert is_open(found, hours, zones)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def daily(start: int, end: int) -> WeeklyHours:
    return (((start * 60, end * 60),),) * 7


@pytest.mark.parametrize(
    ("now", "hours", "zone", "opens"),
    [
        # A window that begins inside the hour that is skipped opens at the skip.
        ("2026-03-08T01:00:00-05:00", (((150, 300),),) * 7, "America/New_York", "2026-03-08T03:00:00-04:00"),
        # On the day the clock goes back the window still opens at nine by the wall.
        ("2026-11-01T00:00:00-04:00", daily(9, 17), "America/New_York", "2026-11-01T09:00:00-05:00"),
        # Half past one comes twice; in between the wall clock is before the window again.
        ("2026-11-01T01:10:00-05:00", (((90, 115),),) * 7, "America/New_York", "2026-11-01T01:30:00-05:00"),
        ("2026-06-01T00:00:00+00:00", daily(9, 17), "Asia/Kathmandu", "2026-06-01T09:00:00+05:45"),
        ("2026-06-01T20:00:00+10:30", daily(9, 17), "Australia/Lord_Howe", "2026-06-02T09:00:00+10:30"),
    ],
)
def test_time_changes_and_odd_offsets_are_exact(now: str, hours: WeeklyHours, zone: str, opens: str) -> None:
    assert next_open(at(now), in_zones(hours, zone)) == at(opens)


def test_hours_that_never_meet_in_all_zones_have_no_opening() -> None:
    assert next_open(at("2026-06-01T00:00:00+00:00"), in_zones(daily(9, 10), "America/New_York", "Asia/Tokyo")) is None


def test_hours_without_a_window_have_no_opening() -> None:
    assert next_open(at("2026-06-01T00:00:00+00:00"), in_zones(((),) * 7, "UTC")) is None


def test_the_end_of_a_window_is_closed() -> None:
    end = at("2026-06-01T17:00:00+00:00")
    assert next_open(end, in_zones(daily(9, 17), "UTC")) == at("2026-06-02T09:00:00+00:00")
    assert next_open(end - timedelta(microseconds=1), in_zones(daily(9, 17), "UTC")) == end - timedelta(microseconds=1)


def test_a_window_until_midnight_runs_on_into_the_next_days() -> None:
    hours = (((0, 1440),),) * 7
    late = at("2026-06-01T23:59:59+00:00")
    assert next_open(late, in_zones(hours, "UTC")) == late
