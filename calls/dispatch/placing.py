"""Placing one call: claim, wait for a line, judge again, render, send once, keep what came of it.

Each step is safe to die after, and to be frozen in:
1. queued → placing by compare-and-swap, under a token of its own: one worker has it. Dies here: nothing was sent, the
   sweep puts it back.
2. a free line and a start of the account.
3. the gate, whole, on today's facts; nothing waits between it and the request.
4. `sent_at` by compare-and-swap on the claim: from here on a phone may ring. Dies here: `unknown`, the reconciler asks.
5. the provider is called, once, unless this process slept since 3.
6. the result, unless the call's own webhook was faster.
Every change after the claim names the token: a worker whose claim was taken away changes nothing any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, close_old_connections, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import OperatorSwitch, Workspace
from calls.dispatch import circuit
from calls.dispatch.lines import BY_DIALER, held_up, take_line
from calls.dispatch.waits import ANSWER_SECONDS, LONGEST_WAIT, PREPARING_TAKES
from calls.events import FAILED, STARTED, tell
from calls.gate.facts import plan_of, read_facts
from calls.gate.rules import Verdict, evaluate
from calls.history import note
from calls.last_call import refresh_last_calls
from calls.models import (
    UNPLACED,
    CallPrompt,
    DialerEntry,
    Dispatch,
    ErrorCode,
    Interaction,
    InteractionQuerySet,
    Status,
)
from calls.prompting import RenderedPrompt, render_prompt
from calls.providers import adapter_for
from calls.providers.base import Placement, PlaceRequest, PlaceResult
from calls.signals import call_ended
from campaigns.models import Campaign
from common import clock
from leads.models import Channel, DoNotCall

log = structlog.get_logger(__name__)
MAX_FAULTS = 3
MAX_UNREACHED = 4
EXPIRES = timedelta(minutes=60)
EXPIRED_TEXT = "The call waited for an hour and was not placed: nobody expects it any more."
# A process that slept longer than this between the gate and the request does not send it any more.
FENCE_HOLDS = timedelta(seconds=3)
NO_WAIT = timedelta()
FENCE_WAIT = timedelta(seconds=1)
FIRST_CHECK = timedelta(seconds=20)
UNKNOWN_CHECK = timedelta(seconds=2)
RESULT_TRIES = 8


@dataclass(frozen=True)
class Ready:
    """What the gate has let through, and when it looked."""

    call: Interaction
    request: PlaceRequest
    judged_at: datetime

    def is_fresh(self) -> bool:
        """Also false where the clock was set back: how long ago it was is not known then."""
        return NO_WAIT <= clock.real_now() - self.judged_at <= FENCE_HOLDS


def dial(interaction_id: int, token: str) -> None:
    if not claim(interaction_id, token):
        return
    waiting = None
    try:
        waiting = _load_for_line(interaction_id, token)
        ready = _prepare(waiting) if waiting else None
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        _put_back_after_fault(interaction_id, token, error)
        ready = None
    if waiting is None:
        return
    if ready is None or not _pass_fence(ready):
        circuit.give_back(waiting.account)
        return
    _keep(ready.call, adapter_for(ready.call.account).place(ready.request))


def _pass_fence(ready: Ready) -> bool:
    call = ready.call
    if not ready.is_fresh() or not mark_sent(call):
        # Whatever came between is told by the gate when the call is claimed again.
        put_back(call, FENCE_WAIT)
        return False
    if not ready.is_fresh():
        _mine(call).move(call.pk, Dispatch.PLACING, Dispatch.QUEUED, **unclaimed())
        return False
    return True


def claim(interaction_id: int, token: str) -> bool:
    now = clock.real_now()
    due = Interaction.objects.filter(wait_is_over())
    fields = {"claim_token": token, "claimed_at": now, "sent_at": None, "line_at": None}
    return due.move(interaction_id, Dispatch.QUEUED, Dispatch.PLACING, **fields)


def wait_is_over() -> Q:
    """One that lasts longer than any was begun before the system's clock was set back."""
    now = clock.real_now()
    return Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=now + LONGEST_WAIT)


