"""What a campaign's dialer says of itself, counted without reading everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.dialer import figures
from calls.dialer.figures import Count, live_of
from calls.models import DialerEntry, DialerState, Interaction
from campaigns.models import Campaign
from common import clock as business_clock
from tests import world
from tests.travel import Clock

NOON = "2026-11-20T12:00:00+00:00"


@pytest.fixture
def dialer(campaign: Campaign, clock: Clock) -> Campaign:
    clock.at(NOON)
    campaign.dialer = "on"
    campaign.save()
    return campaign


def enter(campaign: Campaign, **fields: Any) -> DialerEntry:
    number = DialerEntry.objects.count()
    lead = world.make_lead(campaign, f"+1415555{number:04}")
    return DialerEntry.objects.create(workspace=campaign.workspace, campaign=campaign, lead=lead, **fields)


def call(campaign: Campaign, **fields: Any) -> Interaction:
    lead = world.make_lead(campaign, f"+1212555{Interaction.objects.count():04}")
    return world.make_interaction(lead, **fields)


def ended(campaign: Campaign, **fields: Any) -> Interaction:
    return call(campaign, status="no_answer", dispatch="placed", placed_at=business_clock.now(), **fields)


def ago(**step: float) -> Any:
    return business_clock.now() - timedelta(**step)


def test_entries_are_counted_by_what_they_wait_for(dialer: Campaign) -> None:
    enter(dialer, due_at=ago(minutes=1), lane=0)
    enter(dialer, due_at=ago(minutes=-30), lane=2)
    enter(dialer, due_at=ago(minutes=-20), lane=3)
    enter(dialer, due_at=None, lane=2)
    enter(dialer, state="done")
    enter(dialer, state="calling", due_at=ago(minutes=1))
    live = live_of(dialer)
    assert (live.due, live.waiting, live.parked, live.done) == (Count(1), Count(2), Count(1), Count(1))
    assert live.next_at == ago(minutes=1)


def test_the_next_one_is_the_earliest_of_all_lanes(dialer: Campaign) -> None:
    assert live_of(dialer).next_at is None
    enter(dialer, due_at=ago(minutes=-30), lane=0)
    enter(dialer, due_at=ago(minutes=-20), lane=3)
    assert live_of(dialer).next_at == ago(minutes=-20)


def test_many_are_counted_up_to_a_limit(dialer: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_COUNTED", 2)
    for lane in (0, 1, 2):
        enter(dialer, due_at=ago(minutes=1), lane=lane)
    live = live_of(dialer)
    assert live.due == Count(2, is_more=True)
    assert str(live.due) == "2+"


def test_another_campaign_counts_for_itself(dialer: Campaign) -> None:
    other = world.make_campaign(dialer.production_agent, name="Roofs", dialer="on")
    enter(other, due_at=ago(minutes=1))
    ended(other)
    live = live_of(dialer)
    assert (live.due, live.next_at, live.placed_today) == (Count(0), None, 0)


def test_calls_under_way_are_told_by_their_phase(dialer: Campaign) -> None:
    call(dialer)
    call(dialer, dispatch="placing")
    call(dialer, dispatch="placed", placed_at=ago(seconds=5))
    call(dialer, dispatch="placed", placed_at=ago(seconds=9), answered_at=ago(seconds=2))
    live = live_of(dialer)
    assert (live.queued, live.ringing, live.talking) == (2, 1, 1)
    assert (live.on_the_line, live.in_flight) == (2, 4)


def test_today_is_the_day_of_the_workspace(dialer: Campaign, clock: Clock) -> None:
    dialer.workspace.timezone = "Asia/Tokyo"
    dialer.workspace.save()
    clock.at("2026-11-20T14:59:00+00:00")
    ended(dialer, answered_at=business_clock.now(), spoken_to=True)
    ended(dialer, answered_at=business_clock.now())
    ended(dialer)
    live = live_of(dialer)
    assert (live.placed_today, live.answered_today, live.reached_today, live.answer_rate) == (3, 2, 1, 67)
    clock.move(minutes=2)
    live = live_of(dialer)
    assert (live.placed_today, live.answered_today, live.answer_rate) == (0, 0, None)
    assert live.started_last_minute == 0


def test_the_last_minute_reaches_back_over_midnight(dialer: Campaign, clock: Clock, settings: Any) -> None:
    clock.at("2026-11-20T23:59:50+00:00")
    ended(dialer, origin="auto_dialer")
    clock.move(seconds=20)
    settings.CLOCK = f"{settings.CLOCK.removesuffix(',0')},1"
    live = live_of(dialer)
    assert (live.started_last_minute, live.placed_today) == (1, 0)


def test_the_reason_of_the_last_tick_is_told_while_somebody_is_due(dialer: Campaign) -> None:
    DialerState.objects.create(campaign=dialer, held_why="PACE", held_text="Wait.")
    assert live_of(dialer).held_text == ""
    enter(dialer, due_at=ago(minutes=1))
    assert (live_of(dialer).held_why, live_of(dialer).held_text) == ("PACE", "Wait.")


def test_what_stops_everything_is_told_first(dialer: Campaign) -> None:
    enter(dialer, due_at=ago(minutes=1))
    dialer.workspace.calls_stopped_at = business_clock.now()
    dialer.workspace.save()
    assert live_of(dialer).held_why == "CALLS_STOPPED"
    dialer.status = "inactive"
    assert live_of(dialer).held_why == "CAMPAIGN_INACTIVE"
    dialer.dialer = "paused"
    assert live_of(dialer).held_why == "DIALER_NOT_ON"


def test_limits_are_measured_by_the_calls_that_they_count(dialer: Campaign) -> None:
    for origin in ("auto_dialer", "first_submission", "api"):
        call(dialer, origin=origin)
        call(dialer, origin=origin, dispatch="placed", placed_at=business_clock.now())
        ended(dialer, origin=origin)
    call(dialer, origin="auto_dialer", dispatch="placing", line_at=business_clock.real_now())
    live = live_of(dialer)
    assert (live.started_last_minute, live.counted_now, live.counted_today) == (4, 5, 5)
    assert (live.in_flight, live.placed_today) == (7, 6)


def test_it_asks_the_same_number_of_queries_however_many_there_are(dialer: Campaign) -> None:
    enter(dialer, due_at=ago(minutes=1))
    with CaptureQueriesContext(connection) as few:
        live_of(dialer)
    for lane in (0, 1, 2, 3) * 3:
        enter(dialer, due_at=ago(minutes=1), lane=lane)
        ended(dialer)
    with CaptureQueriesContext(connection) as many:
        live_of(dialer)
    assert len(many) == len(few) <= 7
