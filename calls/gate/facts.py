"""Reads from the database what the gate judges by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from accounts.models import Workspace
from accounts.services import are_calls_stopped
from calls.gate.hours import Opening
from calls.gate.rules import Facts
from calls.gate.sequence import Attempt
from calls.gate.timing import Timing
from calls.models import DialerEntry, ErrorCode, Interaction, Status
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
    attempts = known.attempts(plan)
    zones = candidate_zones(lead, plan.number) if phone else ()
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
            last_call_at=known.last_call_at(plan),
            min_gap=timedelta(minutes=campaign.min_gap_minutes),
            attempts=tuple(attempt.at for attempt in attempts),
            max_per_day=campaign.max_attempts_per_day,
            number_free_at=known.number_free_at.get(plan.caller_number.pk) if plan.caller_number else None,
        ),
        zones=zones,
        made=attempts,
        contact_type=known.contact_type(plan),
    )


@dataclass(frozen=True, kw_only=True)
class _Call:
    """What the gate looks at of a call to one of the leads or numbers: placed, or under way."""

    pk: int
    public_id: str
    lead_id: int
    campaign_id: int
    number: str
    status: str
    error_code: str
    placed_at: datetime | None
    ended_at: datetime | None
    is_test: bool
    spoken_to: bool

    def counts_for(self, lead: Lead) -> bool:
        """As InteractionQuerySet.attempts has it."""
        return (not self.is_test or lead.is_test) and self.error_code != ErrorCode.PROVIDER_FAULT


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the database says of all leads and numbers of the plans."""

    listed: dict[str, DoNotCall]
    calls_stopped: bool
    calls_to_lead: dict[int, list[_Call]]
    calls_to_number: dict[str, list[_Call]]
    dead: frozenset[str]
    number_free_at: dict[int, datetime]
    rules: dict[int, tuple[WeeklyHours, Holidays]]

    @classmethod
    def of(cls, plans: Sequence[Plan]) -> _Known:
        workspace = plans[0].lead.workspace
        numbers = {plan.number for plan in plans if plan.number}
        longest_gap = timedelta(minutes=max(plan.campaign.min_gap_minutes for plan in plans))
        calls = _calls(workspace.pk, {plan.lead.pk for plan in plans}, numbers, since=clock.now() - longest_gap)
        by_lead, by_number = defaultdict(list), defaultdict(list)
        for call in calls:
            by_lead[call.lead_id].append(call)
            by_number[call.number].append(call)
        return cls(
            listed={entry.address: entry for entry in DoNotCall.objects.for_phones(workspace.pk, numbers)},
            calls_stopped=are_calls_stopped(workspace.pk),
            calls_to_lead=by_lead,
            calls_to_number=by_number,
            dead=_still_dead(workspace.pk, by_number),
            number_free_at=_full_numbers(workspace, plans),
            rules={plan.campaign.pk: _rules(plan.campaign) for plan in _one_of_each_campaign(plans)},
        )

    def attempts(self, plan: Plan) -> tuple[Attempt, ...]:
        """Of the campaign to the lead, oldest first."""
        return tuple(
            Attempt(at=call.placed_at, status=call.status, ended_at=call.ended_at)
            for call in self.calls_to_lead[plan.lead.pk]
            if call.placed_at and call.campaign_id == plan.campaign.pk and call.counts_for(plan.lead)
        )

    def last_call_at(self, plan: Plan) -> datetime | None:
        """The gap protects the person: it counts from the last call to the lead or to the number, tests included."""
        calls = (*self.calls_to_lead[plan.lead.pk], *self.calls_to_number[plan.number])
        return max((call.placed_at for call in calls if call.placed_at), default=None)

    def live_call_id(self, plan: Plan) -> str:
        """Another call that is under way to the number or to the lead."""
        calls = (*self.calls_to_lead[plan.lead.pk], *self.calls_to_number[plan.number])
        live = (call for call in calls if call.status == Status.IN_PROGRESS and call.pk != plan.interaction_id)
        return next((call.public_id for call in live), "")

    def contact_type(self, plan: Plan) -> str:
        calls = self.calls_to_lead[plan.lead.pk]
        others = [call for call in calls if call.placed_at and call.pk != plan.interaction_id]
        if any(call.spoken_to for call in others):
            return "returning"
        return "first" if others else "new"


