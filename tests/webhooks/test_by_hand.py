"""Replays and tests: what people ask for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts.actors import Actor
from accounts.models import AuditEvent
from common import clock as business
from common.errors import ProblemError
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import happen, make_delivery, sweep
from webhooks.delivering import claim
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import replay, replay_failed, send_test

State = Delivery.State


def fail(endpoint: WebhookEndpoint, receiver: Receiver) -> Delivery:
    WebhookEndpoint.objects.update(max_tries=1)
    receiver.reply = answer(500)
    delivery = make_delivery(endpoint)
    sweep()
    receiver.reply = answer(200)
    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    return delivery


def test_a_replayed_delivery_arrives_under_the_same_id(
    endpoint: WebhookEndpoint, receiver: Receiver, by: Actor
) -> None:
    delivery = fail(endpoint, receiver)
    replay(delivery=delivery, by=by)
    assert (delivery.state, delivery.tries, delivery.finished_at) == (State.PENDING, 0, None)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error, delivery.attempts.count()) == (State.DELIVERED, "", 2)
    assert len(set(receiver.ids)) == 1
    assert receiver.got[0].body == receiver.got[1].body
    assert AuditEvent.objects.get(verb="webhook.replayed").data["delivery"] == delivery.public_id


def test_what_was_delivered_can_be_replayed_too(endpoint: WebhookEndpoint, receiver: Receiver, by: Actor) -> None:
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    replay(delivery=delivery, by=by)
    sweep()
    assert receiver.ids == [delivery.event.public_id] * 2


def test_what_is_being_sent_is_not_replayed(endpoint: WebhookEndpoint, by: Actor) -> None:
    delivery = make_delivery(endpoint)
    claim(endpoint.pk)
    with pytest.raises(ProblemError, match="being sent right now"):
        replay(delivery=delivery, by=by)
    delivery.refresh_from_db()
    assert delivery.state == State.SENDING
    assert not AuditEvent.objects.filter(verb="webhook.replayed").exists()


def test_all_that_failed_since_then_is_replayed(endpoint: WebhookEndpoint, receiver: Receiver, by: Actor) -> None:
    old, young = fail(endpoint, receiver), fail(endpoint, receiver)
    happen(endpoint.workspace)
    sweep()
    Delivery.objects.filter(pk=old.pk).update(created_at=business.now() - timedelta(days=2))
    receiver.got.clear()
    assert replay_failed(endpoint=endpoint, since=business.now() - timedelta(days=1), by=by) == 1
    sweep()
    assert receiver.ids == [young.event.public_id]
    assert replay_failed(endpoint=endpoint, since=business.now() - timedelta(days=1), by=by) == 0


@pytest.mark.parametrize("state", ["active", "disabled"])
def test_a_test_goes_out_before_everything_that_waits(
    endpoint: WebhookEndpoint, receiver: Receiver, by: Actor, state: str
) -> None:
    happen(endpoint.workspace)
    WebhookEndpoint.objects.update(state=state)
    endpoint.refresh_from_db()
    delivery = send_test(endpoint=endpoint, by=by)
    sweep()
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert json.loads(receiver.got[0].body)["event"] == "webhook.test"
    assert len(receiver.got) == (2 if state == "active" else 1)


def test_a_paused_endpoint_is_not_tested(endpoint: WebhookEndpoint, by: Actor) -> None:
    endpoint.state = WebhookEndpoint.State.PAUSED
    endpoint.save()
    with pytest.raises(ProblemError, match="switch it on first"):
        send_test(endpoint=endpoint, by=by)


def test_an_endpoint_without_url_is_not_tested(endpoint: WebhookEndpoint, by: Actor) -> None:
    endpoint.url = ""
    endpoint.save()
    with pytest.raises(ProblemError, match="no URL"):
        send_test(endpoint=endpoint, by=by)
