from __future__ import annotations

from typing import Any

from accounts.models import Workspace
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent
from webhooks.pool import send_tests, take_turn
from webhooks.services import emit
from webhooks.sweep import in_need, take_back_dead_claims

EVENT = "call.completed"


def make_endpoint(workspace: Workspace, url: str, **fields: Any) -> WebhookEndpoint:
    defaults: dict[str, Any] = {"events": [EVENT], "timeout_seconds": 5}
    return WebhookEndpoint.objects.create(workspace=workspace, url=url, **{**defaults, **fields})


def happen(workspace: Workspace, number: int = 1, event: str = EVENT, campaign: str = "") -> WebhookEvent:
    row = emit(
        event, workspace=workspace, campaign_code=campaign, object_id=f"int_{number}", payload=lambda: {"n": number}
    )
    assert row
    return row


def make_delivery(endpoint: WebhookEndpoint, number: int = 1) -> Delivery:
    happen(endpoint.workspace, number)
    return Delivery.objects.filter(endpoint=endpoint).latest("pk")


def sweep() -> None:
    """One sweep and its jobs, one after the other, in this thread."""
    take_back_dead_claims()
    for endpoint_id in list(in_need()):
        send_tests(endpoint_id)
        take_turn(endpoint_id)
