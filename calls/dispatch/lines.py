"""The provider account's two limits: calls at a time and calls per second, shared by everything that dials."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction

from calls.models import Interaction
from campaigns.models import ProviderAccount
from common import clock

BUSY_WAIT = timedelta(seconds=2)
# A start this near is waited for in the thread, a later one until the next sweep. The gate comes after the wait.
NEAR = timedelta(seconds=1)


def take_line(interaction: Interaction) -> timedelta | None:
    """None when the call has a line and may start now; otherwise how long to wait before asking again."""
    wait = _reserve(interaction)
    if wait > NEAR:
        return wait
    time.sleep(wait.total_seconds())
    return None


@transaction.atomic
def _reserve(interaction: Interaction) -> timedelta:
    """Under the account's lock, so that two workers cannot take the same line or the same start."""
    accounts = ProviderAccount.objects.select_for_update(no_key=True).only(
        "next_start_at", "calls_per_second", "concurrency"
    )
    account = accounts.get(pk=interaction.account_id)
    if Interaction.objects.on_the_line().filter(account=account).count() >= account.concurrency:
        return BUSY_WAIT
    now = clock.real_now()
    start = max(account.next_start_at or now, now)
    if start - now <= NEAR:
        following = start + timedelta(seconds=1 / float(account.calls_per_second))
        ProviderAccount.objects.filter(pk=account.pk).update(next_start_at=following)
        mine = Interaction.objects.filter(pk=interaction.pk, claim_token=interaction.claim_token)
        mine.update(line_at=now)
    return start - now
