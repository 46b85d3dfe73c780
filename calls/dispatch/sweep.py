"""What a dead worker or an emptied queue left behind: found in the rows, every second."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q

from calls import job_names
from calls.dispatch.placing import mark_unknown
from calls.history import note
from calls.models import Dispatch, Interaction
from common import clock
from common.queue import enqueue, has_room

REQUEUE_AFTER = timedelta(seconds=5)
PREPARING_TAKES = timedelta(seconds=30)
BATCH = 200


def sweep_dispatch() -> None:
    enqueue_lost()
    free_unsent_claims()
    give_up_sent_claims()


def enqueue_lost() -> None:
    """Queued rows whose job is gone, or whose wait is over. A job too many is harmless: the claim lets one through."""
    if not has_room("dial"):
        return
    now = clock.real_now()
    due = Q(not_before=None, enqueued_at__lt=now - REQUEUE_AFTER) | Q(
        Q(enqueued_at__lt=F("not_before")) | Q(enqueued_at__lt=now - REQUEUE_AFTER), not_before__lte=now
    )
    rows = Interaction.objects.live().filter(due, dispatch=Dispatch.QUEUED)
    for pk in rows.order_by("id").values_list("pk", flat=True)[:BATCH]:
        if not enqueue(job_names.DIAL, pk, queue="dial"):
            return
        Interaction.objects.filter(pk=pk).update(enqueued_at=now)


def free_unsent_claims() -> None:
    """Nothing was sent under these claims, and the fence sees to it that nothing will be."""
    stale = Interaction.objects.live().filter(
        dispatch=Dispatch.PLACING, sent_at=None, claimed_at__lt=clock.real_now() - PREPARING_TAKES
    )
    for pk in stale.values_list("pk", flat=True)[:BATCH]:
        if Interaction.objects.filter(sent_at=None).move(pk, Dispatch.PLACING, Dispatch.QUEUED, claim_token=""):
            note(pk, "requeued", "The worker that had claimed the call is gone; nothing had been sent")


def give_up_sent_claims() -> None:
    """The worker that sent the request would have an answer by now: it is gone, and what came of it is not known."""
    longest = timedelta(seconds=settings.CONNECT_TIMEOUT_SECONDS + settings.RING_TIMEOUT_SECONDS + 30 + 5)
    stale = Interaction.objects.live().filter(dispatch=Dispatch.PLACING, sent_at__lt=clock.real_now() - longest)
    for interaction in stale[:BATCH]:
        mark_unknown(interaction, "The worker that placed the call is gone; the provider is asked what came of it")
