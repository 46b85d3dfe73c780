"""Webhook endpoints over the API: the rules are those of webhooks.endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypedDict

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from campaigns.access import campaign_of
from common.operations import operation
from common.shapes import iso
from webhooks.access import endpoint_of, endpoints_of
from webhooks.endpoints import (
    both_sign_until,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    secret_of,
    update_endpoint,
)
from webhooks.events import EVENT_WORDS
from webhooks.serializers import CreateEndpoint, EndpointsQuery, UpdateEndpoint
from webhooks.shapes import EndpointShape, NewEndpointShape, SecretShape, endpoint_json

TAG = "Webhooks"
COLUMNS = {
    "description": "description",
    "url": "url",
    "events": "events",
    "headers": "headers",
    "retryAttempts": "max_tries",
    "timeoutSeconds": "timeout_seconds",
    "inheritFromTenant": "inherits",
    "enabled": "enabled",
}
# Where the API's name is not the column's in camel case.
NAMES = {"max_tries": "retry_attempts", "inherits": "inherit_from_tenant", "campaign_code": "campaign_id"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENDPOINT: EndpointShape = {
    "endpointId": "wh_01jc2v8m7q4k5n9x3r6t0y2w8z",
    "campaignId": None,
    "description": "CRM of Doe Kitchens",
    "url": "https://crm.example.com/hooks/leadsail",
    "events": ["lead.status_changed", "call.completed"],
    "headers": {"Authorization": "********"},
    "retryAttempts": 8,
    "timeoutSeconds": 30,
    "enabled": True,
    "inheritFromTenant": True,
    "state": "active",
    "disabledReason": None,
    "failingSince": None,
    "previousSecretUntil": None,
    "createdAt": "2026-03-02T15:04:05.000Z",
}


class EventShape(TypedDict):
    event: str
    description: str


class EventsShape(TypedDict):
    events: list[EventShape]


class EndpointsShape(TypedDict):
    endpoints: list[EndpointShape]
    nextCursor: Annotated[str | None, "Give it as `cursor` to get the next page."]
    hasMore: bool


def columns_of(asked: dict[str, Any]) -> dict[str, Any]:
    """null clears a text."""
    return {column: "" if asked[name] is None else asked[name] for name, column in COLUMNS.items() if name in asked}


@contextmanager
def in_words_of_the_api() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        told = {NAMES.get(field, field): messages for field, messages in error.message_dict.items()}
        raise ValidationError(told) from error


class Events(ApiView):
    @operation(
        "listWebhookEvents",
        "List the events",
        tag=TAG,
        scope="webhooks:read",
        description="What an endpoint may be told of.",
        data=EventsShape,
        example={"events": [{"event": "call.completed", "description": EVENT_WORDS["call.completed"]}]},
    )
    def get(self, request: Request) -> Response:
        events: list[EventShape] = [{"event": event, "description": words} for event, words in EVENT_WORDS.items()]
        return self.answer(EventsShape(events=events))


class Endpoints(ApiView):
    @operation(
        "listWebhookEndpoints",
        "List webhook endpoints",
        tag=TAG,
        scope="webhooks:read",
        description="Newest first. Values of headers are masked, secrets are not in it.",
        query=EndpointsQuery,
        data=EndpointsShape,
        example={"endpoints": [ENDPOINT], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = endpoints_of(self.workspace)
        code = self.query().get("campaignId")
        rows = known.filter(campaign_code=campaign_of(self.workspace, code).code) if code else known
        page = self.page(rows, known=known)
        endpoints = [endpoint_json(row) for row in page.rows]
        return self.answer(EndpointsShape(endpoints=endpoints, nextCursor=page.next_cursor, hasMore=page.has_more))

    @operation(
        "createWebhookEndpoint",
        "Create a webhook endpoint",
        tag=TAG,
        scope="webhooks:write",
        description="Every delivery is signed as Standard Webhooks says, with the `secret` of this answer.",
        body=CreateEndpoint,
        data=NewEndpointShape,
        idempotent=True,
        body_example={
            "url": "https://crm.example.com/hooks/leadsail",
            "events": ["lead.status_changed", "call.completed"],
            "headers": {"Authorization": "Bearer 3f6c"},
        },
        example={**ENDPOINT, "secret": SECRET},
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        columns = columns_of(asked)
        if code := asked.get("campaignId"):
            columns["campaign_code"] = campaign_of(self.workspace, code).code
        with in_words_of_the_api():
            made = create_endpoint(workspace=self.workspace, by=self.actor, **columns)
        shape = endpoint_json(endpoint_of(self.workspace, made.public_id))
        return self.answer(NewEndpointShape(**shape, secret=made.secret))


class EndpointDetail(ApiView):
    @operation(
        "getWebhookEndpoint",
        "Get a webhook endpoint",
        tag=TAG,
        scope="webhooks:read",
        data=EndpointShape,
        example=ENDPOINT,
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        return self.answer(endpoint_json(endpoint_of(self.workspace, endpoint_id)))

    @operation(
        "updateWebhookEndpoint",
        "Change a webhook endpoint",
        tag=TAG,
        scope="webhooks:write",
        description="Only what is sent changes. `enabled` pauses it and switches it on, also after LeadSail has "
        "disabled it; what waited meanwhile is sent then.",
        body=UpdateEndpoint,
        data=EndpointShape,
        body_example={"events": ["call.completed"], "enabled": True},
        example={**ENDPOINT, "events": ["call.completed"]},
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        endpoint = endpoint_of(self.workspace, endpoint_id)
        with in_words_of_the_api():
            update_endpoint(endpoint=endpoint, by=self.actor, **columns_of(self.body()))
        return self.answer(endpoint_json(endpoint_of(self.workspace, endpoint_id)))

    @operation(
        "deleteWebhookEndpoint",
        "Delete a webhook endpoint",
        tag=TAG,
        scope="webhooks:write",
        description="Its deliveries go with it; what waits is not sent any more.",
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        delete_endpoint(endpoint=endpoint_of(self.workspace, endpoint_id), by=self.actor)
        return self.answer(None)


class Secret(ApiView):
    @operation(
        "getWebhookSecret",
        "Get an endpoint's secret",
        tag=TAG,
        scope="webhooks:write",
        data=SecretShape,
        example={"secret": SECRET, "previousSecretUntil": None},
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        endpoint = endpoint_of(self.workspace, endpoint_id)
        until = iso(both_sign_until(endpoint))
        return self.answer(SecretShape(secret=secret_of(endpoint), previousSecretUntil=until))


class RotateSecret(ApiView):
    @operation(
        "rotateWebhookSecret",
        "Rotate an endpoint's secret",
        tag=TAG,
        scope="webhooks:write",
        description="The new secret signs at once. For 24 hours the one before signs beside it, so that a receiver "
        "may change over at any time; rotating again within that time ends the one before.",
        data=SecretShape,
        idempotent=True,
        example={"secret": SECRET, "previousSecretUntil": "2026-03-03T15:04:05.000Z"},
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        row = rotate_secret(endpoint=endpoint_of(self.workspace, endpoint_id), by=self.actor)
        return self.answer(SecretShape(secret=row.secret, previousSecretUntil=iso(row.previous_secret_until)))
