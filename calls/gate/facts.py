"""Reads from the database what the gate judges by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.services import are_calls_stopped
from calls.gate.rules import Facts
from calls.models import ErrorCode, Interaction
from campaigns.models import CallerNumber, Campaign, PromptVersion, VoiceAgent
from common import phones
from common.hours import CLOSED, WeeklyHours, parse_weekly_hours
from leads.models import DoNotCall, Lead, LeadStatus
from leads.queries import listed_numbers
from leads.zones import candidate_zones


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who would call whom, from where, with what text: resolved, not yet judged."""

    lead: Lead
    campaign: Campaign
    agent: VoiceAgent | None
    caller_number: CallerNumber | None
    prompt_version: PromptVersion | None
    number: str
    is_test: bool
    interaction_id: int | None = None


def make_plan(
    *,
    lead: Lead,
    campaign: Campaign,
    number: str = "",
    caller_number: CallerNumber | None = None,
    is_test: bool = False,
) -> Plan:
    is_test = is_test or lead.is_test
    agent = campaign.agent_for(test=is_test)
    return Plan(
        lead=lead,
        campaign=campaign,
        agent=agent,
        caller_number=caller_number or (campaign.caller_number_for(agent) if agent else None),
        prompt_version=campaign.prompt_version_for(agent) if agent else None,
        number=number or lead.phone,
        is_test=is_test,
    )


def plan_of(interaction: Interaction) -> Plan:
    """The same plan as at the click, with what has changed since: the gate at the dial judges today's facts."""
    return Plan(
        lead=interaction.lead,
        campaign=interaction.campaign,
        agent=interaction.agent,
        caller_number=interaction.caller_number,
        prompt_version=interaction.prompt_version,
        number=interaction.to_number,
        is_test=interaction.is_test,
        interaction_id=interaction.pk,
    )


def read_facts(plan: Plan) -> Facts:
    lead, campaign = plan.lead, plan.campaign
    phone = phones.parse_phone(plan.number)
    return Facts(
        number=plan.number,
        number_possible=phone is not None and phone.e164 == plan.number,
        number_valid=phone is not None and phone.valid,
        number_dead=_is_dead(lead.workspace_id, plan.number),
        listed_as=_listed_as(lead, plan.number),
        calls_stopped=are_calls_stopped(lead.workspace_id),
        campaign_active=plan.is_test or campaign.status == Campaign.Status.ACTIVE,
        has_agent=_can_call(plan.agent),
        has_prompt=plan.prompt_version is not None,
        has_caller_number=_fits(plan.caller_number, plan.agent),
        live_call_id=live_call_id(plan),
        attempts=count_attempts(lead, campaign),
        max_attempts=campaign.max_attempts,
        last_call_at=_last_call_at(lead, plan.number),
        min_gap=timedelta(minutes=campaign.min_gap_minutes),
        hours=_hours(campaign),
        zones=candidate_zones(lead, plan.number) if phone else (),
    )


def _hours(campaign: Campaign) -> WeeklyHours:
    """Hours that cannot be read are no hours."""
    try:
        return parse_weekly_hours(campaign.hours)
    except ValidationError:
        return CLOSED


def _listed_as(lead: Lead, number: str) -> str:
    entry = DoNotCall.objects.for_phone(lead.workspace_id, number).first()
    if entry:
        since = f"{entry.created_at:%-d %B %Y}"
        return f"it is on the Do-Not-Call list since {since} ({entry.reason or 'no reason given'})."
    if lead.status == LeadStatus.DNC:
        return "the lead asked not to be contacted."
    if number != lead.phone and _has_only_listed_numbers(lead, apart_from=number):
        return "every number of the lead is on the Do-Not-Call list."
    return ""


def _has_only_listed_numbers(lead: Lead, *, apart_from: str) -> bool:
    """Another number is no way around the list. One of the lead's own that is not listed may be called."""
    own = lead.numbers()
    return bool(own) and apart_from not in own and set(own) <= set(listed_numbers(lead.workspace_id, own))


def _is_dead(workspace_id: int, number: str) -> bool:
    calls = Interaction.objects.placed().filter(workspace_id=workspace_id, to_number=number)
    last = calls.order_by("-placed_at").values_list("error_code", flat=True).first()
    return last == ErrorCode.INVALID_NUMBER


def _can_call(agent: VoiceAgent | None) -> bool:
    return agent is not None and agent.is_active and agent.account.is_active and bool(agent.account.base_url)


def _fits(caller_number: CallerNumber | None, agent: VoiceAgent | None) -> bool:
    """A provider can only call from a number that its own account holds."""
    return (
        caller_number is not None
        and caller_number.is_active
        and (agent is None or caller_number.account_id == agent.account_id)
    )


def live_call_id(plan: Plan) -> str:
    """Another call that is under way to the number or to the lead."""
    same = Q(to_number=plan.number) | Q(lead=plan.lead)
    live = (
        Interaction.objects.live().filter(same, workspace=plan.lead.workspace_id).exclude(pk=plan.interaction_id or 0)
    )
    return live.values_list("public_id", flat=True).first() or ""


def count_attempts(lead: Lead, campaign: Campaign, *, up_to: int | None = None) -> int:
    attempts = Interaction.objects.attempts().filter(lead=lead, campaign=campaign)
    return (attempts.filter(pk__lte=up_to) if up_to else attempts).count()


def _last_call_at(lead: Lead, number: str) -> datetime | None:
    """The gap protects the person: from the last call to the lead or to the number, tests included."""
    counted = Interaction.objects.placed().filter(workspace=lead.workspace_id)
    found = [
        calls.order_by("-placed_at").values_list("placed_at", flat=True).first()
        for calls in (counted.filter(lead=lead), counted.filter(to_number=number))
    ]
    return max((moment for moment in found if moment), default=None)
