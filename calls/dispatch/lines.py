"""The provider account's two limits: calls at a time and calls per second, shared by everything that dials."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction

from calls.models import Interaction
from campaigns.models import ProviderAccount
from common import clock

BUSY_WAIT = timedelta(seconds=1)
# A start this near is waited for in the thread, a later one in the queue: the stop switch must hold within a second.
NEAR = timedelta(seconds=0.5)


def take_line(account: ProviderAccount, interaction_id: int) -> timedelta | None:
    """None when the call may start now; otherwise how long to wait before asking again."""
    used = Interaction.objects.on_the_line().filter(account=account).exclude(pk=interaction_id).count()
    if used >= account.concurrency:
        return BUSY_WAIT
    wait = _reserve_start(account.pk)
    if wait > NEAR:
        return wait
    time.sleep(wait.total_seconds())
    return None


@transaction.atomic
def _reserve_start(account_id: int) -> timedelta:
    """The wait until the account's next start, which is taken unless it is too far away."""
    account = ProviderAccount.objects.select_for_update().only("next_start_at", "calls_per_second").get(pk=account_id)
    now = clock.real_now()
    start = max(account.next_start_at or now, now)
    if start - now <= NEAR:
        following = start + timedelta(seconds=1 / float(account.calls_per_second))
        ProviderAccount.objects.filter(pk=account_id).update(next_start_at=following)
    return start - now
