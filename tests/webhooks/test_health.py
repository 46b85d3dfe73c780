"""A receiver that fails for long is left alone, and its people are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from accounts.actors import Actor
from accounts.models import AuditEvent, Role, User
from tests import world as people
from tests.travel import Clock
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import happen, make_delivery, sweep
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import release, send_test

State = WebhookEndpoint.State


@pytest.fixture(autouse=True)
def standing_clock(clock: Clock) -> Clock:
    clock.at("2026-11-20T15:00:00Z")
    return clock


def fail_for(endpoint: WebhookEndpoint, clock: Clock, *, hours: int, every: int = 6) -> None:
    for _ in range(hours // every):
        happen(endpoint.workspace)
        sweep()
        clock.move(hours=every)
    happen(endpoint.workspace)
    sweep()
    endpoint.refresh_from_db()


def test_after_three_days_of_failures_an_endpoint_is_switched_off_with_notice(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    clock: Clock,
    alice: User,
    bob: User,
    django_capture_on_commit_callbacks: Any,
) -> None:
    people.make_user("Adam", endpoint.workspace, Role.ADMIN)
    receiver.reply = answer(500)
    fail_for(endpoint, clock, hours=66)
    assert endpoint.state == State.ACTIVE
    with django_capture_on_commit_callbacks(execute=True):
        fail_for(endpoint, clock, hours=6)
    assert endpoint.state == State.DISABLED
    assert "Every try since 20 November 2026, 15:00 UTC has failed" in endpoint.disabled_reason
    event = AuditEvent.objects.get(verb="webhook.disabled")
    assert (event.user, event.api_key, event.object_id) == (None, None, endpoint.public_id)
    assert sorted(message.to[0] for message in mail.outbox) == ["adam@example.com", "alice@example.com"]
    assert endpoint.url in mail.outbox[0].body
    assert endpoint.disabled_reason in mail.outbox[0].body
    assert endpoint.url in mail.outbox[0].subject


def test_three_days_without_ten_failures_are_not_enough(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    receiver.reply = answer(500)
    WebhookEndpoint.objects.update(max_tries=1)
    fail_for(endpoint, clock, hours=96, every=24)
    assert (endpoint.state, endpoint.failures) == (State.ACTIVE, 5)


def test_one_success_makes_an_endpoint_healthy(endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock) -> None:
    receiver.reply = answer(500)
    fail_for(endpoint, clock, hours=66)
    assert endpoint.failing_since
    receiver.reply = answer(200)
    fail_for(endpoint, clock, hours=12)
    assert WebhookEndpoint.objects.values_list("state", "failing_since", "failures").get() == ("active", None, 0)


def test_gone_switches_off_at_once(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = answer(410)
    happen(endpoint.workspace)
    sweep()
    endpoint.refresh_from_db()
    assert endpoint.state == State.DISABLED
    assert "410" in endpoint.disabled_reason


def test_a_disabled_endpoint_collects_and_is_sent_everything_when_released(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    receiver.reply = answer(410)
    first = happen(endpoint.workspace)
    sweep()
    receiver.reply = answer(200)
    second = happen(endpoint.workspace)
    clock.move(days=1)
    sweep()
    assert len(receiver.got) == 1
    WebhookEndpoint.objects.update(state=State.ACTIVE)
    endpoint.refresh_from_db()
    release(endpoint)
    sweep()
    assert receiver.ids[1:] == [first.public_id, second.public_id]
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.failures, endpoint.disabled_reason) == (None, 0, "")


def test_a_released_endpoint_has_all_its_tries_again(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    delivery = make_delivery(endpoint)
    Delivery.objects.update(tries=7)
    release(endpoint)
    receiver.reply = answer(500)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (Delivery.State.PENDING, 1)


def test_a_mail_server_that_is_down_undoes_nothing(
    endpoint: WebhookEndpoint, receiver: Receiver, alice: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    receiver.reply = answer(410)
    with django_capture_on_commit_callbacks(execute=True):
        happen(endpoint.workspace)
        sweep()
    endpoint.refresh_from_db()
    assert endpoint.state == State.DISABLED


def test_a_test_that_fails_says_nothing_of_an_endpoints_health(
    endpoint: WebhookEndpoint, receiver: Receiver, alice: User
) -> None:
    receiver.reply = answer(410)
    delivery = send_test(endpoint=endpoint, by=Actor(user=alice))
    sweep()
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.state, delivery.tries) == (Delivery.State.FAILED, 1)
    assert (endpoint.state, endpoint.failures) == (State.ACTIVE, 0)