def _calls(workspace_id: int, leads: Iterable[int], numbers: Collection[str], *, since: datetime) -> list[_Call]:
    """In one query, oldest first: all of the leads, which are few, and of the numbers those that may decide, for a
    switchboard may have thousands."""
    to_number = Q(to_number__in=numbers)
    live, dead = Q(status=Status.IN_PROGRESS), Q(error_code=ErrorCode.INVALID_NUMBER)
    of_leads = Q(lead__in=leads) & (Q(placed_at__isnull=False) | live)
    theirs = of_leads | (to_number & live) | (to_number & Q(placed_at__gte=since)) | (to_number & dead)
    rows = Interaction.objects.filter(theirs, workspace=workspace_id).order_by("placed_at", "id")
    names = ("lead_id", "campaign_id", "status", "error_code", "placed_at", "ended_at", "is_test", "spoken_to")
    return [
        _Call(pk=pk, public_id=public_id, number=number, **dict(zip(names, facts, strict=True)))
        for pk, public_id, number, *facts in rows.values_list("pk", "public_id", "to_number", *names)
    ]


def _still_dead(workspace_id: int, calls_to_number: Mapping[str, Sequence[_Call]]) -> frozenset[str]:
    """Numbers whose last call, to whomever, found that they do not exist."""
    found = {
        number: max(call.placed_at for call in calls if call.placed_at and call.error_code == ErrorCode.INVALID_NUMBER)
        for number, calls in calls_to_number.items()
        if any(call.placed_at and call.error_code == ErrorCode.INVALID_NUMBER for call in calls)
    }
    if not found:
        return frozenset()
    placed = Interaction.objects.placed().filter(workspace=workspace_id, to_number__in=found)
    newest = dict(placed.order_by().values_list("to_number").annotate(Max("placed_at")))
    return frozenset(number for number, at in found.items() if newest.get(number) == at)


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
    if plan.interaction_id and (meanwhile := _taken_back(plan)):
        return meanwhile
    if lead.status in campaign.excluded_statuses:
        return "STATUS_EXCLUDED", f"The auto-dialer leaves out leads whose status is {lead.get_status_display()}."
    if lead.approval_status in (Approval.PENDING, Approval.REJECTED):
        return "NOT_APPROVED", f"The lead is {lead.get_approval_status_display().lower()}: decide on its page."
    is_off = campaign.dialer == Campaign.Dialer.OFF and plan.origin == Interaction.Origin.DIALER
    if campaign.dialer == Campaign.Dialer.PAUSED or is_off:
        return "DIALER_NOT_ON", f"The campaign's auto-dialer is {campaign.get_dialer_display().lower()}."
    return None


def _taken_back(plan: Plan) -> tuple[str, str] | None:
    """Of a call that was begun already: what has happened since, so that it is not made."""
    if plan.lead.campaign_id != plan.campaign.pk:
        return "LEAD_MOVED", "The lead is in another campaign now."
    if plan.number != plan.lead.phone:
        return "NUMBER_CHANGED", "The lead has another number now."
    # Taken out of the dialer, or another call has come to something that changes its turn.
    if not DialerEntry.objects.filter(interaction=plan.interaction_id, state=DialerEntry.State.CALLING).exists():
        return "TAKEN_BACK", "The auto-dialer has taken this call back."
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
    same = Q(to_number=plan.number) | Q(lead=plan.lead)
    live = Interaction.objects.live().filter(same, workspace=plan.lead.workspace_id)
    others = live.exclude(pk=plan.interaction_id or 0)
    return others.values_list("public_id", flat=True).first() or ""


def count_attempts(lead: Lead, campaign: Campaign, *, up_to: int | None = None) -> int:
    attempts = Interaction.objects.attempts().filter(lead=lead, campaign=campaign)
    return (attempts.filter(pk__lte=up_to) if up_to else attempts).count()
