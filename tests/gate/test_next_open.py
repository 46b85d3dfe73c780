"""When weekly hours open. Against a walk through time they are held by test_next_call_time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calls.gate.hours import Opening, next_open
from common.hours import WeeklyHours


def in_zones(hours: WeeklyHours, *zones: str) -> tuple[Opening, ...]:
    return tuple(Opening(hours, zone) for zone in zones)


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
