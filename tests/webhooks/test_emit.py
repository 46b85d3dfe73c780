from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Workspace
from tests.webhooks import world
from tests.webhooks.receiver import Receiver
from tests.webhooks.world import EVENT, happen, sweep
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent
from webhooks.services import emit


def test_where_nobody_listens_an_event_costs_one_query(workspace: Workspace, django_assert_num_queries: Any) -> None:
    def never() -> dict[str, Any]:
        raise AssertionError("nobody wants to know")

    with django_assert_num_queries(1):
        assert emit(EVENT, workspace=workspace, campaign_code="ABC", object_id="int_1", payload=never) is None


def test_what_is_rolled_back_was_never_told(endpoint: WebhookEndpoint, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        happen(endpoint.workspace)
        transaction.set_rollback(True)
    assert callbacks == []
    assert not WebhookEvent.objects.exists()
    assert not Delivery.objects.exists()


def test_a_job_is_sent_after_the_commit_to_an_endpoint_that_is_served(
    endpoint: WebhookEndpoint, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        happen(endpoint.workspace)
    assert len(callbacks) == 1
    WebhookEndpoint.objects.update(state=WebhookEndpoint.State.DISABLED)
    with django_capture_on_commit_callbacks() as callbacks:
        happen(endpoint.workspace)
    assert callbacks == []


def test_of_two_endpoints_each_gets_its_own_delivery(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    world.make_endpoint(endpoint.workspace, receiver.url)
    world.make_endpoint(endpoint.workspace, receiver.url, events=["lead.dnc"])
    world.make_endpoint(endpoint.workspace, receiver.url, state=WebhookEndpoint.State.PAUSED)
    event = happen(endpoint.workspace)
    sweep()
    assert receiver.ids == [event.public_id] * 2


def test_another_workspace_hears_nothing(endpoint: WebhookEndpoint, elsewhere: Any, receiver: Receiver) -> None:
    world.make_endpoint(elsewhere.workspace, receiver.url)
    event = happen(endpoint.workspace)
    sweep()
    assert receiver.ids == [event.public_id]


@pytest.mark.parametrize(
    ("own", "heard"),
    [
        ({}, ["own"]),
        ({"events": ["lead.dnc"]}, ["general"]),
        ({"events": ["lead.dnc"], "inherits": False}, []),
        ({"state": WebhookEndpoint.State.PAUSED}, ["general"]),
        ({"url": "", "state": WebhookEndpoint.State.PAUSED, "inherits": False}, []),
    ],
)
def test_a_campaigns_endpoint_comes_first(workspace: Workspace, own: dict[str, Any], heard: list[str]) -> None:
    world.make_endpoint(workspace, "https://a.example/", description="general")
    fields = {"url": "https://b.example/", "campaign_code": "ABC", "description": "own", **own}
    world.make_endpoint(workspace, **fields)
    emit(EVENT, workspace=workspace, campaign_code="ABC", object_id="int_1", payload=dict)
    assert [delivery.endpoint.description for delivery in Delivery.objects.all()] == heard
