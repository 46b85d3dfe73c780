"""A laptop that sleeps, a container that is paused, a clock that is set back: nothing is sent late or waits long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.dispatch import placing
from calls.dispatch.placing import dial
from calls.dispatch.sweep import enqueue_waiting, expire_queued, free_unsent_claims, give_up_sent_claims, sweep_dispatch
from calls.gate.rules import evaluate
from calls.models import Dispatch, Interaction
from calls.services import initiate_call
from common import clock
from leads.models import Lead
from tests.network import FakeNetwork

FAR = timedelta(hours=2)


@pytest.fixture
def call(lead: Lead, network: FakeNetwork) -> Interaction:
    network.accept_calls()
    return initiate_call(lead=lead, by=SYSTEM, origin="manual")


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    real_now = clock.real_now
    return lambda span: monkeypatch.setattr("common.clock.real_now", lambda: real_now() + span)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the sweep hands to the queue."""
    jobs: list[int] = []

    def enqueue(job: str, pk: int, queue: str) -> bool:
        jobs.append(pk)
        return True

    monkeypatch.setattr("calls.dispatch.sweep.enqueue", enqueue)
    return jobs


def stored(call: Interaction) -> Interaction:
    call.refresh_from_db()
    return call


@pytest.mark.parametrize("span", [timedelta(seconds=4), timedelta(hours=8), -timedelta(seconds=2)])
def test_a_worker_frozen_between_the_gate_and_the_fence_does_not_send(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, jump: Any, span: timedelta
) -> None:
    keep = placing._keep_prompt

    def then_freeze(*args: Any) -> None:
        keep(*args)
        jump(span)

    monkeypatch.setattr(placing, "_keep_prompt", then_freeze)
    monkeypatch.setattr(placing, "mark_sent", lambda _: pytest.fail("no fence for what is not sent"))
    dial(call.pk, "t1")
    assert network.dials == []
    assert stored(call).dispatch == Dispatch.QUEUED
    assert (call.sent_at, call.claim_token, call.faults, call.unreached) == (None, "", 0, 0)


def test_a_worker_that_stands_still_while_the_gate_looks_does_not_send(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, jump: Any
) -> None:
    """What the gate has read is as old as the moment before it began to read."""

    def slowly(*args: Any) -> Any:
        jump(timedelta(minutes=10))
        return evaluate(*args)

    monkeypatch.setattr(placing, "evaluate", slowly)
    dial(call.pk, "t1")
    assert network.dials == []


def test_the_fence_lets_no_claim_through_that_the_sweep_may_take_away(call: Interaction, jump: Any) -> None:
    assert placing.claim(call.pk, "t1")
    mine = placing._load(call.pk, "t1")
    assert mine
    jump(timedelta(seconds=31))
    assert not placing.mark_sent(mine)


def test_after_a_freeze_the_call_is_judged_and_sent_by_the_next_worker(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, jump: Any
) -> None:
    with monkeypatch.context() as frozen:
        frozen.setattr(placing, "_keep_prompt", lambda *_: jump(timedelta(seconds=20)))
        dial(call.pk, "t1")
    assert network.dials == []
    Interaction.objects.update(not_before=None)
    dial(call.pk, "t2")
    assert stored(call).dispatch == Dispatch.PLACED
    assert len(network.dials) == 1


def test_a_queued_call_does_not_wait_for_the_return_of_a_clock_that_was_set_back(
    call: Interaction, network: FakeNetwork, sent: list[int]
) -> None:
    then = clock.real_now() + FAR
    Interaction.objects.update(not_before=then, enqueued_at=then, queued_at=then)
    sweep_dispatch()
    assert sent == [call.pk]
    assert stored(call).queued_at < clock.real_now()
    dial(call.pk, "t1")
    assert len(network.dials) == 1


@pytest.mark.parametrize("field", ["not_before", "enqueued_at"])
def test_one_mark_from_before_the_clock_was_set_back_holds_no_call(
    call: Interaction, sent: list[int], field: str
) -> None:
    long_ago = clock.real_now() - timedelta(minutes=1)
    Interaction.objects.update(**{"enqueued_at": long_ago, field: clock.real_now() + FAR})
    enqueue_waiting()
    assert sent == [call.pk]


def test_a_wait_that_may_be_meant_is_waited_for(call: Interaction, network: FakeNetwork, sent: list[int]) -> None:
    long_ago = clock.real_now() - timedelta(minutes=1)
    Interaction.objects.update(enqueued_at=long_ago, not_before=clock.real_now() + timedelta(minutes=10))
    sweep_dispatch()
    dial(call.pk, "t1")
    assert sent == []
    assert network.dials == []


def test_nobody_is_told_to_wait_longer_than_is_believed(call: Interaction) -> None:
    assert placing.claim(call.pk, "t1")
    mine = placing._load(call.pk, "t1")
    assert mine
    placing.put_back(mine, timedelta(hours=3))
    assert not placing.claim(call.pk, "t2")


def test_a_call_queued_before_the_clock_was_set_back_expires_an_hour_from_now(call: Interaction, jump: Any) -> None:
    Interaction.objects.update(queued_at=clock.real_now() + FAR)
    expire_queued()
    assert stored(call).dispatch == Dispatch.QUEUED
    jump(timedelta(minutes=61))
    expire_queued()
    assert (stored(call).dispatch, call.error_code) == (Dispatch.WITHDRAWN, "EXPIRED")


def test_a_claim_from_before_the_clock_was_set_back_is_freed(call: Interaction) -> None:
    assert placing.claim(call.pk, "t1")
    Interaction.objects.update(claimed_at=clock.real_now() + FAR)
    free_unsent_claims()
    assert stored(call).dispatch == Dispatch.QUEUED


def test_a_request_sent_before_the_clock_was_set_back_is_asked_about_as_of_now(call: Interaction) -> None:
    assert placing.claim(call.pk, "t1")
    Interaction.objects.update(sent_at=clock.real_now() + FAR)
    give_up_sent_claims()
    assert stored(call).dispatch == Dispatch.UNKNOWN
    assert call.sent_at
    assert call.sent_at <= clock.real_now()
