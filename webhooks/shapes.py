"""Endpoints and deliveries as the API answers them. Values of headers never leave; their names do."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict, cast

from accounts.models import Workspace
from common.shapes import Moment, as_moment, iso
from webhooks.access import endpoints_of, headers_of
from webhooks.events import EVENTS
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint

MASK = "********"
TRIES, TIMEOUT = 8, 30


class CampaignWebhooksShape(TypedDict):
    """What a campaign does with webhooks: its own endpoint, and whether the workspace's hear the rest."""

    url: str | None
    events: Annotated[dict[str, bool], "By event whether the campaign's own endpoint takes it."]
    headers: Annotated[dict[str, str], "Values are masked."]
    retryAttempts: int
    timeoutSeconds: int
    enabled: bool
    inheritFromTenant: Annotated[bool, "What the own endpoint does not take goes to the workspace's endpoints."]


class EndpointShape(TypedDict):
    """An address that is told what happens: of the whole workspace, or of one campaign."""

    endpointId: str
    campaignId: Annotated[str | None, "The campaign it is for; null: every campaign."]
    description: str | None
    url: str | None
    events: list[str]
    headers: Annotated[dict[str, str], "Sent with every delivery. Values are masked."]
    retryAttempts: Annotated[int, "How often a delivery is tried before it counts as failed."]
    timeoutSeconds: int
    enabled: bool
    inheritFromTenant: Annotated[bool, "Of a campaign's endpoint: what it does not take goes to the workspace's."]
    state: Annotated[
        Literal["active", "paused", "disabled"],
        "paused: by somebody, and hears nothing. disabled: after failing for long; what happens waits for it.",
    ]
    disabledReason: str | None
    failingSince: Annotated[Moment | None, "Since when every try has failed."]
    previousSecretUntil: Annotated[Moment | None, "Until when the secret before the last rotation signs too."]
    createdAt: Moment


class NewEndpointShape(EndpointShape):
    """A new endpoint with the secret that signs what it is sent."""

    secret: str


class SecretShape(TypedDict):
    secret: Annotated[str, "As Standard Webhooks writes it: give it to the library that verifies."]
    previousSecretUntil: Annotated[Moment | None, "Until when the secret before the last rotation signs too."]


class DeliveryShape(TypedDict):
    """One event on its way to one endpoint."""

    deliveryId: str
    endpointId: str
    eventId: Annotated[str, "The `webhook-id` header: the same in every try, so that a receiver may know it again."]
    event: str
    campaignId: str | None
    objectId: Annotated[str | None, "The lead or the interaction it is about."]
    state: Literal["pending", "sending", "delivered", "failed"]
    tries: int
    nextTryAt: Moment | None
    lastStatus: Annotated[int | None, "The HTTP status of the last answer."]
    lastError: str | None
    createdAt: Moment
    finishedAt: Moment | None


class AttemptShape(TypedDict):
    """One request and what came back."""

    at: Moment
    url: str
    requestHeaders: Annotated[dict[str, Any], "Without the values of the endpoint's own headers."]
    status: int | None
    responseHeaders: dict[str, Any]
    responseBody: str | None
    error: str | None
    milliseconds: int


class DeliveryDetailShape(DeliveryShape):
    """A delivery with what it carries and every try."""

    payload: dict[str, Any]
    attempts: Annotated[list[AttemptShape], "The oldest first."]


def campaign_webhooks_json(workspace: Workspace, codes: Collection[str]) -> dict[str, CampaignWebhooksShape]:
    """One for every code, in one query; the default where a campaign has no endpoint of its own."""
    own = {row.campaign_code: row for row in endpoints_of(workspace).filter(campaign_code__in={*codes} - {""})}
    return {code: _campaign_webhooks(own.get(code)) for code in codes}


def _campaign_webhooks(row: WebhookEndpoint | None) -> CampaignWebhooksShape:
    if row is None:
        return {
            "url": None,
            "events": {},
            "headers": {},
            "retryAttempts": TRIES,
            "timeoutSeconds": TIMEOUT,
            "enabled": False,
            "inheritFromTenant": True,
        }
    return {
        # Without what stands in its query: whoever may read campaigns need not have the receiver's token.
        "url": row.url.partition("?")[0] or None,
        "events": {event: event in row.events for event in EVENTS},
        "headers": masked_headers(row),
        "retryAttempts": row.max_tries,
        "timeoutSeconds": row.timeout_seconds,
        "enabled": row.state == WebhookEndpoint.State.ACTIVE,
        "inheritFromTenant": row.inherits,
    }


def masked_headers(row: WebhookEndpoint) -> dict[str, str]:
    return dict.fromkeys(headers_of(row), MASK)


def endpoint_json(row: WebhookEndpoint) -> EndpointShape:
    return {
        "endpointId": row.public_id,
        "campaignId": row.campaign_code or None,
        "description": row.description or None,
        "url": row.url or None,
        "events": list(row.events),
        "headers": masked_headers(row),
        "retryAttempts": row.max_tries,
        "timeoutSeconds": row.timeout_seconds,
        "enabled": row.state == WebhookEndpoint.State.ACTIVE,
        "inheritFromTenant": row.inherits,
        "state": cast(Any, row.state),
        "disabledReason": row.disabled_reason or None,
        "failingSince": iso(row.failing_since),
        "previousSecretUntil": iso(row.previous_secret_until),
        "createdAt": as_moment(row.created_at),
    }


def delivery_json(row: Delivery) -> DeliveryShape:
    return {
        "deliveryId": row.public_id,
        "endpointId": row.endpoint.public_id,
        "eventId": row.event.public_id,
        "event": row.event.type,
        "campaignId": row.event.campaign_code or None,
        "objectId": row.event.object_id or None,
        "state": cast(Any, row.state),
        "tries": row.tries,
        "nextTryAt": iso(next_try_of(row)),
        "lastStatus": row.last_status,
        "lastError": row.last_error or None,
        "createdAt": as_moment(row.created_at),
        "finishedAt": iso(row.finished_at),
    }


def next_try_of(row: Delivery) -> datetime | None:
    """What goes ahead of others is due before it was made."""
    return max(row.due_at, row.created_at) if row.state == Delivery.State.PENDING else None


def delivery_detail_json(row: Delivery, attempts: Iterable[DeliveryAttempt]) -> DeliveryDetailShape:
    return {
        **delivery_json(row),
        "payload": json.loads(row.event.body),
        "attempts": [attempt_json(attempt) for attempt in attempts],
    }


def attempt_json(row: DeliveryAttempt) -> AttemptShape:
    return {
        "at": as_moment(row.at),
        "url": row.url,
        "requestHeaders": row.request_headers,
        "status": row.status,
        "responseHeaders": row.response_headers,
        "responseBody": row.response_body or None,
        "error": row.error or None,
        "milliseconds": row.milliseconds,
    }
