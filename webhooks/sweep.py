"""What is due, what a dead worker left behind, and what is old: found in the rows, every second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When, Window
from django.db.models.functions import Random, RowNumber

from common import clock
from common.queue import enqueue, has_room
from webhooks.delivering import OF_A_WORKSPACE, due_of, room_of
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent
from webhooks.services import SERVE, TEST_GOES_AHEAD

# Beside the endpoint's own timeout: from the claim to the request (FENCE_HOLDS), looking up the name, and writing down
# the result in a bad moment.
CLAIM_HOLDS = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)
BATCH = 200


def sweep_webhooks() -> None:
    take_back_dead_claims()
    if has_room("default"):
        serve_due()
    forget_old()


def take_back_dead_claims() -> None:
    """The receiver may have it already: it is sent once more rather than not at all, and under the same id."""
    over = clock.real_now() - CLAIM_HOLDS
    sending = Delivery.objects.filter(state=Delivery.State.SENDING, claimed_at__lt=over).select_related("endpoint")
    for row in sending.only("claim_token", "claimed_at", "endpoint__timeout_seconds"):
        if row.claimed_at and row.claimed_at < over - timedelta(seconds=row.endpoint.timeout_seconds):
            mine = Delivery.objects.filter(pk=row.pk, state=Delivery.State.SENDING, claim_token=row.claim_token)
            mine.update(state=Delivery.State.PENDING, claim_token="", claimed_at=None)


def serve_due() -> None:
    """A job too many is harmless: it finds nothing to claim."""
    for endpoint_id in in_need():
        if not enqueue(SERVE, endpoint_id):
            return


def in_need() -> Iterator[int]:
    """Each as often as it can be served at once, and no workspace more often than its share. Workspaces in turn, and
    each one's endpoints in random order: whoever has waited longest may be one that never answers, and would always be
    first."""
    rows = Delivery.objects.filter(state=Delivery.State.SENDING).values_list("endpoint").annotate(Count("pk"))
    on_the_way, asked = dict(rows.order_by()), Counter[int]()
    for endpoint in _with_due()[:BATCH]:
        room = room_of(endpoint, on_the_way.get(endpoint.pk, 0))
        due = len(due_of(endpoint).values_list("pk", flat=True)[:room]) if room else 0
        jobs = min(max(due, endpoint.has_test), OF_A_WORKSPACE - asked[endpoint.workspace_id])
        asked[endpoint.workspace_id] += jobs
        yield from [endpoint.pk] * jobs


def _with_due() -> QuerySet[WebhookEndpoint, Any]:
    """Asked endpoint by endpoint, of the index's first row: a long backlog is not read."""
    pending = Delivery.objects.filter(endpoint=OuterRef("pk"), state=Delivery.State.PENDING)
    now, first = clock.now(), Subquery(pending.order_by("due_at").values("due_at")[:1])
    tested = Q(first_due__lte=now - TEST_GOES_AHEAD)
    active = Q(state=WebhookEndpoint.State.ACTIVE, first_due__lte=now)
    disabled = Q(state=WebhookEndpoint.State.DISABLED) & tested
    rows = WebhookEndpoint.objects.annotate(first_due=first).filter(active | disabled)
    turn = Window(RowNumber(), partition_by="workspace", order_by=Random().asc())
    return rows.annotate(has_test=Case(When(tested, then=1), default=0), turn=turn).order_by("-has_test", "turn", "?")


def forget_old() -> None:
    """With their deliveries and attempts, also those that still wait: an endpoint that nobody has switched on for a
    month would else collect for ever."""
    old = WebhookEvent.objects.filter(created_at__lt=clock.now() - KEPT_FOR).order_by("created_at")
    if pks := list(old.values_list("pk", flat=True)[:BATCH]):
        WebhookEvent.objects.filter(pk__in=pks).delete()
