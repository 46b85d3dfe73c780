"""When calls start: the rows of the account and of the campaign, with time that is set and sleeps that only move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from calls.dispatch import circuit, lines
from calls.dispatch.lines import take_line
from calls.gate.rules import Reason
from calls.models import DialerState, Dispatch, Interaction
from campaigns.models import Campaign, ProviderAccount
from common import clock
from tests import world

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Time:
    """Real time, as it would be without anything else taking any."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = BEGAN
        self.starts: list[datetime] = []
        monkeypatch.setattr("common.clock.real_now", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def a_call(campaign: Campaign, number: int = 0, **fields: object) -> Interaction:
    lead = world.make_lead(campaign, f"+1415555{number:04}")
    claimed = {"dispatch": Dispatch.PLACING, "claim_token": f"t{number}", "claimed_at": clock.real_now()}
    return world.make_interaction(lead, **(claimed | fields))


def of_dialer(campaign: Campaign, number: int = 0, **fields: object) -> Interaction:
    return a_call(campaign, number, origin=Interaction.Origin.DIALER, **fields)


def begun(call: Interaction) -> datetime:
    assert take_line(call) is None
    return clock.real_now()


@pytest.mark.parametrize(("per_second", "count"), [(1, 20), (10, 100), (50, 1000), (0.5, 10), (3, 50)])
def test_starts_are_exactly_as_far_apart_as_the_pace_says(
    campaign: Campaign, times: Time, per_second: float, count: int
) -> None:
    ProviderAccount.objects.update(calls_per_second=per_second, concurrency=10_000)
    call = a_call(campaign)
    starts = [begun(call) for _ in range(count)]
    exact = (count - 1) / per_second
    took = (starts[-1] - starts[0]).total_seconds()
    assert exact <= took <= exact + count * 1e-6


def test_starts_are_held_ahead_so_that_none_is_lost_while_calls_wait(
    campaign: Campaign, times: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderAccount.objects.update(calls_per_second=10)
    call = a_call(campaign)
    # As threads do that all ask now, and sleep side by side.
    starts = [lines._reserve(call, None) for _ in range(32)]
    held = [start.at for start in starts if isinstance(start, lines.Start)]
    assert held == [BEGAN + timedelta(seconds=n / 10) for n in range(31)]
    assert starts[-1] == timedelta(seconds=3.1) - lines.NEAR / 2


def test_a_start_that_nobody_took_is_not_made_up_for(campaign: Campaign, times: Time) -> None:
    """Workers and schedulers were gone for an hour."""
    ProviderAccount.objects.update(calls_per_second=10)
    call = a_call(campaign)
    begun(call)
    times.sleep(3600)
    starts = [begun(call) for _ in range(11)]
    assert starts[-1] - starts[0] == timedelta(seconds=1)


def test_a_host_that_was_frozen_does_not_send_at_once_all_that_it_held(
    campaign: Campaign, times: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderAccount.objects.update(calls_per_second=1)
    call = a_call(campaign)
    begun(call)
    frozen = iter([timedelta(minutes=5)])

    def sleep(seconds: float) -> None:
        times.now += timedelta(seconds=seconds) + next(frozen, timedelta())

    monkeypatch.setattr(time, "sleep", sleep)
    first, second = begun(call), begun(call)
    assert first >= BEGAN + timedelta(minutes=5)
    assert second - first == timedelta(seconds=1)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=30)])
def test_a_clock_that_was_set_back_stops_the_dialing_for_seconds_only(
    campaign: Campaign, times: Time, back: timedelta
) -> None:
    ProviderAccount.objects.update(calls_per_second=10, next_start_at=BEGAN + back)
    Campaign.objects.update(calls_per_minute=60)
    campaign.refresh_from_db()
    DialerState.objects.create(campaign=campaign, next_start_at=BEGAN + back)
    begun(of_dialer(campaign))
    assert times.now - BEGAN <= lines.NEAR * 2


def test_a_throttled_account_is_not_mistaken_for_a_clock_that_was_set_back(campaign: Campaign, times: Time) -> None:
    ProviderAccount.objects.update(next_start_at=BEGAN + circuit.LONGEST_THROTTLE)
    wait = take_line(a_call(campaign))
    assert isinstance(wait, timedelta)
    assert wait > circuit.LONGEST_THROTTLE - lines.NEAR


@pytest.mark.parametrize(("per_minute", "count"), [(60, 30), (600, 100), (6, 2)])
def test_a_campaigns_calls_start_at_the_campaigns_pace(
    campaign: Campaign, times: Time, per_minute: int, count: int
) -> None:
    Campaign.objects.update(calls_per_minute=per_minute)
    campaign.refresh_from_db()
    call = of_dialer(campaign)
    starts: list[datetime] = []
    while len(starts) < count:
        answer = take_line(call)
        if isinstance(answer, timedelta):
            times.sleep(answer.total_seconds())
        else:
            starts.append(times.now)
    exact = timedelta(minutes=(count - 1) / per_minute)
    assert exact <= starts[-1] - starts[0] <= exact + timedelta(milliseconds=20)


