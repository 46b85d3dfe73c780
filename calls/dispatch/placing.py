"""Placing one call: claim, judge again, render, send once, keep what came of it.

Each step is safe to die after:
1. queued → placing by compare-and-swap: one worker has it. Dies here: nothing was sent, the sweep puts it back.
2. the gate, whole, on today's facts.
3. a free line and a start of the account.
4. `sent_at` by compare-and-swap on the claim: from here on a phone may ring. Dies here: `unknown`, the reconciler asks.
5. the provider is called, once.
6. the result, unless the call's own webhook was faster.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q

from calls.dispatch.lines import take_line
from calls.gate.facts import plan_of, read_facts
from calls.gate.rules import Verdict, evaluate
from calls.history import note
from calls.models import CallPrompt, Dispatch, ErrorCode, Interaction, Status
from calls.prompting import RenderedPrompt, render_prompt
from calls.providers import adapter_for
from calls.providers.base import Placement, PlaceRequest, PlaceResult
from common import clock

log = structlog.get_logger(__name__)
MAX_FAULTS = 3
MAX_UNREACHED = 4
EXPIRES = timedelta(minutes=60)
FIRST_CHECK = timedelta(seconds=20)
RESULT_TRIES = 8


def dial(interaction_id: int, token: str) -> None:
    interaction = claim(interaction_id, token)
    if interaction is None:
        return
    try:
        request = _prepare(interaction)
    except DatabaseError:
        raise
    except Exception as error:
        _put_back_after_fault(interaction, error)
        return
    if request is None or not _mark_sent(interaction):
        return
    result = adapter_for(interaction.account).place(request)
    _keep(interaction, result)


def claim(interaction_id: int, token: str) -> Interaction | None:
    now = clock.real_now()
    due = Interaction.objects.filter(Q(not_before=None) | Q(not_before__lte=now))
    if not due.move(interaction_id, Dispatch.QUEUED, Dispatch.PLACING, claim_token=token, claimed_at=now, sent_at=None):
        return None
    rows = Interaction.objects.select_related(
        "workspace", "lead__workspace", "campaign", "agent__account", "account", "caller_number", "prompt_version"
    )
    return rows.get(pk=interaction_id)


def _prepare(interaction: Interaction) -> PlaceRequest | None:
    """The request to send, or None when the call does not go out now: withdrawn, or back in the queue."""
    if clock.real_now() - interaction.queued_at > EXPIRES:
        withdraw(
            interaction,
            ErrorCode.EXPIRED,
            "The call waited for an hour and was not placed: nobody expects it any more.",
        )
        return None
    verdict = evaluate(read_facts(plan_of(interaction)), clock.now())
    if not verdict.allowed:
        _withdraw_by(interaction, verdict)
        return None
    wait = take_line(interaction.account, interaction.pk)
    if wait is not None:
        put_back(interaction, wait)
        return None
    rendered = render_prompt(
        plan_of(interaction),
        direction=interaction.direction,
        additional_instructions=interaction.additional_instructions,
    )
    _keep_prompt(interaction, rendered)
    return _request(interaction, rendered)


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
        ring_timeout=settings.RING_TIMEOUT_SECONDS,
    )


def _keep_prompt(interaction: Interaction, rendered: RenderedPrompt) -> None:
    texts = {"prompt": rendered.prompt, "first_message": rendered.first_message}
    CallPrompt.objects.update_or_create(interaction=interaction, defaults=texts)


def _mark_sent(interaction: Interaction) -> bool:
    """The fence: a worker that was thought dead, and whose claim was taken away, sends nothing."""
    mine = Interaction.objects.filter(
        pk=interaction.pk, dispatch=Dispatch.PLACING, claim_token=interaction.claim_token, sent_at=None
    )
    interaction.sent_at = clock.real_now()
    return mine.update(sent_at=interaction.sent_at) == 1


def _withdraw_by(interaction: Interaction, verdict: Verdict) -> None:
    reasons = [{"code": reason.code, "message": reason.message, "rule": reason.rule} for reason in verdict.reasons]
    withdraw(interaction, verdict.code, verdict.message, reasons=reasons)


def withdraw(interaction: Interaction, code: str, message: str, **data: object) -> None:
    fields = {"error_code": code, "error_message": message, "ended_at": clock.now()}
    if Interaction.objects.move(interaction.pk, Dispatch.PLACING, Dispatch.WITHDRAWN, status=Status.ERROR, **fields):
        note(interaction, "withdrawn", message, **data)


def put_back(interaction: Interaction, wait: timedelta) -> bool:
    return Interaction.objects.filter(claim_token=interaction.claim_token).move(
        interaction.pk,
        Dispatch.PLACING,
        Dispatch.QUEUED,
        not_before=clock.real_now() + wait,
        claim_token="",
        sent_at=None,
    )


def _put_back_after_fault(interaction: Interaction, error: Exception) -> None:
    """A fault of our own before anything was sent: tried again, then given up with a code."""
    log.exception("dial_fault", interaction=interaction.public_id, exc_info=error)
    if interaction.faults + 1 >= MAX_FAULTS:
        message = "LeadSail could not prepare the call; the operator finds the fault in the log."
        withdraw(interaction, ErrorCode.INTERNAL, message)
        return
    Interaction.objects.filter(pk=interaction.pk).update(faults=interaction.faults + 1)
    put_back(interaction, timedelta(seconds=5 * 2**interaction.faults))


def _keep(interaction: Interaction, result: PlaceResult) -> None:
    """The result is worth waiting for a database that is away; if it stays away, the reconciler asks the provider."""
    for attempt in range(RESULT_TRIES):
        try:
            save_result(interaction, result)
        except DatabaseError as error:
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
        case Placement.REJECTED if not result.reached and interaction.unreached < MAX_UNREACHED:
            _place_later(interaction, "unreached", result, unreached=interaction.unreached + 1)
        case Placement.REJECTED:
            _reject(interaction, result)
        case Placement.UNKNOWN:
            mark_unknown(interaction, result.message)


def _place_later(interaction: Interaction, kind: str, result: PlaceResult, **counts: int) -> None:
    """Nothing was placed for certain: the same intent waits for its turn, and no attempt is counted."""
    wait = timedelta(seconds=result.retry_after or min(2 ** max(counts.values()), 60))
    Interaction.objects.filter(pk=interaction.pk).update(**counts)
    if put_back(interaction, wait):
        note(interaction, kind, result.message)


def mark_placed(interaction: Interaction, conversation_id: str, call_id: str = "") -> bool:
    """From placing, or from unknown when the proof came late; False when it was known already."""
    fields = {
        "conversation_id": conversation_id,
        "provider_call_id": call_id,
        "placed_at": clock.business_time(interaction.sent_at) if interaction.sent_at else clock.now(),
        "check_at": clock.real_now() + FIRST_CHECK,
        "checks": 0,
    }
    moved = any(
        Interaction.objects.move(interaction.pk, before, Dispatch.PLACED, **fields)
        for before in (Dispatch.PLACING, Dispatch.UNKNOWN)
    )
    if moved:
        note(interaction, "placed", "The provider took the call", conversation_id=conversation_id)
    return moved


def _reject(interaction: Interaction, result: PlaceResult) -> None:
    fields = {"error_code": ErrorCode.PROVIDER_REJECTED, "error_message": result.message, "ended_at": clock.now()}
    if Interaction.objects.move(interaction.pk, Dispatch.PLACING, Dispatch.REJECTED, status=Status.ERROR, **fields):
        note(interaction, "rejected", result.message)


def mark_unknown(interaction: Interaction, message: str) -> bool:
    fields = {"check_at": clock.real_now() + timedelta(seconds=2), "checks": 0}
    moved = Interaction.objects.move(interaction.pk, Dispatch.PLACING, Dispatch.UNKNOWN, **fields)
    if moved:
        note(interaction, "unknown", message)
    return moved