def _load_for_line(interaction_id: int, token: str) -> Interaction | None:
    """What it takes to get a line. By the token: between the claim and here the sweep may have given the call to
    another worker."""
    own = ("claim_token", "origin", "queued_at", "workspace_id", "campaign_id", "account_id", "caller_number_id")
    rows = Interaction.objects.select_related("campaign", "account", "caller_number").only(
        *own,
        *(f"account__{name}" for name in ("failures", "blocked_until", "blocked_why")),
        *(f"campaign__{name}" for name in ("calls_per_minute", "dialer_concurrency", "daily_cap")),
        "caller_number__daily_cap",
    )
    waiting = rows.filter(pk=interaction_id, claim_token=token, dispatch=Dispatch.PLACING).first()
    if waiting:
        circuit.expect_nothing(waiting.account)
    return waiting


def _load(interaction_id: int, token: str) -> Interaction | None:
    """All that the gate and the request need, as it is now."""
    # Not all in one query: PostgreSQL would think longer about the order of ten joins than it takes to make the call.
    rows = Interaction.objects.select_related("lead", "campaign", "agent", "account", "caller_number")
    needed = rows.defer("account__directory", "account__check_results")
    interaction = needed.filter(pk=interaction_id, claim_token=token, dispatch=Dispatch.PLACING).first()
    if interaction:
        interaction.lead.workspace = interaction.workspace
        if interaction.agent.account_id == interaction.account_id:
            interaction.agent.account = interaction.account
        circuit.expect_nothing(interaction.account)
    return interaction


def _mine(interaction: Interaction) -> InteractionQuerySet:
    return Interaction.objects.filter(claim_token=interaction.claim_token)


def unclaimed() -> dict[str, object]:
    return {"claim_token": "", "sent_at": None, "line_at": None}


def _prepare(interaction: Interaction) -> Ready | None:
    """The request to send, or None when the call does not go out now: withdrawn, or back in the queue."""
    if clock.real_now() - interaction.queued_at > EXPIRES:
        withdraw(interaction, ErrorCode.EXPIRED, EXPIRED_TEXT)
        return None
    answer = take_line(interaction)
    if isinstance(answer, timedelta):
        put_back(interaction, answer)
        return None
    if answer is not None:
        _withdraw_by(interaction, Verdict(reasons=(answer,), next_allowed_at=answer.next_allowed_at))
        return None
    judged_at = clock.real_now()
    # Read again, for the wait may have taken seconds: the gate judges what is so now.
    fresh = _load(interaction.pk, interaction.claim_token)
    if fresh is None:
        return None
    circuit.carry_over(interaction.account, fresh.account)
    # Decrypted here: behind the fence it would be too late to find that it cannot be.
    _ = fresh.account.api_key
    plan = plan_of(fresh)
    facts = read_facts(plan)
    verdict = evaluate(facts, clock.now())
    if not verdict.allowed:
        _withdraw_by(interaction, verdict)
        return None
    rendered = render_prompt(
        plan,
        direction=fresh.direction,
        additional_instructions=fresh.additional_instructions,
        facts=facts,
    )
    _keep_prompt(fresh, rendered)
    return Ready(fresh, _request(fresh, rendered), judged_at)


def _request(interaction: Interaction, rendered: RenderedPrompt) -> PlaceRequest:
    return PlaceRequest(
        account=interaction.account,
        correlation_id=interaction.public_id,
        agent_id=interaction.agent.provider_agent_id,
        number_id=interaction.caller_number.provider_number_id,
        number_kind=interaction.caller_number.kind,
        to_number=interaction.to_number,
        prompt=rendered.prompt,
        first_message=rendered.first_message,
        variables=rendered.variables,
        user_id=interaction.lead.public_id,
        ring_timeout=_ring_timeout(interaction.campaign),
        answer_seconds=ANSWER_SECONDS,
    )


def _ring_timeout(campaign: Campaign) -> int:
    """Never above the operator's: all waits for an answer are built on that one."""
    most = int(settings.RING_TIMEOUT_SECONDS)
    return min(campaign.ring_timeout_seconds or most, most)


def _keep_prompt(interaction: Interaction, rendered: RenderedPrompt) -> None:
    text = CallPrompt(interaction=interaction, prompt=rendered.prompt, first_message=rendered.first_message)
    fields = ["prompt", "first_message"]
    # One statement, where update_or_create makes five.
    CallPrompt.objects.bulk_create([text], update_conflicts=True, unique_fields=["interaction"], update_fields=fields)


