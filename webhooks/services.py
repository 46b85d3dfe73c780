from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from accounts.models import Workspace
from common import clock
from common.ids import new_public_id
from common.queue import enqueue_after_commit
from common.shapes import as_moment
from webhooks.events import EVENTS
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent

DELIVER = "webhooks.jobs.deliver"


def emit(
    event: str, *, workspace: Workspace, campaign_code: str, object_id: str, payload: Callable[[], dict[str, Any]]
) -> WebhookEvent | None:
    """Called in the transaction of what happened: the event commits with it, or not at all. `payload` is asked only
    when somebody wants to hear it."""
    assert event in EVENTS, event
    endpoints = _listeners(workspace, campaign_code, event)
    if not endpoints:
        return None
    return _record(event, workspace, campaign_code, object_id, payload(), endpoints)


def _listeners(workspace: Workspace, campaign_code: str, event: str) -> list[WebhookEndpoint]:
    """The campaign's endpoint when it takes the event; else the workspace's, unless the campaign wants none of them."""
    rows = WebhookEndpoint.objects.filter(workspace=workspace, campaign_code__in={"", campaign_code})
    # A secret that cannot be decrypted must not undo what happened.
    known = list(rows.defer("headers", "secret", "previous_secret").order_by("id"))
    own = next((row for row in known if row.campaign_code), None)
    if own and own.takes(event):
        return [own]
    if own and not own.inherits:
        return []
    return [row for row in known if not row.campaign_code and row.takes(event)]


def _record(
    event: str,
    workspace: Workspace,
    campaign_code: str,
    object_id: str,
    payload: dict[str, Any],
    endpoints: list[WebhookEndpoint],
) -> WebhookEvent:
    public_id, now = new_public_id("evt"), clock.now()
    body = {"event": event, "id": public_id, "timestamp": as_moment(now), **payload}
    row = WebhookEvent.objects.create(
        public_id=public_id,
        workspace=workspace,
        type=event,
        campaign_code=campaign_code,
        object_id=object_id,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
    )
    for endpoint in endpoints:
        delivery = Delivery.objects.create(endpoint=endpoint, event=row, due_at=now, created_at=now)
        if endpoint.state == WebhookEndpoint.State.ACTIVE:
            enqueue_after_commit(DELIVER, delivery.pk)
    return row
