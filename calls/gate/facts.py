"""Reads from the database what the gate judges by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from accounts.models import Workspace
from accounts.services import are_calls_stopped
from calls.gate.hours import Opening
from calls.gate.rules import Facts
from calls.gate.sequence import Attempt
from calls.gate.timing import Timing
from calls.models import ErrorCode, Interaction, InteractionQuerySet
from campaigns.models import CallerNumber, Campaign, PromptVersion, VoiceAgent
from common import clock, phones
from common.hours import Holidays, WeeklyHours, holidays_or_none, hours_or_closed
from leads.models import Approval, DoNotCall, Lead, LeadStatus
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
    origin: str = ""
    interaction_id: int | None = None


def make_plan(
    *,
    lead: Lead,
    campaign: Campaign,
    number: str = "",
    caller_number: CallerNumber | None = None,
    agent: VoiceAgent | None = None,
    is_test: bool = False,
    origin: str = "",
) -> Plan:
    is_test = is_test or lead.is_test
    agent = agent or campaign.agent_for(test=is_test)
    return Plan(
        lead=lead,
        campaign=campaign,
        agent=agent,
        caller_number=caller_number or (campaign.caller_number_for(agent) if agent else None),
        prompt_version=campaign.prompt_version_for(agent) if agent else None,
        number=number or lead.phone,
        is_test=is_test,
        origin=origin,
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
        origin=interaction.origin,
        interaction_id=interaction.pk,
    )


def read_facts(plan: Plan) -> Facts:
    return read_facts_of([plan])[0]


def read_facts_of(plans: Sequence[Plan]) -> list[Facts]:
    """Of plans of one workspace, with the same few queries for one as for many."""
    if not plans:
        return []
    known = _Known.of(plans)
    return [_facts(plan, known) for plan in plans]


def _facts(plan: Plan, known: _Known) -> Facts:
    lead, campaign = plan.lead, plan.campaign
    phone = phones.parse_phone(plan.number)
    attempts = known.attempts[lead.pk, campaign.pk]
    zones = candidate_zones(lead, plan.number) if phone else ()
    calls = (known.last_to_lead.get(lead.pk), known.last_to_number.get(plan.number))
    return Facts(
        number=plan.number,
        number_possible=phone is not None and phone.e164 == plan.number,
        number_valid=phone is not None and phone.valid,
        number_dead=plan.number in known.dead,
        listed_as=_listed_as(plan, known),
        calls_stopped=known.calls_stopped,
        campaign_active=plan.is_test or campaign.status == Campaign.Status.ACTIVE,
        has_agent=_can_call(plan.agent),
        has_prompt=plan.prompt_version is not None,
        has_caller_number=_fits(plan.caller_number, plan.agent),
        live_call_id=known.live_call_id(plan),
        dialer_refusal=dialer_refusal(plan),
        attempts=len(attempts),
        max_attempts=campaign.max_attempts,
        timing=Timing(
            openings=_openings(campaign, zones, *known.rules[campaign.pk]),
            last_call_at=max((moment for moment in calls if moment), default=None),
            min_gap=timedelta(minutes=campaign.min_gap_minutes),
            attempts=tuple(attempt.at for attempt in attempts),
            max_per_day=campaign.max_attempts_per_day,
            number_free_at=known.number_free_at.get(plan.caller_number.pk) if plan.caller_number else None,
        ),
        zones=zones,
        made=tuple(attempts),
    )


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the database says of all leads and numbers of the plans."""

    listed: dict[str, DoNotCall]
    calls_stopped: bool
    live: list[tuple[int, str, int, str]]
    attempts: dict[tuple[int, int], list[Attempt]]
    last_to_lead: dict[int, datetime]
    last_to_number: dict[str, datetime]
    dead: frozenset[str]
    number_free_at: dict[int, datetime]
    rules: dict[int, tuple[WeeklyHours, Holidays]]

    @classmethod
    def of(cls, plans: Sequence[Plan]) -> _Known:
        """The gap protects the person: it counts from the last call to the lead or to the number, tests included."""
        workspace = plans[0].lead.workspace
        leads = {plan.lead.pk for plan in plans}
        numbers = {plan.number for plan in plans if plan.number}
        placed = Interaction.objects.placed().filter(workspace=workspace)
        last_to_number = _newest(placed.filter(to_number__in=numbers), "to_number")
        return cls(
            listed={entry.address: entry for entry in DoNotCall.objects.for_phones(workspace.pk, numbers)},
            calls_stopped=are_calls_stopped(workspace.pk),
            live=_live(workspace.pk, leads, numbers),
            attempts=_attempts(leads, {plan.campaign.pk for plan in plans}),
            last_to_lead=_newest(placed.filter(lead__in=leads), "lead"),
            last_to_number=last_to_number,
            dead=_dead(placed.filter(to_number__in=numbers), last_to_number),
            number_free_at=_full_numbers(workspace, plans),
            rules={plan.campaign.pk: _rules(plan.campaign) for plan in _one_of_each_campaign(plans)},
        )

    def live_call_id(self, plan: Plan) -> str:
        """Another call that is under way to the number or to the lead."""
        for lead, number, pk, public_id in self.live:
            if pk != plan.interaction_id and (lead == plan.lead.pk or number == plan.number):
                return public_id
        return ""


