"""A provider that fails dial after dial is left alone for a while: what waits for it keeps waiting and loses nothing.

Five failures in a row without a success open the circuit of the account. While it is open nothing is dialed through it;
when its time is over one call is tried, and no second one before that has come to an end. A failed trial opens the
circuit for twice as long, one success closes it. The counts are moved by compare-and-swap, so that all workers agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q, QuerySet

from calls.dispatch.waits import WRITTEN_DOWN, longest_request
from calls.providers.base import Placement, PlaceResult
from campaigns.models import ProviderAccount
from common import clock

log = structlog.get_logger(__name__)
OPENS_AFTER = 5
FIRST_BREAK = timedelta(seconds=10)
LONGEST_BREAK = timedelta(seconds=300)
LONGEST_THROTTLE = timedelta(seconds=60)
USUAL_THROTTLE = timedelta(seconds=1)
# Of a trial that was not sent after all: the next call is one at once.
SOON = timedelta(milliseconds=1)


def blocked(account: ProviderAccount) -> tuple[datetime, str] | None:
    """Until when (real time) nothing is dialed through it, and why. None also where a call may be tried again."""
    until, now = account.blocked_until, clock.real_now()
    # Further away than any break: the system's clock was set back.
    if until is None or not now < until <= now + 2 * LONGEST_BREAK:
        return None
    return until, account.blocked_why


def expect_nothing(account: ProviderAccount) -> None:
    """Of the account as a call under way holds it: that there were failures is known to the one that is the trial."""
    account.failures = 0


def carry_over(mine: ProviderAccount, again: ProviderAccount) -> None:
    """To the account as the same call has read it once more."""
    again.failures, again.blocked_until = mine.failures, mine.blocked_until


def let_through(mine: ProviderAccount, account: ProviderAccount) -> dict[str, datetime]:
    """Under the account's lock: what to write with the start that the call takes. `mine` is the account as the call
    holds it."""
    mine.failures, mine.blocked_until = account.failures, account.blocked_until
    if not is_trial(mine):
        return {}
    # A worker that dies with the trial in its hands keeps the next one waiting until here.
    mine.blocked_until = clock.real_now() + longest_request() + WRITTEN_DOWN
    return {"blocked_until": mine.blocked_until}


def is_trial(mine: ProviderAccount) -> bool:
    return mine.failures >= OPENS_AFTER


def give_back(account: ProviderAccount) -> None:
    """The call that was to be the trial told nothing about the provider: another one may be it."""
    if is_trial(account):
        _trial(account).update(blocked_until=clock.real_now() - SOON)


def keep(account: ProviderAccount, result: PlaceResult) -> None:
    """What an answer, or its absence, says about the account."""
    if result.placement == Placement.ACCEPTED:
        _close(account)
    elif blames_provider(result):
        _fail(account, result.message)
    else:
        give_back(account)
    if result.placement == Placement.THROTTLED:
        _slow_down(account, result)


def blames_provider(result: PlaceResult) -> bool:
    return result.placement == Placement.UNKNOWN or not result.reached or result.blames_account


def _close(account: ProviderAccount) -> None:
    # Asked first: an UPDATE takes SQLite's write lock even where there is nothing to change.
    failing = ProviderAccount.objects.filter(pk=account.pk, failures__gt=0)
    if failing.exists():
        failing.update(failures=0, blocked_until=None, blocked_why="")
        log.info("provider_answers", account=account.public_id)


def _fail(account: ProviderAccount, why: str) -> None:
    now = clock.real_now()
    if is_trial(account):
        later = {"failures": account.failures + 1, "blocked_until": now + break_after(account.failures + 1)}
        _trial(account).update(**later, blocked_why=why[:300])
        return
    # What was under way when the circuit opened fails late, and makes its break no longer.
    rows = ProviderAccount.objects.filter(pk=account.pk)
    rows.filter(failures__lt=OPENS_AFTER).update(failures=F("failures") + 1, blocked_why=why[:300])
    if rows.filter(failures__gte=OPENS_AFTER, blocked_until=None).update(blocked_until=now + FIRST_BREAK):
        log.warning("provider_fails", account=account.public_id, why=why)


def break_after(failures: int) -> timedelta:
    longer: int = 2 ** min(failures - OPENS_AFTER, 10)
    return min(FIRST_BREAK * longer, LONGEST_BREAK)


def _trial(account: ProviderAccount) -> QuerySet[ProviderAccount]:
    """The circuit as it was when this call was let through."""
    return ProviderAccount.objects.filter(pk=account.pk, failures__gte=OPENS_AFTER, blocked_until=account.blocked_until)


def _slow_down(account: ProviderAccount, result: PlaceResult) -> None:
    """What it asked of one call it asks of all: otherwise each of them would have to be told."""
    asked = timedelta(seconds=result.retry_after) if result.retry_after else USUAL_THROTTLE
    until = clock.real_now() + min(asked, LONGEST_THROTTLE)
    earlier = Q(next_start_at=None) | Q(next_start_at__lt=until)
    ProviderAccount.objects.filter(earlier, pk=account.pk).update(next_start_at=until)