def mark_sent(interaction: Interaction) -> bool:
    """The fence. A worker that was thought dead, and whose claim was or may be taken away, sends nothing; nor does one
    whose workspace, dialer or account was stopped, or whose number was listed, after the gate had looked."""
    listed = DoNotCall.objects.filter(
        workspace=OuterRef("workspace"), channel=Channel.PHONE, address=OuterRef("to_number")
    )
    stopped = OperatorSwitch.objects.filter(calls_stopped_at__isnull=False)
    paused = Workspace.objects.filter(pk=OuterRef("workspace_id"), calls_stopped_at__isnull=False)
    # No join: Django would move every condition into a subquery, and PostgreSQL, after waiting for the row, would judge
    # by what the subquery had seen before.
    now = clock.real_now()
    free = _mine(interaction).filter(
        *(~Exists(no) for no in (listed, stopped, paused, held_up(interaction.account))),
        *_dialer_goes_on(interaction),
        pk=interaction.pk,
        dispatch=Dispatch.PLACING,
        sent_at=None,
        claimed_at__gt=now - PREPARING_TAKES,
    )
    interaction.sent_at = now
    return free.update(sent_at=now) == 1


def _dialer_goes_on(interaction: Interaction) -> list[Exists]:
    """Of a call of the dialer: its campaign dials, and its entry still waits for this call."""
    if interaction.origin not in BY_DIALER:
        return []
    states = [Campaign.Dialer.ON]
    if interaction.origin == Interaction.Origin.FIRST_ACTION:
        states.append(Campaign.Dialer.OFF)
    dials = Campaign.objects.filter(pk=OuterRef("campaign_id"), dialer__in=states)
    if not interaction.is_test:
        dials = dials.filter(status=Campaign.Status.ACTIVE)
    calling = DialerEntry.objects.filter(interaction=OuterRef("pk"), state=DialerEntry.State.CALLING)
    return [Exists(dials), Exists(calling)]


def _withdraw_by(interaction: Interaction, verdict: Verdict) -> None:
    reasons = [{"code": reason.code, "message": reason.message, "rule": reason.rule} for reason in verdict.reasons]
    withdraw(interaction, verdict.code, verdict.message, reasons=reasons)


def withdraw(interaction: Interaction, code: str, message: str, **data: Any) -> None:
    end_unplaced(_mine(interaction).filter(sent_at=None), interaction.pk, Dispatch.PLACING, code, message, **data)


@transaction.atomic
def end_unplaced(
    rows: InteractionQuerySet,
    pk: int,
    before: Dispatch,
    code: str,
    message: str,
    after: Dispatch = Dispatch.WITHDRAWN,
    **data: Any,
) -> None:
    fields = {"error_code": code, "error_message": message, "ended_at": clock.now()}
    if rows.move(pk, before, after, status=Status.ERROR, **fields):
        note(pk, after, message, **data)
        ended = Interaction.objects.select_related("workspace", "campaign", "lead").get(pk=pk)
        tell(FAILED, ended)
        call_ended.send(Interaction, interaction=ended)


def put_back(interaction: Interaction, wait: timedelta) -> bool:
    """Before anything was sent."""
    unsent = _mine(interaction).filter(sent_at=None)
    return unsent.move(interaction.pk, Dispatch.PLACING, Dispatch.QUEUED, **unclaimed(), not_before=_in(wait))


def _in(wait: timedelta) -> datetime:
    return clock.real_now() + min(wait, LONGEST_WAIT)


def _put_back_after_fault(interaction_id: int, token: str, error: Exception) -> None:
    """A fault of our own before anything was sent: tried again, then given up with a code."""
    log.exception("dial_fault", interaction_id=interaction_id, exc_info=error)
    mine = Interaction.objects.filter(claim_token=token, sent_at=None)
    faults = mine.filter(pk=interaction_id).values_list("faults", flat=True).first()
    if faults is None:
        return
    if faults + 1 < MAX_FAULTS:
        later = {**unclaimed(), "faults": faults + 1, "not_before": _in(timedelta(seconds=5 * 2**faults))}
        mine.move(interaction_id, Dispatch.PLACING, Dispatch.QUEUED, **later)
        return
    message = "LeadSail could not prepare the call; the operator finds the fault in the log."
    end_unplaced(mine, interaction_id, Dispatch.PLACING, ErrorCode.INTERNAL, message)


