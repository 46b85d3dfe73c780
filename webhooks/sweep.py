"""What is due, what a dead worker left behind, and what is old: found in the rows, every second."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from common import clock
from common.queue import enqueue, has_room
from webhooks.access import SECRETS
from webhooks.delivering import due_of, room_of
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent
from webhooks.services import SERVE, TEST_GOES_AHEAD

# The longest timeout an endpoint may have, looking up its name, and writing down the result in a bad moment.
CLAIM_HOLDS = timedelta(seconds=120 + 90)
KEPT_FOR = timedelta(days=30)
BATCH = 200


def sweep_webhooks() -> None:
    take_back_dead_claims()
    if has_room("default"):
        serve_due()
    forget_old()


def take_back_dead_claims() -> None:
    """The receiver may have it already: it is sent once more rather than not at all, and under the same id."""
    dead = Delivery.objects.filter(state=Delivery.State.SENDING, claimed_at__lt=clock.real_now() - CLAIM_HOLDS)
    # Asked first: an UPDATE takes SQLite's write lock even where there is nothing to update.
    if dead.exists():
        dead.update(state=Delivery.State.PENDING, claim_token="", claimed_at=None)


def serve_due() -> None:
    """A job too many is harmless: it finds nothing to claim."""
    for endpoint_id in in_need():
        if not enqueue(SERVE, endpoint_id):
            return


def in_need() -> Iterator[int]:
    """Each as often as it can be served at once. In random order: whoever has waited longest may be one that never
    answers, and would always be first."""
    rows = Delivery.objects.filter(state=Delivery.State.SENDING).values_list("endpoint").annotate(Count("pk"))
    on_the_way = dict(rows.order_by())
    for endpoint in _with_due().order_by("?")[:BATCH]:
        room = room_of(endpoint, on_the_way.get(endpoint.pk, 0))
        for _ in due_of(endpoint).values_list("pk", flat=True)[:room] if room else ():
            yield endpoint.pk


def _with_due() -> QuerySet[WebhookEndpoint]:
    """Asked endpoint by endpoint, of the index's first row: a long backlog is not read."""
    pending = Delivery.objects.filter(endpoint=OuterRef("pk"), state=Delivery.State.PENDING)
    now, first = clock.now(), Subquery(pending.order_by("due_at").values("due_at")[:1])
    active = Q(state=WebhookEndpoint.State.ACTIVE, first_due__lte=now)
    tested = Q(state=WebhookEndpoint.State.DISABLED, first_due__lte=now - TEST_GOES_AHEAD)
    return WebhookEndpoint.objects.defer(*SECRETS).annotate(first_due=first).filter(active | tested)


def forget_old() -> None:
    """With their deliveries and attempts, also those that still wait: an endpoint that nobody has switched on for a
    month would else collect for ever."""
    old = WebhookEvent.objects.filter(created_at__lt=clock.now() - KEPT_FOR).order_by("created_at")
    if pks := list(old.values_list("pk", flat=True)[:BATCH]):
        WebhookEvent.objects.filter(pk__in=pks).delete()
