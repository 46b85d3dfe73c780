"""What a dead worker or an emptied queue left behind: found in the rows, every second."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Q

from calls import job_names
from calls.dispatch.placing import EXPIRED_TEXT, EXPIRES, end_unplaced, mark_unknown, unclaimed
from calls.dispatch.waits import WRITTEN_DOWN, longest_request
from calls.history import note
from calls.models import Dispatch, ErrorCode, Interaction, InteractionQuerySet
from common import clock
from common.queue import enqueue, has_room

REQUEUE_AFTER = timedelta(seconds=5)
PREPARING_TAKES = timedelta(seconds=30)
BATCH = 200


def sweep_dispatch() -> None:
    free_unsent_claims()
    give_up_sent_claims()
    expire_queued()
    if has_room("dial"):
        enqueue_waiting()


def enqueue_waiting() -> None:
    """Queued rows whose job is gone, or whose wait is over. A job too many is harmless: the claim lets one through."""
    now = clock.real_now()
    for pk in _next_in_line(_due()):
        if not enqueue(job_names.DIAL, pk, queue="dial"):
            return
        Interaction.objects.filter(pk=pk).update(enqueued_at=now)


def _due() -> InteractionQuerySet:
    now = clock.real_now()
    sent_long_ago = Q(enqueued_at__lt=now - REQUEUE_AFTER)
    due = Q(sent_long_ago, not_before=None) | Q(Q(enqueued_at__lt=F("not_before")) | sent_long_ago, not_before__lte=now)
    return Interaction.objects.live().filter(due, dispatch=Dispatch.QUEUED)


def _next_in_line(due: InteractionQuerySet) -> Iterator[int]:
    """For each account as many as it has free lines, the longest waiting first: a busy account holds up no other."""
    used = dict(Interaction.objects.on_the_line().values_list("account").annotate(Count("pk")).order_by())
    waiting = due.values_list("account", "account__concurrency").distinct().order_by()
    for account, lines in list(waiting):
        free = min(max(lines - used.get(account, 0), 0), BATCH)
        yield from due.filter(account=account).order_by("queued_at", "pk").values_list("pk", flat=True)[:free]


def expire_queued() -> None:
    """Also those that never got as far as a worker."""
    late = Interaction.objects.live().filter(dispatch=Dispatch.QUEUED, queued_at__lt=clock.real_now() - EXPIRES)
    for pk in late.values_list("pk", flat=True)[:BATCH]:
        end_unplaced(Interaction.objects.all(), pk, Dispatch.QUEUED, ErrorCode.EXPIRED, EXPIRED_TEXT)


def free_unsent_claims() -> None:
    """Nothing was sent under these claims, and the fence sees to it that nothing will be."""
    stale = Interaction.objects.live().filter(
        dispatch=Dispatch.PLACING, sent_at=None, claimed_at__lt=clock.real_now() - PREPARING_TAKES
    )
    for pk in stale.values_list("pk", flat=True)[:BATCH]:
        if Interaction.objects.filter(sent_at=None).move(pk, Dispatch.PLACING, Dispatch.QUEUED, **unclaimed()):
            note(pk, "requeued", "The worker that had claimed the call is gone; nothing had been sent")


def give_up_sent_claims() -> None:
    """The worker that sent the request would have an answer by now: it is gone, and what came of it is not known."""
    answered_by = clock.real_now() - longest_request() - WRITTEN_DOWN
    stale = Interaction.objects.live().filter(dispatch=Dispatch.PLACING, sent_at__lt=answered_by)
    for interaction in stale[:BATCH]:
        mark_unknown(interaction, "The worker that placed the call is gone; the provider is asked what came of it")
