"""An id from an address becomes a row of the workspace; another workspace's is as unknown as one that never was."""

from __future__ import annotations

import json
from typing import cast

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import Http404

from accounts.models import Workspace
from common.fields import SecretUnreadable, decrypt
from webhooks.models import Delivery, WebhookEndpoint

SECRETS = ("headers", "secret", "previous_secret")


def endpoints_of(workspace: Workspace) -> QuerySet[WebhookEndpoint]:
    """Without the secrets: one that cannot be decrypted must not take a page away."""
    rows = WebhookEndpoint.objects.filter(workspace=workspace).select_related("workspace").defer(*SECRETS)
    return rows.annotate(sealed_headers=Cast("headers", TextField()))


def endpoint_of(workspace: Workspace, public_id: str) -> WebhookEndpoint:
    found = endpoints_of(workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such webhook endpoint.")
    return found


def deliveries_of(workspace: Workspace) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(endpoint__workspace=workspace).select_related("event", "endpoint__workspace")
    return rows.defer(*(f"endpoint__{name}" for name in SECRETS), "event__body")


def delivery_of(workspace: Workspace, public_id: str) -> Delivery:
    found = deliveries_of(workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such delivery.")
    return found


def headers_of(endpoint: WebhookEndpoint) -> dict[str, str]:
    """Of a row of `endpoints_of`. None where they cannot be decrypted any more: they are to be given again."""
    sealed = cast(str, endpoint.sealed_headers)  # type: ignore[attr-defined]
    try:
        found: dict[str, str] = json.loads(decrypt(sealed, what="WebhookEndpoint.headers")) if sealed else {}
    except SecretUnreadable:
        return {}
    return found
