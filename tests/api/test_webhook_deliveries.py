"""The log of deliveries over the API, and sending again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from campaigns.models import Campaign
from common import clock as business_clock
from tests import world
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks.services import emit

ENDPOINTS, DELIVERIES = "/api/v1/webhook-endpoints", "/api/v1/webhook-deliveries"


@pytest.fixture
def endpoint(workspace: Workspace) -> WebhookEndpoint:
    events = ["lead.queued", "call.completed"]
    return WebhookEndpoint.objects.create(workspace=workspace, url="https://crm.example.com/hook", events=events)


def happen(workspace: Workspace, event: str = "lead.queued", **state: Any) -> Delivery:
    row = emit(
        event, workspace=workspace, campaign_code="HXZ", object_id="lead_x", payload=lambda: {"leadId": "lead_x"}
    )
    assert row is not None
    Delivery.objects.filter(event=row).update(**state)
    return Delivery.objects.get(event=row)


def log_of(api: Client, endpoint: WebhookEndpoint, **query: Any) -> Any:
    return api.get(f"{ENDPOINTS}/{endpoint.public_id}/deliveries", query)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["deliveryId"] for row in answer.json()["data"]["deliveries"]]


def test_a_waiting_delivery_says_when_it_is_tried_next(api: Client, endpoint: WebhookEndpoint) -> None:
    delivery = happen(endpoint.workspace)
    (shown,) = log_of(api, endpoint).json()["data"]["deliveries"]
    assert shown.pop("createdAt") == shown.pop("nextTryAt")
    assert shown == {
        "deliveryId": delivery.public_id,
        "endpointId": endpoint.public_id,
        "eventId": delivery.event.public_id,
        "event": "lead.queued",
        "campaignId": "HXZ",
        "objectId": "lead_x",
        "state": "pending",
        "tries": 0,
        "lastStatus": None,
        "lastError": None,
        "finishedAt": None,
    }


def test_one_delivery_is_shown_with_what_it_carries_and_every_try(api: Client, endpoint: WebhookEndpoint) -> None:
    delivery = happen(endpoint.workspace, state="failed", tries=2, last_status=500)
    for status in (503, 500):
        DeliveryAttempt.objects.create(
            delivery=delivery,
            url=endpoint.url,
            request_headers={"webhook-id": delivery.event.public_id},
            status=status,
            response_headers={"Server": "nginx"},
            response_body="oops",
            milliseconds=12,
        )
    shown = api.get(f"{DELIVERIES}/{delivery.public_id}").json()["data"]
    assert shown["payload"]["leadId"] == "lead_x"
    assert shown["payload"]["event"] == "lead.queued"
    assert [attempt["status"] for attempt in shown["attempts"]] == [503, 500]
    attempt = shown["attempts"][0]
    assert attempt.pop("at").endswith("Z")
    assert attempt == {
        "url": endpoint.url,
        "requestHeaders": {"webhook-id": delivery.event.public_id},
        "status": 503,
        "responseHeaders": {"Server": "nginx"},
        "responseBody": "oops",
        "error": None,
        "milliseconds": 12,
    }


def test_the_log_is_narrowed_by_state_and_event_and_paged(api: Client, endpoint: WebhookEndpoint) -> None:
    made = [
        happen(endpoint.workspace, event, state=state).public_id
        for event, state in (("lead.queued", "failed"), ("call.completed", "failed"), ("lead.queued", "delivered"))
    ]
    assert ids(log_of(api, endpoint)) == made[::-1]
    assert ids(log_of(api, endpoint, state="failed")) == [made[1], made[0]]
    assert ids(log_of(api, endpoint, state="failed", event="lead.queued")) == [made[0]]
    first = log_of(api, endpoint, limit=2)
    assert first.json()["data"]["hasMore"] is True
    assert ids(log_of(api, endpoint, limit=2, cursor=first.json()["data"]["nextCursor"])) == [made[0]]
    assert log_of(api, endpoint, state="lost").status_code == 400
    assert log_of(api, endpoint, event="lead.nothing").status_code == 400


def test_the_log_costs_as_many_queries_for_many(api: Client, endpoint: WebhookEndpoint) -> None:
    happen(endpoint.workspace)
    # The first use of a key is written down.
    log_of(api, endpoint)
    few = _count(api, endpoint)
    for _ in range(5):
        happen(endpoint.workspace)
    assert _count(api, endpoint) == few


def _count(api: Client, endpoint: WebhookEndpoint) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert log_of(api, endpoint).status_code == 200
    return len(queries)


def test_a_test_is_sent_as_a_delivery_that_can_be_followed(api: Client, endpoint: WebhookEndpoint) -> None:
    answer = api.post(f"{ENDPOINTS}/{endpoint.public_id}/test", {}, content_type="application/json")
    shown = answer.json()["data"]
    assert (shown["event"], shown["state"], shown["endpointId"]) == ("webhook.test", "pending", endpoint.public_id)
    assert shown["nextTryAt"] == shown["createdAt"]
    assert ids(log_of(api, endpoint, event="webhook.test")) == [shown["deliveryId"]]


def test_a_test_of_a_paused_endpoint_is_refused_in_words(api: Client, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(state="paused")
    answer = api.post(f"{ENDPOINTS}/{endpoint.public_id}/test", {}, content_type="application/json")
    assert answer.status_code == 400
    assert "switch it on first" in answer.json()["error"]["message"]


def test_a_failed_delivery_is_sent_again_from_its_first_try(api: Client, endpoint: WebhookEndpoint) -> None:
    delivery = happen(endpoint.workspace, state="failed", tries=8, finished_at=business_clock.now())
    answer = api.post(f"{DELIVERIES}/{delivery.public_id}/replay", {}, content_type="application/json")
    shown = answer.json()["data"]
    assert (shown["state"], shown["tries"], shown["finishedAt"]) == ("pending", 0, None)
    assert shown["deliveryId"] == delivery.public_id


def test_what_is_being_sent_is_not_sent_again(api: Client, endpoint: WebhookEndpoint) -> None:
    delivery = happen(endpoint.workspace, state="sending")
    answer = api.post(f"{DELIVERIES}/{delivery.public_id}/replay", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "DELIVERY_IN_PROGRESS")


def test_all_that_failed_since_a_moment_is_sent_again(api: Client, endpoint: WebhookEndpoint) -> None:
    now = business_clock.now()
    old = happen(endpoint.workspace, state="failed", created_at=now - timedelta(days=2))
    fresh = happen(endpoint.workspace, state="failed")
    done = happen(endpoint.workspace, state="delivered")
    url, since = f"{ENDPOINTS}/{endpoint.public_id}/replay-failed", (now - timedelta(days=1)).isoformat()
    answer = api.post(url, {"since": since}, content_type="application/json")
    assert answer.json()["data"] == {"replayed": 1}
    states = dict(Delivery.objects.values_list("public_id", "state"))
    assert states == {old.public_id: "failed", fresh.public_id: "pending", done.public_id: "delivered"}
    for body in ({}, {"since": "yesterday"}, {"since": None}):
        assert api.post(url, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "/replay")])
def test_another_workspaces_delivery_is_not_found(
    api: Client, workspace: Workspace, elsewhere: Campaign, method: str, path: str
) -> None:
    WebhookEndpoint.objects.create(workspace=elsewhere.workspace, url="https://x.example.com", events=["lead.queued"])
    foreign = happen(elsewhere.workspace, state="failed")
    for delivery_id in (foreign.public_id, "dlv_nobody"):
        answer = getattr(api, method)(f"{DELIVERIES}/{delivery_id}{path}", content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert Delivery.objects.get(pk=foreign.pk).state == "failed"


@pytest.mark.parametrize(
    ("method", "path", "scope"), [("get", "", "webhooks:read"), ("post", "/replay", "webhooks:write")]
)
def test_a_key_without_the_scope_is_refused(endpoint: WebhookEndpoint, method: str, path: str, scope: str) -> None:
    delivery = happen(endpoint.workspace, state="failed")
    other = "webhooks:write" if scope == "webhooks:read" else "webhooks:read"
    program = Client(headers={"X-API-Key": world.make_key(endpoint.workspace, (other,))})
    answer = getattr(program, method)(f"{DELIVERIES}/{delivery.public_id}{path}", content_type="application/json")
    assert answer.status_code == 403
    assert scope in answer.json()["error"]["message"]