def _newest(calls: InteractionQuerySet, by: str) -> dict[Any, datetime]:
    return dict(calls.order_by().values_list(by).annotate(Max("placed_at")))


def _dead(calls: InteractionQuerySet, newest: dict[str, datetime]) -> frozenset[str]:
    """Numbers whose last call found that they do not exist."""
    if not newest:
        return frozenset()
    found = calls.filter(error_code=ErrorCode.INVALID_NUMBER).values_list("to_number", "placed_at")
    return frozenset(number for number, placed_at in found if newest.get(number) == placed_at)


def _live(workspace_id: int, leads: Iterable[int], numbers: Iterable[str]) -> list[tuple[int, str, int, str]]:
    same = Q(to_number__in=numbers) | Q(lead__in=leads)
    rows = Interaction.objects.live().filter(same, workspace=workspace_id)
    return list(rows.values_list("lead_id", "to_number", "pk", "public_id"))


def _attempts(leads: Iterable[int], campaigns: Iterable[int]) -> dict[tuple[int, int], list[Attempt]]:
    """Of each lead in each campaign, oldest first."""
    found: dict[tuple[int, int], list[Attempt]] = defaultdict(list)
    rows = Interaction.objects.attempts().filter(lead__in=leads, campaign__in=campaigns).order_by("placed_at", "id")
    for call in rows.only("lead_id", "campaign_id", "placed_at", "status", "ended_at"):
        assert call.placed_at
        found[call.lead_id, call.campaign_id].append(
            Attempt(at=call.placed_at, status=call.status, ended_at=call.ended_at)
        )
    return found


def _full_numbers(workspace: Workspace, plans: Sequence[Plan]) -> dict[int, datetime]:
    """Of caller numbers that have made all the calls they may make today: when the next day begins."""
    numbers = {plan.caller_number for plan in plans if plan.caller_number}
    capped = {number.pk: number.daily_cap for number in numbers if number.daily_cap}
    if not capped:
        return {}
    begins, ends = day_of(workspace)
    judged = [plan.interaction_id for plan in plans if plan.interaction_id]
    calls = Interaction.objects.filter(caller_number__in=capped).exclude(pk__in=judged).made_since(begins)
    made = dict(calls.order_by().values_list("caller_number").annotate(Count("pk")))
    return {pk: ends for pk, cap in capped.items() if made.get(pk, 0) >= cap}


def day_of(workspace: Workspace) -> tuple[datetime, datetime]:
    """The business day that it is now where the workspace is: daily caps count by it."""
    zone = ZoneInfo(workspace.timezone)
    today = clock.now().astimezone(zone).date()
    first, last = (datetime.combine(day, time(), tzinfo=zone) for day in (today, today + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def _one_of_each_campaign(plans: Sequence[Plan]) -> Iterable[Plan]:
    return {plan.campaign.pk: plan for plan in plans}.values()


def _rules(campaign: Campaign) -> tuple[WeeklyHours, Holidays]:
    return hours_or_closed(campaign.hours), holidays_or_none(campaign.holidays)


def openings_of(campaign: Campaign, zones: tuple[str, ...]) -> tuple[Opening, ...]:
    return _openings(campaign, zones, *_rules(campaign))


def _openings(
    campaign: Campaign, zones: tuple[str, ...], hours: WeeklyHours, holidays: Holidays
) -> tuple[Opening, ...]:
    where = (campaign.hours_zone,) if campaign.hours_zone else zones
    return tuple(Opening(hours, zone, holidays) for zone in where)


def dialer_refusal(plan: Plan) -> tuple[str, str] | None:
    """What keeps the dialer from a call that a person may make."""
    if plan.origin not in (Interaction.Origin.DIALER, Interaction.Origin.FIRST_ACTION):
        return None
    lead, campaign = plan.lead, plan.campaign
    is_off = campaign.dialer == Campaign.Dialer.OFF and plan.origin == Interaction.Origin.DIALER
    if campaign.dialer == Campaign.Dialer.PAUSED or is_off:
        return "DIALER_NOT_ON", f"The campaign's auto-dialer is {campaign.get_dialer_display().lower()}."
    if lead.status in campaign.excluded_statuses:
        return "STATUS_EXCLUDED", f"The auto-dialer leaves out leads whose status is {lead.get_status_display()}."
    if lead.approval_status in (Approval.PENDING, Approval.REJECTED):
        return "NOT_APPROVED", f"The lead is {lead.get_approval_status_display().lower()}: decide on its page."
    return None


def _listed_as(plan: Plan, known: _Known) -> str:
    lead, number = plan.lead, plan.number
    if entry := known.listed.get(number):
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
    live = _live(plan.lead.workspace_id, [plan.lead.pk], [plan.number])
    return next((public_id for _, _, pk, public_id in live if pk != plan.interaction_id), "")


def count_attempts(lead: Lead, campaign: Campaign, *, up_to: int | None = None) -> int:
    attempts = Interaction.objects.attempts().filter(lead=lead, campaign=campaign)
    return (attempts.filter(pk__lte=up_to) if up_to else attempts).count()
