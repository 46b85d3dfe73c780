"""What a receiver gets, and what its answer does."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import WebhookVerificationError

from common import clock as business
from tests.travel import Clock
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import happen, make_delivery, sweep
from webhooks.models import Delivery, WebhookEndpoint, new_secret
from webhooks.shapes import MASK

State = Delivery.State


def test_an_event_arrives_signed_byte_for_byte(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    event = happen(endpoint.workspace)
    sweep()
    [got] = receiver.got
    assert got.verified(endpoint.secret)["n"] == 1
    assert (got.method, got.path, got.body) == ("POST", "/hook", event.body.encode())
    assert got.headers["webhook-id"] == event.public_id
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("LeadSail/")
    with pytest.raises(WebhookVerificationError):
        got.verified(new_secret())


def test_what_was_sent_and_answered_is_kept(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = answer(202, "grüße\0".encode(), X_Trace="abc")
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries, delivery.last_status, delivery.last_error) == (State.DELIVERED, 1, 202, "")
    assert delivery.finished_at
    attempt = delivery.attempts.get()
    assert (attempt.url, attempt.status, attempt.error) == (receiver.url, 202, "")
    assert attempt.response_body == "grüße"
    assert attempt.response_headers["X-Trace"] == "abc"
    assert attempt.request_headers["webhook-id"] == delivery.event.public_id


def test_the_timestamp_is_real_time_while_the_body_tells_business_time(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    clock.at("2031-01-01T12:00:00Z")
    happen(endpoint.workspace)
    sweep()
    assert receiver.got[0].verified(endpoint.secret)["timestamp"].startswith("2031-01-01T12:00:00")


def test_custom_headers_are_sent_but_never_kept(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    endpoint.headers = json.dumps({"Authorization": "Bearer s3cret"})
    endpoint.save()
    delivery = make_delivery(endpoint)
    sweep()
    assert receiver.got[0].headers["authorization"] == "Bearer s3cret"
    assert delivery.attempts.get().request_headers["Authorization"] == MASK


@pytest.mark.parametrize("name", ["Webhook-Id", "webhook-signature", "Content-Type", "Host", "Content-Length"])
def test_a_custom_header_does_not_replace_ours(endpoint: WebhookEndpoint, receiver: Receiver, name: str) -> None:
    endpoint.headers = json.dumps({name: "7"})
    endpoint.save()
    event = happen(endpoint.workspace)
    sweep()
    [got] = receiver.got
    assert got.verified(endpoint.secret)
    assert got.headers["webhook-id"] == event.public_id
    assert got.headers[name.lower()] != "7"


def test_during_rotation_either_secret_verifies_and_then_only_the_new_one(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock
) -> None:
    clock.at("2026-11-20T15:00:00Z")
    old, new = endpoint.secret, new_secret()
    endpoint.secret, endpoint.previous_secret = new, old
    endpoint.previous_secret_until = business.now() + timedelta(hours=24)
    endpoint.save()
    happen(endpoint.workspace)
    sweep()
    assert receiver.got[0].verified(old) == receiver.got[0].verified(new)
    clock.move(hours=25)
    happen(endpoint.workspace)
    sweep()
    assert receiver.got[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified(old)


@pytest.mark.parametrize(
    ("status", "words"), [(302, "redirect, which is not followed"), (404, "answered 404"), (500, "answered 500")]
)
def test_anything_but_success_is_a_failed_try(
    endpoint: WebhookEndpoint, receiver: Receiver, status: int, words: str
) -> None:
    receiver.reply = answer(status, Location=receiver.url)
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries, delivery.last_status) == (State.PENDING, 1, status)
    assert words in delivery.last_error
    assert len(receiver.got) == 1


def test_nobody_at_the_address_is_a_failed_try_in_words(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.down()
    delivery = make_delivery(endpoint)
    sweep()
    attempt = delivery.attempts.get()
    assert attempt.status is None
    refused = f"127.0.0.1 did not accept the connection on port {receiver.port}"
    assert attempt.error == f"Not sent: {refused}: check that the receiver runs there."


def test_a_private_address_is_refused_without_the_setting(
    endpoint: WebhookEndpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = []
    delivery = make_delivery(endpoint)
    sweep()
    assert "private or reserved address" in delivery.attempts.get().error
    assert receiver.got == []


def _drip(request: BaseHTTPRequestHandler, start: bytes) -> None:
    """A byte now and then, for a minute."""
    with contextlib.suppress(ConnectionError):
        request.wfile.write(start)
        for _ in range(300):
            request.wfile.write(b"x")
            time.sleep(0.2)


def test_an_answer_whose_headers_drip_is_cut_at_the_timeout(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = lambda request: _drip(request, b"HTTP/1.0 200 OK\r\nX-Slow: ")
    WebhookEndpoint.objects.update(timeout_seconds=1)
    delivery = make_delivery(endpoint)
    began = time.monotonic()
    sweep()
    assert time.monotonic() - began < 10
    attempt = delivery.attempts.get()
    assert (attempt.status, attempt.error) == (None, "No answer: nothing came within 1 s.")


def test_an_answer_whose_body_drips_counts_by_its_status(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = lambda request: _drip(request, b"HTTP/1.0 200 OK\r\n\r\nhello")
    WebhookEndpoint.objects.update(timeout_seconds=1)
    delivery = make_delivery(endpoint)
    began = time.monotonic()
    sweep()
    assert time.monotonic() - began < 10
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert delivery.attempts.get().response_body.startswith("hellox")


def test_of_a_huge_answer_only_the_beginning_is_kept(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = answer(200, b"y" * 5_000_000)
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert delivery.attempts.get().response_body == "y" * 4000


@pytest.mark.parametrize("column", ["secret", "headers"])
def test_a_secret_that_cannot_be_decrypted_is_a_failed_try(
    endpoint: WebhookEndpoint, receiver: Receiver, settings: Any, column: str
) -> None:
    endpoint.headers = json.dumps({"X-A": "1"})
    endpoint.save()
    ours = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    WebhookEndpoint.objects.update(**{column: "x"})
    settings.FIELD_ENCRYPTION_KEYS = ours
    delivery = make_delivery(endpoint)
    sweep()
    delivery.refresh_from_db()
    assert delivery.state == State.PENDING
    assert f"WebhookEndpoint.{column} was encrypted with a key" in delivery.attempts.get().error
    assert receiver.got == []


def test_a_secret_that_is_not_base64_is_a_failed_try(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(secret="whsec_?")
    delivery = make_delivery(endpoint)
    sweep()
    assert delivery.attempts.get().error == "Not sent: the endpoint's secret cannot be used: rotate it."
    assert receiver.got == []
