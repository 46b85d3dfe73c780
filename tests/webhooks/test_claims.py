"""Workers that race, and workers that die between two lines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actors import SYSTEM
from common import clock as business
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import happen, make_delivery, make_endpoint, sweep
from webhooks import delivering
from webhooks.delivering import AT_ONCE, FENCE_HOLDS, Result, claim, deliver, save
from webhooks.endpoints import delete_endpoint
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent
from webhooks.pool import take_turn
from webhooks.sweep import CLAIM_HOLDS

State = Delivery.State


def die(delivery: Delivery) -> None:
    """As long ago as it takes to be noticed."""
    lived = CLAIM_HOLDS + timedelta(seconds=delivery.endpoint.timeout_seconds)
    Delivery.objects.filter(pk=delivery.pk).update(claimed_at=business.real_now() - lived - timedelta(seconds=1))


def claimed(endpoint: WebhookEndpoint) -> Delivery:
    delivery = claim(endpoint.pk)
    assert delivery
    return delivery


def race(*runners: Callable[[], Any]) -> None:
    start = threading.Barrier(len(runners))

    def run(runner: Callable[[], Any]) -> None:
        start.wait()
        try:
            runner()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[runner]) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_endpoint_send_everything_once(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    events = [happen(endpoint.workspace, number) for number in range(20)]
    race(*[lambda: take_turn(endpoint.pk)] * 4)
    assert sorted(receiver.ids) == sorted(event.public_id for event in events)
    assert not Delivery.objects.exclude(state=State.DELIVERED, tries=1).exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_count_at_once_do_not_claim_more_than_is_allowed(endpoint: WebhookEndpoint) -> None:
    for number in range(AT_ONCE + 3):
        happen(endpoint.workspace, number)
    race(*[lambda: claim(endpoint.pk)] * (AT_ONCE + 3))
    assert Delivery.objects.filter(state=State.SENDING).count() == AT_ONCE


def test_of_an_endpoint_that_fails_one_is_on_its_way(endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(failing_since=business.now(), failures=1)
    happen(endpoint.workspace)
    happen(endpoint.workspace)
    assert claim(endpoint.pk)
    assert claim(endpoint.pk) is None


def test_a_worker_that_died_before_sending_is_replaced(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    happen(endpoint.workspace)
    dead = claimed(endpoint)
    sweep()
    assert receiver.got == []
    die(dead)
    sweep()
    assert receiver.ids == [dead.event.public_id]


def test_a_worker_is_not_given_up_while_its_receiver_may_still_answer(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    happen(endpoint.workspace)
    slow = claimed(endpoint)
    WebhookEndpoint.objects.update(timeout_seconds=slow.endpoint.timeout_seconds + 5)
    die(slow)
    sweep()
    assert receiver.got == []


def test_an_endpoint_that_is_deleted_while_something_happens_undoes_nothing(endpoint: WebhookEndpoint) -> None:
    with transaction.atomic():
        event = happen(endpoint.workspace)
        delete_endpoint(endpoint=endpoint, by=SYSTEM)
    assert WebhookEvent.objects.get() == event
    sweep()
    assert Delivery.objects.get().state == State.PENDING


def test_a_worker_that_died_after_sending_is_replaced_under_the_same_id(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(endpoint.workspace)
    dead = claimed(endpoint)
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_keep", lambda *result: None)
        deliver(dead)
    die(dead)
    sweep()
    assert receiver.ids == [dead.event.public_id] * 2
    dead.refresh_from_db()
    assert (dead.state, dead.tries, dead.attempts.count()) == (State.DELIVERED, 1, 1)


def test_a_worker_whose_claim_was_taken_back_changes_nothing(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    happen(endpoint.workspace)
    slow = claimed(endpoint)
    die(slow)
    sweep()
    save(slow, Result(error="too late"))
    slow.refresh_from_db()
    assert (slow.state, slow.tries, slow.attempts.count()) == (State.DELIVERED, 1, 1)
    endpoint.refresh_from_db()
    assert endpoint.failures == 0


def test_a_worker_that_slept_after_its_claim_does_not_send(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    happen(endpoint.workspace)
    slow = claimed(endpoint)
    assert slow.claimed_at
    slow.claimed_at -= FENCE_HOLDS * 2
    deliver(slow)
    assert receiver.got == []
    slow.refresh_from_db()
    assert (slow.state, slow.tries) == (State.PENDING, 0)


def test_a_result_waits_for_a_database_that_is_away(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, saved = make_delivery(endpoint), []

    def shaky(*what: Any) -> None:
        saved.append(what)
        if len(saved) < 3:
            raise DatabaseError
        save(*what)

    monkeypatch.setattr(delivering, "save", shaky)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(delivering, "close_old_connections", lambda: None)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, len(receiver.got), len(saved)) == (State.DELIVERED, 1, 3)


def test_an_endpoint_deleted_on_the_way_leaves_nothing(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    happen(endpoint.workspace)
    delivery = claimed(endpoint)
    endpoint.delete()
    deliver(delivery)
    assert receiver.got == []
    assert not Delivery.objects.exists()


def test_an_endpoint_paused_on_the_way_keeps_what_waits(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    happen(endpoint.workspace)
    WebhookEndpoint.objects.update(state=WebhookEndpoint.State.PAUSED)
    sweep()
    assert receiver.got == []
    assert Delivery.objects.get().state == State.PENDING


def test_a_fault_of_our_own_is_a_failed_try(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(headers="")
    delivery = make_delivery(endpoint)
    endpoint.headers = "{no json"
    endpoint.save()
    sweep()
    delivery.refresh_from_db()
    assert "the operator finds the fault in the log" in delivery.last_error


def test_the_turn_of_one_that_fails_is_over_after_one_try(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = answer(500)
    happen(endpoint.workspace)
    happen(endpoint.workspace)
    take_turn(endpoint.pk)
    assert len(receiver.got) == 1


def test_one_that_fails_does_not_keep_another_waiting(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    broken = make_endpoint(endpoint.workspace, "http://127.0.0.1:1/", failing_since=business.now(), failures=3)
    events = [happen(endpoint.workspace, number) for number in range(10)]
    sweep()
    assert sorted(receiver.ids) == sorted(event.public_id for event in events)
    assert Delivery.objects.filter(endpoint=broken, tries=1).count() == 1
