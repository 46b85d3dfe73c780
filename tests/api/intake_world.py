"""A lead as an integrator sends it."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from campaigns.models import Campaign
from webhooks.models import WebhookEndpoint, WebhookEvent


def a_lead(campaign: Campaign, **changes: Any) -> dict[str, Any]:
    return {
        "campaignId": campaign.code,
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane.doe@example.com",
        "phone": "+1 415 555 0133",
        **changes,
    }


def submit(api: Client, body: dict[str, Any]) -> dict[str, Any]:
    """What the answer holds, of success and of failure."""
    answer = api.post("/api/v1/leads/submit", body, content_type="application/json").json()
    found: dict[str, Any] = answer["data"] if answer["success"] else answer["error"]
    return found


def listen(campaign: Campaign, *events: str) -> None:
    WebhookEndpoint.objects.create(workspace=campaign.workspace, url="https://hear.example.com", events=list(events))


def heard() -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in WebhookEvent.objects.order_by("id")]
