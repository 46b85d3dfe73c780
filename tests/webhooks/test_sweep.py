from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.models import Workspace
from common import clock as business
from tests.travel import Clock
from tests.webhooks.receiver import Receiver
from tests.webhooks.world import happen, make_delivery, make_endpoint
from webhooks import pool
from webhooks.jobs import serve
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint, WebhookEvent
from webhooks.pool import take_turn
from webhooks.services import send_test
from webhooks.sweep import forget_old, in_need, sweep_webhooks

URL = "https://receiver.example/hook"


def test_each_endpoint_is_asked_for_as_often_as_it_can_be_served(workspace: Workspace) -> None:
    healthy, failing = make_endpoint(workspace, URL), make_endpoint(workspace, URL, failing_since=business.now())
    for number in range(20):
        happen(workspace, number)
    make_endpoint(workspace, URL)
    assert Counter(in_need()) == {healthy.pk: 5, failing.pk: 1}
    on_the_way = [Delivery.objects.filter(endpoint=row).earliest("pk").pk for row in (healthy, failing)]
    Delivery.objects.filter(pk__in=on_the_way).update(state="sending", claimed_at=business.real_now())
    assert Counter(in_need()) == {healthy.pk: 4}


def test_what_is_not_due_or_not_wanted_is_left(workspace: Workspace, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00Z")
    endpoint = make_endpoint(workspace, URL)
    delivery = make_delivery(endpoint)
    Delivery.objects.update(due_at=business.now() + timedelta(seconds=1))
    assert list(in_need()) == []
    clock.move(seconds=1)
    assert list(in_need()) == [delivery.endpoint_id]
    for state in ("paused", "disabled"):
        WebhookEndpoint.objects.update(state=state)
        assert list(in_need()) == []


def test_a_sweep_costs_the_same_however_long_the_backlog(workspace: Workspace) -> None:
    endpoint = make_endpoint(workspace, URL)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            sweep_webhooks()
        return len(seen)

    for number in range(10):
        make_delivery(endpoint, number)
    few = queries()
    for number in range(40):
        make_delivery(endpoint, number)
    assert queries() == few


def test_a_burst_arrives_whole_and_in_order(
    endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.at("2026-11-20T15:00:00Z")
    monkeypatch.setattr(pool, "TURN_SECONDS", 600)
    events = [happen(endpoint.workspace, number) for number in range(200)]
    take_turn(endpoint.pk)
    assert receiver.ids == [event.public_id for event in events]


def test_a_turn_ends_and_the_endpoint_stands_in_line_again(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(pool, "hand_over", asked.append)
    monkeypatch.setattr(pool, "TURN_SECONDS", 0)
    happen(endpoint.workspace)
    happen(endpoint.workspace)
    take_turn(endpoint.pk)
    assert len(receiver.got) == 1
    assert asked == [endpoint.pk]


@pytest.mark.django_db(transaction=True)
def test_the_job_hands_over_and_whoever_stops_waits_for_what_was_begun(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    events = [happen(endpoint.workspace, number) for number in range(3)]
    serve(endpoint.pk)
    serve(0)
    pool.drain()
    assert receiver.ids
    assert set(receiver.ids) <= {event.public_id for event in events}
    assert not Delivery.objects.filter(state=Delivery.State.SENDING).exists()


@pytest.mark.parametrize(
    ("fields", "is_tested", "lanes"),
    [
        ({}, False, ["DELIVERIES"]),
        ({"failing_since": business.now()}, False, ["PROBES"]),
        ({}, True, ["TESTS", "DELIVERIES"]),
        ({"failing_since": business.now()}, True, ["TESTS", "PROBES"]),
    ],
)
def test_what_is_healthy_what_fails_and_tests_have_threads_of_their_own(
    workspace: Workspace,
    by: Actor,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    is_tested: bool,
    lanes: list[str],
) -> None:
    endpoint = make_endpoint(workspace, URL, **fields)
    if is_tested:
        send_test(endpoint=endpoint, by=by)
    asked: list[str] = []
    for name in ("DELIVERIES", "PROBES", "TESTS"):
        monkeypatch.setattr(getattr(pool, name), "submit", lambda *who, name=name: asked.append(name))
    pool.hand_over(endpoint.pk)
    assert asked == lanes


def test_after_a_month_everything_is_forgotten(endpoint: WebhookEndpoint, receiver: Receiver, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00Z")
    happen(endpoint.workspace)
    take_turn(endpoint.pk)
    clock.move(days=29)
    young = happen(endpoint.workspace)
    forget_old()
    assert WebhookEvent.objects.count() == 2
    clock.move(days=2)
    forget_old()
    assert list(WebhookEvent.objects.all()) == [young]
    assert not DeliveryAttempt.objects.exists()
