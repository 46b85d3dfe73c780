"""A line and a moment to start: the limits of the account, of the caller number and, for calls of the dialer, of the
campaign. They hold exactly, because they are judged here, under the account's row lock and then the dialer's.

A start is a moment in a row of evenly spaced ones, and the row is kept as the next one that is free. A worker takes it
ahead and sleeps until it comes, without the lock; so none is lost while somebody waits. A campaign that starts its
calls more slowly than the account first gets a turn in a row of its own, and takes a start of the account only when
that has come: until then others use the account.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet

from calls.dispatch import circuit
from calls.gate.facts import day_of
from calls.gate.rules import Reason
from calls.models import DialerState, Interaction
from campaigns.models import ProviderAccount
from common import clock

BUSY_WAIT = timedelta(seconds=2)
# A start this near is waited for in the thread, a later one in the queue. The gate comes after the wait.
NEAR = timedelta(seconds=3)
# Whoever wakes later than this has missed the start: a host that was frozen must not send all it held at once.
HOLDS = timedelta(seconds=0.5)
TRIES = 4
# By how much the clocks of two hosts may differ.
SKEW = timedelta(seconds=2)
BY_DIALER = (Interaction.Origin.DIALER, Interaction.Origin.FIRST_ACTION)


@dataclass(frozen=True)
class Start:
    """When the call may start, or, without a line, when its campaign has its turn."""

    at: datetime
    has_line: bool = True


def take_line(interaction: Interaction) -> timedelta | Reason | None:
    """None when the call may start now; else how long to wait before asking again, or why it is not made at all."""
    if stop := circuit.blocked(interaction.account):
        return stop[0] - clock.real_now()
    held: Start | None = None
    for _ in range(TRIES):
        answer = _reserve(interaction, held)
        if not isinstance(answer, Start):
            return answer
        held = answer
        _sleep_until(held.at)
        if held.has_line and clock.real_now() - held.at <= HOLDS:
            return None
    return BUSY_WAIT


def held_up(account: ProviderAccount) -> QuerySet[ProviderAccount]:
    """For the fence: the account, where its provider has failed or asked for patience since the call got its line."""
    rows = ProviderAccount.objects.filter(pk=OuterRef("account_id"))
    if circuit.is_trial(account):
        return rows.exclude(Q(blocked_until=account.blocked_until) | Q(failures=0))
    far = clock.real_now() + NEAR + spacing(account.calls_per_second) + SKEW
    return rows.filter(Q(failures__gte=circuit.OPENS_AFTER) | Q(next_start_at__gt=far))


def _sleep_until(moment: datetime) -> None:
    time.sleep(max((moment - clock.real_now()).total_seconds(), 0))


@transaction.atomic
def _reserve(interaction: Interaction, held: Start | None) -> Start | timedelta | Reason:
    """The account is always locked before the dialer's state, and nobody sleeps here."""
    account = _lock_account(interaction)
    mine = circuit.is_trial(interaction.account) and account.blocked_until == interaction.account.blocked_until
    if not mine and (stop := circuit.blocked(account)):
        return stop[0] - clock.real_now()
    lines = Interaction.objects.on_the_line().filter(account=account).exclude(pk=interaction.pk)
    if lines.count() >= account.concurrency:
        return BUSY_WAIT
    if full := _number_is_full(interaction):
        return full
    now = clock.real_now()
    pace = spacing(account.calls_per_second)
    start = next_start(account.next_start_at, now, most_ahead=circuit.LONGEST_THROTTLE + pace)
    if start - now > NEAR:
        return start - now - NEAR / 2
    if interaction.origin in BY_DIALER and (wait := _campaigns_turn(interaction, start, held)):
        return wait
    _take(interaction, account, start, start + pace)
    return Start(start)


def _lock_account(interaction: Interaction) -> ProviderAccount:
    names = ("next_start_at", "calls_per_second", "concurrency", "failures", "blocked_until", "blocked_why")
    return ProviderAccount.objects.select_for_update(no_key=True).only(*names).get(pk=interaction.account_id)


def _take(interaction: Interaction, account: ProviderAccount, start: datetime, following: datetime) -> None:
    fields = circuit.let_through(interaction.account, account)
    ProviderAccount.objects.filter(pk=account.pk).update(next_start_at=following, **fields)
    mine = Interaction.objects.filter(pk=interaction.pk, claim_token=interaction.claim_token)
    mine.update(line_at=clock.real_now())


def spacing(per_second: Decimal) -> timedelta:
    """To the microsecond, and never a shorter one."""
    return timedelta(microseconds=math.ceil(1_000_000 / per_second))


def next_start(planned: datetime | None, now: datetime, *, most_ahead: timedelta) -> datetime:
    """`most_ahead`: one further away was planned before the system's clock was set back; whoever sleeps towards a
    start of then has begun when this one comes."""
    if planned is None or planned < now:
        return now
    return planned if planned <= now + NEAR + most_ahead else now + NEAR


def _number_is_full(interaction: Interaction) -> Reason | None:
    number = interaction.caller_number
    if not number.daily_cap:
        return None
    begins, ends = day_of(interaction.workspace)
    calls = Interaction.objects.filter(caller_number=number).exclude(pk=interaction.pk)
    if calls.made_since(begins).count() < number.daily_cap:
        return None
    message = "The number to call from has made all the calls it may make today: choose another one, or wait."
    return Reason("CALLER_NUMBER_DAILY_CAP", message, "caller_number.daily_cap", ends)


def _campaigns_turn(interaction: Interaction, start: datetime, held: Start | None) -> Start | timedelta | Reason | None:
    """None when the campaign may use this start of the account."""
    campaign = interaction.campaign
    if not (campaign.calls_per_minute or campaign.dialer_concurrency or campaign.daily_cap):
        return None
    state, _ = DialerState.objects.select_for_update(no_key=True).get_or_create(campaign=campaign)
    others = Interaction.objects.filter(campaign=campaign).exclude(pk=interaction.pk)
    if campaign.dialer_concurrency:
        lines = others.on_the_line().filter(origin__in=BY_DIALER).count()
        if lines >= campaign.dialer_concurrency:
            return BUSY_WAIT
    if campaign.daily_cap:
        begins, ends = day_of(interaction.workspace)
        if others.made_since(begins).filter(origin__in=BY_DIALER).count() >= campaign.daily_cap:
            message = "The campaign has made all the calls it may make today: raise its daily cap, or wait."
            return Reason("DAILY_CAP_REACHED", message, "campaign.daily_cap", ends)
    return _in_its_pace(state, campaign.calls_per_minute, start, held) if campaign.calls_per_minute else None


def _in_its_pace(state: DialerState, per_minute: int, start: datetime, held: Start | None) -> Start | timedelta | None:
    if held and not held.has_line and start <= held.at + HOLDS:
        return None
    now = clock.real_now()
    pace = spacing(Decimal(per_minute) / 60)
    turn = next_start(state.next_start_at, now, most_ahead=pace)
    if turn - now > NEAR:
        return turn - now - NEAR / 2
    DialerState.objects.filter(pk=state.pk).update(next_start_at=max(turn, start) + pace)
    return Start(turn, has_line=False) if turn > start else None
