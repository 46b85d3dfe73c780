from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common import clock as business
from tests.travel import Clock
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import happen, make_delivery, sweep
from webhooks.delivering import WAITS
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint

State = Delivery.State


def wait_of(delivery: Delivery) -> float:
    delivery.refresh_from_db()
    return (delivery.due_at - business.now()).total_seconds()


@pytest.fixture(autouse=True)
def standing_clock(clock: Clock) -> Clock:
    clock.at("2026-11-20T15:00:00Z")
    return clock


def test_after_an_outage_of_an_hour_everything_arrives_once(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    receiver.down()
    events = []
    for minute in range(60):
        events.append(happen(endpoint.workspace, minute))
        sweep()
        clock.move(minutes=1)
    receiver.up()
    for _ in range(90):
        sweep()
        clock.move(minutes=1)
    assert sorted(receiver.ids) == sorted(event.public_id for event in events)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failing_since, endpoint.failures) == ("active", None, 0)


def test_each_wait_is_longer_than_the_one_before_and_eight_tries_take_three_hours(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    receiver.reply = answer(500)
    delivery = make_delivery(endpoint)
    began = business.now()
    for number in range(7):
        sweep()
        assert 0.8 * WAITS[number] <= wait_of(delivery) <= 1.2 * WAITS[number]
        clock.move(seconds=wait_of(delivery) - 1)
        sweep()
        assert len(receiver.got) == number + 1
        clock.move(seconds=2)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries, len(receiver.got)) == (State.FAILED, 8, 8)
    assert business.now() - began > timedelta(hours=2.4)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    clock.move(days=2)
    sweep()
    assert len(receiver.got) == 8


def test_one_try_is_one_try(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(max_tries=1)
    receiver.reply = answer(500)
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts.count()) == (State.FAILED, 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_says_when_is_believed(endpoint: WebhookEndpoint, receiver: Receiver, status: int) -> None:
    receiver.reply = answer(status, Retry_After="600")
    delivery = make_delivery(endpoint)
    sweep()
    assert wait_of(delivery) == 600


def test_a_date_is_a_time_too(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = answer(429, Retry_After=format_datetime(datetime.now(UTC) + timedelta(minutes=20), usegmt=True))
    delivery = make_delivery(endpoint)
    sweep()
    assert 1000 < wait_of(delivery) <= 1200


@pytest.mark.parametrize("text", ["86400", "9" * 400])
def test_but_not_for_longer_than_an_hour(endpoint: WebhookEndpoint, receiver: Receiver, text: str) -> None:
    receiver.reply = answer(429, Retry_After=text)
    delivery = make_delivery(endpoint)
    sweep()
    assert wait_of(delivery) == 3600


@pytest.mark.parametrize(("status", "text"), [(500, "600"), (429, "soon"), (503, "-5"), (429, "²")])
def test_what_is_no_time_or_no_such_answer_changes_nothing(
    endpoint: WebhookEndpoint, receiver: Receiver, status: int, text: str
) -> None:
    receiver.reply = answer(status, Retry_After=text.encode().decode("latin-1"))
    delivery = make_delivery(endpoint)
    sweep()
    assert wait_of(delivery) <= 12


def test_every_try_leaves_a_row(endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock) -> None:
    receiver.reply = answer(500)
    make_delivery(endpoint)
    sweep()
    receiver.reply = answer(200)
    clock.move(seconds=13)
    sweep()
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("status", flat=True)) == [500, 200]
