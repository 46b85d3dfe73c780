from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from common import clock
from common.errors import ProblemError
from common.ids import new_public_id
from common.queue import enqueue_after_commit
from common.shapes import as_moment
from webhooks.events import EVENTS, TEST_EVENT
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent

SERVE = "webhooks.jobs.serve"
TEST_GOES_AHEAD = timedelta(days=365)
BATCH = 500


@dataclass(frozen=True)
class Told:
    """Something that happened. `payload` is asked only when somebody wants to hear it."""

    event: str
    campaign_code: str
    object_id: str
    payload: Callable[[], dict[str, Any]]
    # Told whatever it subscribes to, and once.
    also: WebhookEndpoint | None = None


def emit(
    event: str,
    *,
    workspace: Workspace,
    campaign_code: str,
    object_id: str,
    payload: Callable[[], dict[str, Any]],
    also: WebhookEndpoint | None = None,
) -> WebhookEvent | None:
    """Called in the transaction of what happened: the event commits with it, or not at all."""
    told = emit_many(workspace=workspace, told=[Told(event, campaign_code, object_id, payload, also)])
    return told[0] if told else None


def emit_many(*, workspace: Workspace, told: Iterable[Told]) -> list[WebhookEvent]:
    """The same for many at once, in a fixed number of queries; gives back what somebody hears."""
    endpoints = list(_with_backlog(WebhookEndpoint.objects.filter(workspace=workspace)).order_by("id"))
    if not endpoints:
        return []
    idle = {endpoint.pk for endpoint in endpoints if not endpoint.has_backlog}
    heard = [(_event(workspace, one), found) for one in told if (found := _listeners(endpoints, one))]
    WebhookEvent.objects.bulk_create([event for event, _ in heard], batch_size=BATCH)
    deliveries = [
        Delivery(endpoint=endpoint, event=event, due_at=event.created_at, created_at=event.created_at)
        for event, found in heard
        for endpoint in found
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH)
    for endpoint in {delivery.endpoint for delivery in deliveries}:
        # One that fails is asked by the sweep, at its own pace; where something waits already, somebody has been told,
        # and a job for each of thousands would keep everybody's jobs waiting.
        if endpoint.state == WebhookEndpoint.State.ACTIVE and not endpoint.failing_since and endpoint.pk in idle:
            serve_after_commit(endpoint)
    return [event for event, _ in heard]


def _with_backlog(endpoints: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint, Any]:
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), state=Delivery.State.PENDING, due_at__lte=clock.now())
    return endpoints.annotate(has_backlog=Exists(due))


def _listeners(endpoints: Iterable[WebhookEndpoint], told: Told) -> list[WebhookEndpoint]:
    assert told.event in EVENTS, told.event
    addressed = [row for row in endpoints if told.also and row.pk == told.also.pk and is_sent_to(row)]
    return addressed + [row for row in _subscribed(endpoints, told) if row not in addressed]


def is_sent_to(endpoint: WebhookEndpoint) -> bool:
    """One that the machine disabled goes on collecting; one that somebody paused is sent nothing."""
    return bool(endpoint.url) and endpoint.state != WebhookEndpoint.State.PAUSED


def _subscribed(endpoints: Iterable[WebhookEndpoint], told: Told) -> list[WebhookEndpoint]:
    """The campaign's endpoint when it takes the event; else the workspace's, unless the campaign wants none of them."""
    of_campaign = (row for row in endpoints if row.campaign_code and row.campaign_code == told.campaign_code)
    own = next(of_campaign, None)
    if own and own.takes(told.event):
        return [own]
    if own and not own.inherits:
        return []
    return [row for row in endpoints if not row.campaign_code and row.takes(told.event)]


def _event(workspace: Workspace, told: Told) -> WebhookEvent:
    public_id, now = new_public_id("evt"), clock.now()
    body = {"event": told.event, "id": public_id, "timestamp": as_moment(now), **told.payload()}
    return WebhookEvent(
        public_id=public_id,
        workspace=workspace,
        type=told.event,
        campaign_code=told.campaign_code,
        object_id=told.object_id,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
    )


def replay(*, delivery: Delivery, by: Actor) -> None:
    """Once more, under the same id, with all its tries. At a paused or disabled endpoint it waits to be sent."""
    with transaction.atomic():
        _audit(delivery.endpoint, by, "webhook.replayed", delivery=delivery.public_id, event=delivery.event.type)
        if not _start_over(Delivery.objects.filter(pk=delivery.pk)):
            raise ProblemError("DELIVERY_IN_PROGRESS", "This delivery is being sent right now: wait for its result.")
        serve_after_commit(delivery.endpoint)
    delivery.refresh_from_db()


@transaction.atomic
def replay_failed(*, endpoint: WebhookEndpoint, since: datetime, by: Actor) -> int:
    """All that was given up of what has happened since then; how many that are."""
    failed = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.FAILED, created_at__gte=since)
    count = _start_over(failed)
    if count:
        _audit(endpoint, by, "webhook.replayed", deliveries=count)
        serve_after_commit(endpoint)
    return count


def _start_over(deliveries: QuerySet[Delivery]) -> int:
    fresh = {"state": Delivery.State.PENDING, "tries": 0, "due_at": clock.now(), "finished_at": None}
    return deliveries.exclude(state=Delivery.State.SENDING).update(**fresh)


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, by: Actor) -> Delivery:
    """Also to an endpoint that the machine disabled: whoever repaired it wants to see that it works before switching it
    on. One try, which does not count for or against the endpoint's health unless it succeeds."""
    if not endpoint.url:
        raise ProblemError("ENDPOINT_WITHOUT_URL", "This endpoint has no URL to send a test to: give it one first.")
    if endpoint.state == WebhookEndpoint.State.PAUSED:
        raise ProblemError("ENDPOINT_PAUSED", "This endpoint is paused and is sent nothing: switch it on first.")
    payload = {"message": "This is a test of your webhook endpoint.", "endpointId": endpoint.public_id}
    event = _event(endpoint.workspace, Told(TEST_EVENT, endpoint.campaign_code, endpoint.public_id, lambda: payload))
    event.save()
    # By this it is known from what waits: it has a lane of its own, and a disabled endpoint's backlog is not searched.
    due = event.created_at - TEST_GOES_AHEAD
    delivery = Delivery.objects.create(endpoint=endpoint, event=event, due_at=due, created_at=event.created_at)
    _audit(endpoint, by, "webhook.tested")
    serve_after_commit(endpoint, first=True)
    return delivery


@transaction.atomic
def release(endpoint: WebhookEndpoint) -> None:
    """For an endpoint that was switched on again: it is healthy until it fails anew, and what waited is due now."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, failures=0, disabled_reason="")
    endpoint.failing_since, endpoint.failures, endpoint.disabled_reason = None, 0, ""
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    waiting.update(due_at=clock.now(), tries=0)
    serve_after_commit(endpoint)


def serve_after_commit(endpoint: WebhookEndpoint, *, first: bool = False) -> None:
    enqueue_after_commit(SERVE, endpoint.pk, first=first)


def _audit(endpoint: WebhookEndpoint, by: Actor, verb: str, **data: Any) -> None:
    data = {"name": str(endpoint), **data}
    record(
        workspace=endpoint.workspace,
        by=by,
        verb=verb,
        object_type="webhook",
        object_id=endpoint.public_id,
        data=data,
    )
