"""An id from an address becomes a row of the workspace; another workspace's is as unknown as one that never was."""

from __future__ import annotations

import json

from django.db.models import QuerySet

from accounts.models import Workspace
from common.errors import UnknownIdError
from common.fields import SecretUnreadable
from webhooks.models import Delivery, WebhookEndpoint

SECRETS = ("headers", "secret", "previous_secret")


def endpoints_of(workspace: Workspace) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(workspace=workspace).select_related("workspace")


def endpoint_of(workspace: Workspace, public_id: str) -> WebhookEndpoint:
    found = endpoints_of(workspace).filter(public_id=public_id).first()
    if found is None:
        raise UnknownIdError("webhook endpoint", public_id)
    return found


def deliveries_of(workspace: Workspace) -> QuerySet[Delivery]:
    # Every row brings its endpoint and its event: without what may be long in them.
    rows = Delivery.objects.filter(endpoint__workspace=workspace).select_related("event", "endpoint__workspace")
    return rows.defer(*(f"endpoint__{name}" for name in SECRETS), "event__body")


def delivery_of(workspace: Workspace, public_id: str) -> Delivery:
    found = deliveries_of(workspace).filter(public_id=public_id).first()
    if found is None:
        raise UnknownIdError("delivery", public_id)
    return found


def headers_of(endpoint: WebhookEndpoint) -> dict[str, str]:
    """None where they cannot be decrypted any more: they are to be given again."""
    try:
        found: dict[str, str] = json.loads(endpoint.headers or "{}")
    except SecretUnreadable:
        return {}
    return found