def _keep(interaction: Interaction, result: PlaceResult) -> None:
    """The result is worth waiting for a database that is away; if it stays away, the reconciler asks the provider."""
    for attempt in range(RESULT_TRIES):
        try:
            save_result(interaction, result)
            circuit.keep(interaction.account, result)
        except IntegrityError as error:
            log.error("result_refused", interaction=interaction.public_id, error=str(error))
            return
        except (DatabaseError, InterfaceError) as error:
            log.warning("result_not_saved_yet", interaction=interaction.public_id, error=str(error))
            close_old_connections()
            time.sleep(min(0.2 * 2**attempt, 5))
        else:
            return


def save_result(interaction: Interaction, result: PlaceResult) -> None:
    match result.placement:
        case Placement.ACCEPTED:
            mark_placed(interaction, result.conversation_id, result.call_id)
        case Placement.THROTTLED:
            _place_later(interaction, "throttled", result, throttles=interaction.throttles + 1, unreached=0)
        case Placement.REJECTED if _tells_of_outage(interaction, result):
            _place_later(interaction, "unreached", result)
        case Placement.REJECTED if not result.reached and _is_tried_again(interaction):
            _place_later(interaction, "unreached", result, unreached=min(interaction.unreached + 1, MAX_UNREACHED))
        case Placement.REJECTED:
            _reject(interaction, result)
        case Placement.UNKNOWN:
            mark_unknown(interaction, result.message)


def _tells_of_outage(interaction: Interaction, result: PlaceResult) -> bool:
    """The one call that was tried while the account's circuit is open ends by it as little as those that wait."""
    return circuit.is_trial(interaction.account) and circuit.blames_provider(result)


def _is_tried_again(interaction: Interaction) -> bool:
    """Whoever clicked wants to know soon; a lead of the dialer waits until the call expires."""
    return interaction.unreached < MAX_UNREACHED or interaction.origin in BY_DIALER


def _place_later(interaction: Interaction, kind: str, result: PlaceResult, **counts: int) -> None:
    """Nothing was placed for certain: the same intent waits for its turn, and no attempt is counted."""
    wait = timedelta(seconds=result.retry_after or min(2 ** max(counts.values(), default=0), 60))
    later = {**unclaimed(), **counts, "not_before": _in(wait)}
    if _mine(interaction).move(interaction.pk, Dispatch.PLACING, Dispatch.QUEUED, **later):
        note(interaction, kind, result.message)


@transaction.atomic
def mark_placed(interaction: Interaction, conversation_id: str, call_id: str = "") -> bool:
    """Whatever was believed before, the provider's word that it has the call is proof. False when it was known."""
    fields = {
        "conversation_id": conversation_id,
        "provider_call_id": call_id,
        "placed_at": clock.business_time(interaction.sent_at) if interaction.sent_at else clock.now(),
        "check_at": clock.real_now() + FIRST_CHECK,
        "checks": 0,
    }
    # One that had been given up waits for its report as one that never reported: what comes now says more.
    given_up = {"error_code": ErrorCode.NO_REPORT}
    for before in (Dispatch.PLACING, Dispatch.UNKNOWN, Dispatch.QUEUED, *UNPLACED):
        known = fields | (given_up if before in UNPLACED else {})
        if Interaction.objects.move(interaction.pk, before, Dispatch.PLACED, **known):
            _note_placed(interaction, before, conversation_id)
            tell(STARTED, interaction)
            return True
    return False


def _note_placed(interaction: Interaction, before: Dispatch, conversation_id: str) -> None:
    if before in UNPLACED:
        log.error("placed_after_all", interaction=interaction.public_id, believed=before)
        note(interaction, "placed_after_all", "The provider had the call after all", conversation_id=conversation_id)
        refresh_last_calls([interaction.lead_id])
    else:
        note(interaction, "placed", "The provider took the call", conversation_id=conversation_id)


def _reject(interaction: Interaction, result: PlaceResult) -> None:
    code = ErrorCode.PROVIDER_REJECTED
    end_unplaced(_mine(interaction), interaction.pk, Dispatch.PLACING, code, result.message, Dispatch.REJECTED)


def mark_unknown(interaction: Interaction, message: str) -> bool:
    now = clock.real_now()
    # Never ahead, where the clock was set back: from this moment on it is counted when no answer proves something.
    fields = {"check_at": now + UNKNOWN_CHECK, "checks": 0, "sent_at": min(interaction.sent_at or now, now)}
    moved = _mine(interaction).move(interaction.pk, Dispatch.PLACING, Dispatch.UNKNOWN, **fields)
    if moved:
        note(interaction, "unknown", message)
    return moved
