"""What a dead worker or an emptied queue left behind: found in the rows, every second."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q

from calls import job_names
from calls.dispatch.circuit import LONGEST_THROTTLE, blocked, is_trial
from calls.dispatch.lines import NEAR, next_start, spacing
from calls.dispatch.placing import EXPIRED_TEXT, EXPIRES, end_unplaced, mark_unknown, unclaimed, wait_is_over
from calls.dispatch.waits import PREPARING_TAKES, WRITTEN_DOWN, longest_request
from calls.history import note
from calls.models import Dispatch, ErrorCode, Interaction, InteractionQuerySet
from campaigns.models import ProviderAccount
from common import clock
from common.queue import enqueue, has_room

REQUEUE_AFTER = timedelta(seconds=5)
BATCH = 200
NEEDED = ("concurrency", "calls_per_second", "next_start_at", "failures", "blocked_until", "blocked_why")


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
    sent_long_ago = _not_within("enqueued_at", REQUEUE_AFTER)
    not_since = Q(enqueued_at__lt=F("not_before"), not_before__lte=now)
    return Interaction.objects.live().filter(wait_is_over() & sent_long_ago | not_since, dispatch=Dispatch.QUEUED)


def _next_in_line(due: InteractionQuerySet) -> Iterator[int]:
    """For each account as many as may start soon, the longest waiting first: a busy account holds up no other."""
    used = dict(Interaction.objects.on_the_line().values_list("account").annotate(Count("pk")).order_by())
    waiting = Exists(due.filter(account=OuterRef("pk")))
    for account in list(ProviderAccount.objects.filter(waiting).only(*NEEDED)):
        free = min(account.concurrency - used.get(account.pk, 0), _may_start(account), BATCH)
        yield from due.filter(account=account).order_by("queued_at", "pk").values_list("pk", flat=True)[: max(free, 0)]


def _may_start(account: ProviderAccount) -> int:
    """How many can use a start before the next sweeps; some more, for not all of them may. The others would only be
    claimed and put back."""
    if blocked(account):
        return 0
    if is_trial(account):
        return 1
    now = clock.real_now()
    pace = spacing(account.calls_per_second)
    first = next_start(account.next_start_at, now, most_ahead=LONGEST_THROTTLE + pace)
    starts = max(now + NEAR + REQUEUE_AFTER - first, timedelta()) / pace
    return 2 * math.ceil(starts)


def _not_within(field: str, span: timedelta) -> Q:
    """Longer ago than that, or as far ahead: then the system's clock was set back, and nothing waits for its return."""
    now = clock.real_now()
    return Q(**{f"{field}__lt": now - span}) | Q(**{f"{field}__gt": now + span})


def expire_queued() -> None:
    """Also those that never got as far as a worker."""
    now = clock.real_now()
    late = Interaction.objects.live().filter(_not_within("queued_at", EXPIRES), dispatch=Dispatch.QUEUED)
    for pk, queued_at in late.values_list("pk", "queued_at")[:BATCH]:
        if queued_at > now:
            # How long it has waited is not known any more.
            Interaction.objects.filter(pk=pk, dispatch=Dispatch.QUEUED).update(queued_at=now)
        else:
            end_unplaced(Interaction.objects.all(), pk, Dispatch.QUEUED, ErrorCode.EXPIRED, EXPIRED_TEXT)


def free_unsent_claims() -> None:
    """Nothing was sent under these claims, and the fence sees to it that nothing will be."""
    gone = _not_within("claimed_at", PREPARING_TAKES)
    stale = Interaction.objects.live().filter(gone, dispatch=Dispatch.PLACING, sent_at=None)
    for pk in stale.values_list("pk", flat=True)[:BATCH]:
        if Interaction.objects.filter(sent_at=None).move(pk, Dispatch.PLACING, Dispatch.QUEUED, **unclaimed()):
            note(pk, "requeued", "The worker that had claimed the call is gone; nothing had been sent")


def give_up_sent_claims() -> None:
    """The worker that sent the request would have an answer by now: it is gone, and what came of it is not known."""
    gone = _not_within("sent_at", longest_request() + WRITTEN_DOWN)
    stale = Interaction.objects.live().filter(gone, dispatch=Dispatch.PLACING)
    for interaction in stale[:BATCH]:
        mark_unknown(interaction, "The worker that placed the call is gone; the provider is asked what came of it")