def test_while_a_campaign_waits_for_its_turn_others_use_the_account(campaign: Campaign, times: Time) -> None:
    ProviderAccount.objects.update(calls_per_second=10)
    Campaign.objects.update(calls_per_minute=60)
    campaign.refresh_from_db()
    slow, manual = of_dialer(campaign, 1), a_call(campaign, 2)
    begun(slow)
    turn = lines._reserve(slow, None)
    assert turn == lines.Start(BEGAN + timedelta(seconds=1), has_line=False)
    others = [lines._reserve(manual, None) for _ in range(5)]
    assert [other.at for other in others if isinstance(other, lines.Start)] == [
        BEGAN + timedelta(seconds=n / 10) for n in range(1, 6)
    ]


def test_a_turn_that_the_account_could_not_serve_is_lost_and_not_added_to_the_next(
    campaign: Campaign, times: Time
) -> None:
    Campaign.objects.update(calls_per_minute=60)
    campaign.refresh_from_db()
    call = of_dialer(campaign)
    begun(call)
    turn = lines._reserve(call, None)
    assert isinstance(turn, lines.Start)
    times.now = turn.at
    ProviderAccount.objects.update(next_start_at=turn.at + timedelta(seconds=2))
    late = lines._reserve(call, turn)
    assert late == lines.Start(turn.at + timedelta(seconds=2))
    state = DialerState.objects.get(campaign=campaign)
    assert state.next_start_at == turn.at + timedelta(seconds=3)


def test_a_campaigns_pace_does_not_slow_calls_that_people_make(campaign: Campaign, times: Time) -> None:
    Campaign.objects.update(calls_per_minute=1, daily_cap=1, dialer_concurrency=1)
    campaign.refresh_from_db()
    begun(of_dialer(campaign, 1))
    for number in range(2, 5):
        begun(a_call(campaign, number))
    assert times.now - BEGAN < timedelta(seconds=1)


def under_way(campaign: Campaign, number: int) -> Interaction:
    return a_call(campaign, number, line_at=clock.real_now(), sent_at=clock.real_now())


def placed(campaign: Campaign, number: int) -> Interaction:
    fields = {"dispatch": Dispatch.PLACED, "status": "completed", "placed_at": clock.now()}
    return a_call(campaign, number, **fields)


@pytest.mark.parametrize("counted", [under_way, placed])
def test_the_campaigns_daily_cap_ends_the_call_that_would_pass_it(
    campaign: Campaign, times: Time, counted: Callable[[Campaign, int], Interaction]
) -> None:
    Campaign.objects.update(daily_cap=2)
    campaign.refresh_from_db()
    counted(campaign, 1)
    Interaction.objects.update(origin=Interaction.Origin.DIALER)
    begun(of_dialer(campaign, 2))
    answer = take_line(of_dialer(campaign, 3))
    assert isinstance(answer, Reason)
    assert answer.code == "DAILY_CAP_REACHED"


@pytest.mark.parametrize("other", [under_way, placed])
def test_calls_that_somebody_starts_use_up_nothing_of_the_campaigns_daily_cap(
    campaign: Campaign, times: Time, other: Callable[[Campaign, int], Interaction]
) -> None:
    Campaign.objects.update(daily_cap=1)
    campaign.refresh_from_db()
    other(campaign, 1)
    begun(of_dialer(campaign, 2))


@pytest.mark.parametrize("counted", [under_way, placed])
def test_the_numbers_daily_cap_ends_every_call_that_would_pass_it(
    campaign: Campaign, times: Time, counted: Callable[[Campaign, int], Interaction]
) -> None:
    assert campaign.production_agent
    number = campaign.production_agent.caller_number
    assert number
    type(number).objects.update(daily_cap=2)
    number.refresh_from_db()
    counted(campaign, 1)
    begun(a_call(campaign, 2))
    answer = take_line(a_call(campaign, 3))
    assert isinstance(answer, Reason)
    assert answer.code == "CALLER_NUMBER_DAILY_CAP"


def test_yesterdays_calls_are_not_counted(campaign: Campaign, times: Time) -> None:
    Campaign.objects.update(daily_cap=1)
    campaign.refresh_from_db()
    old = placed(campaign, 1)
    yesterday = clock.now() - timedelta(days=1)
    Interaction.objects.filter(pk=old.pk).update(placed_at=yesterday, origin=Interaction.Origin.DIALER)
    begun(of_dialer(campaign, 2))


def test_a_campaign_dials_no_more_at_a_time_than_it_may(campaign: Campaign, times: Time) -> None:
    Campaign.objects.update(dialer_concurrency=1)
    campaign.refresh_from_db()
    under_way(campaign, 1)
    begun(of_dialer(campaign, 2))
    assert take_line(of_dialer(campaign, 3)) == lines.BUSY_WAIT
