"""What was sent to webhook endpoints, what came back, and sending it again."""

from __future__ import annotations

from typing import Annotated, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from webhooks.access import deliveries_of, delivery_of, endpoint_of
from webhooks.api.endpoints import TAG
from webhooks.serializers import DeliveriesQuery, ReplayFailed
from webhooks.services import replay, replay_failed, send_test
from webhooks.shapes import DeliveryDetailShape, DeliveryShape, delivery_detail_json, delivery_json

DELIVERY: DeliveryShape = {
    "deliveryId": "dlv_01jc2v8m7q4k5n9x3r6t0y2w8z",
    "endpointId": "wh_01jc2v8m7q4k5n9x3r6t0y2w8z",
    "eventId": "evt_01jc2v8m7q4k5n9x3r6t0y2w8z",
    "event": "lead.status_changed",
    "campaignId": "HXZ",
    "objectId": "lead_abc123",
    "state": "delivered",
    "tries": 1,
    "nextTryAt": None,
    "lastStatus": 200,
    "lastError": None,
    "createdAt": "2026-03-02T15:04:05.000Z",
    "finishedAt": "2026-03-02T15:04:06.000Z",
}
WAITING: DeliveryShape = {
    **DELIVERY,
    "state": "pending",
    "tries": 0,
    "nextTryAt": "2026-03-02T15:04:05.000Z",
    "lastStatus": None,
    "finishedAt": None,
}
DETAIL: DeliveryDetailShape = {
    **DELIVERY,
    "payload": {
        "event": "lead.status_changed",
        "id": "evt_01jc2v8m7q4k5n9x3r6t0y2w8z",
        "timestamp": "2026-03-02T15:04:05.000Z",
        "leadId": "lead_abc123",
        "campaignId": "HXZ",
        "status": "qualified",
    },
    "attempts": [
        {
            "at": "2026-03-02T15:04:05.000Z",
            "url": "https://crm.example.com/hooks/leadsail",
            "requestHeaders": {"webhook-id": "evt_01jc2v8m7q4k5n9x3r6t0y2w8z", "content-type": "application/json"},
            "status": 200,
            "responseHeaders": {"content-type": "text/plain"},
            "responseBody": "ok",
            "error": None,
            "milliseconds": 84,
        }
    ],
}


class DeliveriesShape(TypedDict):
    deliveries: list[DeliveryShape]
    nextCursor: Annotated[str | None, "Give it as `cursor` to get the next page."]
    hasMore: bool


class ReplayedShape(TypedDict):
    replayed: Annotated[int, "How many deliveries are sent again."]


class Deliveries(ApiView):
    @operation(
        "listWebhookDeliveries",
        "List an endpoint's deliveries",
        tag=TAG,
        scope="webhooks:read",
        description="Newest first.",
        query=DeliveriesQuery,
        data=DeliveriesShape,
        example={"deliveries": [DELIVERY], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        asked = self.query()
        known = deliveries_of(self.workspace).filter(endpoint=endpoint_of(self.workspace, endpoint_id))
        wanted = {"state": asked.get("state"), "event__type": asked.get("event")}
        page = self.page(known.filter(**{name: value for name, value in wanted.items() if value}), known=known)
        deliveries = [delivery_json(row) for row in page.rows]
        return self.answer(DeliveriesShape(deliveries=deliveries, nextCursor=page.next_cursor, hasMore=page.has_more))


class DeliveryDetail(ApiView):
    @operation(
        "getWebhookDelivery",
        "Get a delivery",
        tag=TAG,
        scope="webhooks:read",
        description="With what it carries, and the request and the answer of every try.",
        data=DeliveryDetailShape,
        example=DETAIL,
    )
    def get(self, request: Request, delivery_id: str) -> Response:
        row = delivery_of(self.workspace, delivery_id)
        return self.answer(delivery_detail_json(row, row.attempts.order_by("id")))


class Replay(ApiView):
    @operation(
        "replayWebhookDelivery",
        "Send a delivery again",
        tag=TAG,
        scope="webhooks:write",
        description="The same event with the same `webhook-id`, to the endpoint as it is now.",
        data=DeliveryShape,
        idempotent=True,
        example=WAITING,
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        replay(delivery=delivery_of(self.workspace, delivery_id), by=self.actor)
        return self.answer(delivery_json(delivery_of(self.workspace, delivery_id)))


class ReplayAllFailed(ApiView):
    @operation(
        "replayFailedWebhookDeliveries",
        "Send all failed deliveries again",
        tag=TAG,
        scope="webhooks:write",
        description="Of one endpoint, as far back as `since` says.",
        body=ReplayFailed,
        data=ReplayedShape,
        idempotent=True,
        body_example={"since": "2026-03-02T00:00:00Z"},
        example={"replayed": 12},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        endpoint = endpoint_of(self.workspace, endpoint_id)
        count = replay_failed(endpoint=endpoint, since=self.body()["since"], by=self.actor)
        return self.answer(ReplayedShape(replayed=count))


class Test(ApiView):
    @operation(
        "testWebhookEndpoint",
        "Send a test event",
        tag=TAG,
        scope="webhooks:write",
        description="A `webhook.test` event, signed like every other. Read the delivery to see what came back.",
        data=DeliveryShape,
        idempotent=True,
        example={**WAITING, "event": "webhook.test", "campaignId": None, "objectId": None},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        made = send_test(endpoint=endpoint_of(self.workspace, endpoint_id), by=self.actor)
        return self.answer(delivery_json(delivery_of(self.workspace, made.public_id)))
