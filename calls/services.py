from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.actors import Actor
from calls import job_names
from calls.events import FAILED, tell
from calls.gate.facts import Plan, live_call_id, make_plan, read_facts
from calls.gate.rules import Reason, Verdict, evaluate
from calls.history import note, note_all
from calls.models import Dispatch, ErrorCode, Interaction, Status
from calls.prompting import RenderedPrompt, render_prompt
from calls.shapes import reason_json
from calls.signals import call_ended
from campaigns.models import CallerNumber, Campaign, PromptVersion, VoiceAgent
from common import clock
from common.errors import ProblemError
from common.queue import enqueue, enqueue_after_commit
from common.shapes import iso
from leads.models import Lead

MAX_INSTRUCTIONS = 5000
LOOK_STEP = timedelta(seconds=3)


@dataclass(frozen=True)
class Preflight:
    plan: Plan
    verdict: Verdict
    zones: tuple[str, ...]
    live_call_id: str
    """The call that is under way to the lead or the number; else empty."""

    @property
    def lead(self) -> Lead:
        return self.plan.lead

    @property
    def campaign(self) -> Campaign:
        return self.plan.campaign

    @property
    def agent(self) -> VoiceAgent | None:
        return self.plan.agent

    @property
    def caller_number(self) -> CallerNumber | None:
        return self.plan.caller_number

    @property
    def prompt_version(self) -> PromptVersion | None:
        return self.plan.prompt_version

    @property
    def number(self) -> str:
        return self.plan.number

    @property
    def is_test(self) -> bool:
        return self.plan.is_test


class CallRefused(ProblemError):
    """The gate's no, with every reason and the time from which it would be a yes."""

    def __init__(self, verdict: Verdict, *, live_interaction_id: str = "") -> None:
        reasons = [reason_json(reason) for reason in verdict.reasons]
        extra: dict[str, Any] = {"reasons": reasons, "nextAllowedAt": iso(verdict.next_allowed_at)}
        if live_interaction_id:
            extra["interactionId"] = live_interaction_id
        details = [reason.message for reason in verdict.reasons]
        super().__init__(verdict.code, verdict.message, details=details, **extra)
        self.verdict, self.live_interaction_id = verdict, live_interaction_id


def preflight(
    *,
    lead: Lead,
    campaign: Campaign | None = None,
    number: str = "",
    caller_number: CallerNumber | None = None,
    is_test: bool = False,
) -> Preflight:
    """What a call would be, and whether it may be made now. Places nothing."""
    campaigns = Campaign.objects.with_calling().filter(workspace=lead.workspace_id)
    full = campaigns.get(pk=campaign.pk if campaign else lead.campaign_id)
    plan = make_plan(lead=lead, campaign=full, number=number, caller_number=caller_number, is_test=is_test)
    facts = read_facts(plan)
    return Preflight(
        plan=plan, verdict=evaluate(facts, clock.now()), zones=facts.zones, live_call_id=facts.live_call_id
    )


def initiate_call(
    *,
    lead: Lead,
    by: Actor,
    origin: str,
    campaign: Campaign | None = None,
    number: str = "",
    caller_number: CallerNumber | None = None,
    additional_instructions: str = "",
    is_test: bool = False,
    direction: str = Interaction.Direction.OUTBOUND,
) -> Interaction:
    """The one door through which every call goes: the gate, then one interaction, then its dial job after commit."""
    if len(additional_instructions) > MAX_INSTRUCTIONS:
        message = f"The additional instructions are longer than {MAX_INSTRUCTIONS} characters."
        raise ProblemError("VALIDATION_ERROR", message, details=[f"additionalInstructions: {message}"])
    try:
        with transaction.atomic():
            checked = preflight(
                lead=lead, campaign=campaign, number=number, caller_number=caller_number, is_test=is_test
            )
            if not checked.verdict.allowed:
                raise CallRefused(checked.verdict, live_interaction_id=checked.live_call_id)
            interaction = _create(checked.plan, by, origin, additional_instructions, direction)
            enqueue_after_commit(job_names.DIAL, interaction.pk, queue="dial")
    except IntegrityError as error:
        raise _lost_race(error, checked.plan) from error
    return interaction


def open_calls(plans: Sequence[Plan], *, by: Actor) -> list[Interaction]:
    """Of the dialer: calls that the gate has let through in this same transaction. Their jobs are the caller's to
    enqueue. Raises IntegrityError where somebody was faster with one of them."""
    calls = [_call(plan, by) for plan in plans]
    Interaction.objects.bulk_create(calls)
    note_all(calls, "created", f"Call asked for by the {plans[0].origin.replace('_', ' ')}" if plans else "")
    return calls


def _create(plan: Plan, by: Actor, origin: str, instructions: str, direction: str) -> Interaction:
    interaction = _call(replace(plan, origin=origin), by)
    interaction.additional_instructions, interaction.direction = instructions, direction
    interaction.save(force_insert=True)
    note(interaction, "created", f"Call asked for by {by}")
    return interaction


def _call(plan: Plan, by: Actor) -> Interaction:
    # The gate lets no call through without these.
    assert plan.agent
    assert plan.caller_number
    assert plan.prompt_version
    return Interaction(
        workspace=plan.lead.workspace,
        lead=plan.lead,
        campaign=plan.campaign,
        agent=plan.agent,
        account=plan.agent.account,
        caller_number=plan.caller_number,
        prompt_version=plan.prompt_version,
        to_number=plan.number,
        from_number=plan.caller_number.e164,
        origin=plan.origin,
        is_test=plan.is_test,
        user=by.user,
        api_key=by.api_key,
    )


def _lost_race(error: IntegrityError, plan: Plan) -> Exception:
    """Two requests passed the gate at once; the constraint let one through, and this was the other."""
    live_id = live_call_id(plan)
    if not live_id:
        return error
    message = "A call to this lead or this number is under way: wait until it has ended."
    reason = Reason("CALL_IN_PROGRESS", message, "one_call_per_number")
    return CallRefused(Verdict(reasons=(reason,)), live_interaction_id=live_id)


def preview_prompt(*, preflight: Preflight, additional_instructions: str = "") -> RenderedPrompt:
    direction = Interaction.Direction.OUTBOUND
    return render_prompt(preflight.plan, direction=direction, additional_instructions=additional_instructions)


@transaction.atomic
def cancel_call(*, interaction: Interaction, by: Actor) -> bool:
    """Takes back a call that is still queued; False when a worker was faster."""
    message = f"Cancelled by {by}."
    fields = {"error_code": ErrorCode.CANCELLED, "error_message": message, "ended_at": clock.now()}
    done = Interaction.objects.move(interaction.pk, Dispatch.QUEUED, Dispatch.WITHDRAWN, status=Status.ERROR, **fields)
    if done:
        note(interaction, "cancelled", message)
        tell(FAILED, interaction)
        interaction.refresh_from_db()
        call_ended.send(Interaction, interaction=interaction)
    return done


def request_look(interaction: Interaction) -> None:
    """Somebody watches: ask the provider how the call stands, at most every three seconds whoever watches."""
    if interaction.is_final or not interaction.conversation_id:
        return
    now = clock.real_now()
    fresh = Q(looked_at=None) | Q(looked_at__lt=now - LOOK_STEP)
    if Interaction.objects.filter(fresh, pk=interaction.pk).update(looked_at=now):
        enqueue(job_names.LOOK, interaction.pk)
