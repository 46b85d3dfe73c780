"""When the entries of a campaign are called next, and how, by the rules and the history of now: for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from calls.gate.facts import Plan, make_plan, read_facts_of
from calls.gate.rules import Facts, Reason, Verdict, evaluate
from calls.gate.sequence import Course, Rules, Step, next_course
from calls.gate.timing import PREFERENCE_HOLDS, next_call_time, why_then
from calls.models import DialerEntry, Interaction
from campaigns.models import CallerNumber, Campaign, VoiceAgent
from common import clock

Lane, State = DialerEntry.Lane, DialerEntry.State
# The gate says no for good: nothing but a person sending the lead again brings it back.
ENDING = ("DO_NOT_CALL", "INVALID_PHONE_NUMBER")
# The gate says no until something about the lead changes, which plans its entry anew.
PARKING = ("STATUS_EXCLUDED", "NOT_APPROVED")
IN_USE_WAIT = timedelta(minutes=1)
FAULT_WAIT = timedelta(minutes=15)
MOST_FAULTS = 3
PLANNED_FIELDS = ("state", "lane", "due_at", "why", "why_text", "updated_at")
SENTENCES = {
    "MOVED": "The lead is in another campaign now.",
    "ARCHIVED": "The campaign is archived.",
    "MAX_ATTEMPTS_REACHED": "All attempts that the campaign allows are made.",
    "OUTCOME_FINAL": "The last call's outcome is one after which nobody is called again.",
    "FAULTS": "Three calls in a row could not be made: look at the last one to see why, and send the lead again.",
    "FAULT_WAIT": "The last call could not be made: it is tried again after a while.",
    "CALL_IN_PROGRESS": "Another call to this lead or this number is under way.",
    "WAITING_FOR_LINE": "The provider account it is called through has no free line.",
    "INTERNAL_ERROR": "LeadSail could not prepare the call; the operator finds the fault in the log.",
    "STOPPED": "The campaign's auto-dialer was stopped.",
    "DIALER_OFF": "The campaign's auto-dialer is off: only the first call was its to make.",
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    entry: DialerEntry
    plan: Plan
    verdict: Verdict
    state: str
    lane: int
    at: datetime | None
    why: str
    why_text: str

    @property
    def is_over(self) -> bool:
        return self.state == State.DONE

    def carry(self) -> DialerEntry:
        """Onto the entry, not saved."""
        entry = self.entry
        entry.state, entry.lane, entry.due_at = self.state, self.lane, self.at
        entry.why, entry.why_text, entry.updated_at = self.why, self.why_text[:300], clock.now()
        return entry


class CampaignRules:
    """What a campaign's entries have in common, read once."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = Campaign.objects.with_calling().select_related("workspace").get(pk=campaign.pk)

    @cached_property
    def rules(self) -> Rules:
        steps = self.campaign.steps.order_by("position")
        return Rules(
            max_attempts=self.campaign.max_attempts,
            retry_outcomes=frozenset(self.campaign.retry_outcomes),
            steps=tuple(
                Step(
                    after_attempt=step.after_attempt,
                    outcomes=frozenset(step.outcomes),
                    wait=timedelta(minutes=step.wait_minutes) if step.wait_minutes else None,
                    part=step.part_of_day,
                    agent_id=step.agent_id,
                    caller_number_id=step.caller_number_id,
                )
                for step in steps
            ),
        )

    @cached_property
    def agents(self) -> dict[int, VoiceAgent]:
        wanted = {step.agent_id for step in self.rules.steps if step.agent_id}
        related = VoiceAgent.objects.select_related("account", "caller_number__account", "template__current")
        return related.in_bulk(wanted)

    @cached_property
    def numbers(self) -> dict[int, CallerNumber]:
        wanted = {step.caller_number_id for step in self.rules.steps if step.caller_number_id}
        return CallerNumber.objects.select_related("account").in_bulk(wanted)

    def plan(self, entry: DialerEntry, step: Step) -> Plan:
        """Test leads are called by the test agent whatever the steps say."""
        lead = entry.lead
        return make_plan(
            lead=lead,
            campaign=self.campaign,
            agent=None if lead.is_test else self.agents.get(step.agent_id or 0),
            caller_number=self.numbers.get(step.caller_number_id or 0),
            origin=origin_of(entry),
        )


def origin_of(entry: DialerEntry) -> str:
    is_first = entry.lane == Lane.SUBMITTED
    return Interaction.Origin.FIRST_ACTION if is_first else Interaction.Origin.DIALER


def plan_entries(campaign: Campaign | CampaignRules, entries: Sequence[DialerEntry]) -> list[Planned]:
    """Their leads are read along (lead__workspace). A fixed number of queries, however many."""
    if not entries:
        return []
    rules = campaign if isinstance(campaign, CampaignRules) else CampaignRules(campaign)
    for entry in entries:
        if entry.lead.campaign_id == rules.campaign.pk:
            entry.lead.campaign = rules.campaign
    now = clock.now()
    # Once to know the attempts, which decide on the step; the step decides who calls from where.
    drafts = [rules.plan(entry, Step()) for entry in entries]
    facts = read_facts_of(drafts)
    courses = [_course(rules, entry, fact) for entry, fact in zip(entries, facts, strict=True)]
    plans = [rules.plan(entry, course.step) for entry, course in zip(entries, courses, strict=True)]
    changed = [place for place, (draft, plan) in enumerate(zip(drafts, plans, strict=True)) if draft != plan]
    for place, fact in zip(changed, read_facts_of([plans[place] for place in changed]), strict=True):
        facts[place] = fact
    return [_judge(*row, now=now) for row in zip(entries, plans, facts, courses, strict=True)]


def _course(rules: CampaignRules, entry: DialerEntry, facts: Facts) -> Course:
    return next_course(rules.rules, facts.made, since=entry.sent_at, callback_at=entry.callback_at)


def _judge(entry: DialerEntry, plan: Plan, facts: Facts, course: Course, *, now: datetime) -> Planned:
    verdict = evaluate(facts, now)
    lane = _lane(entry, facts)
    if over := _over(entry, lane, plan, verdict, course):
        return _planned(entry, lane, plan, verdict, State.DONE, None, *over)
    if parked := next((reason for reason in verdict.reasons if reason.code in PARKING), None):
        return _planned(entry, lane, plan, verdict, State.WAITING, None, parked.code, parked.message)
    wait = _wait(entry, verdict, course, now)
    part, is_callback = course.step.part, entry.callback_at is not None
    at = next_call_time(
        facts.timing,
        now,
        not_before=wait.until,
        part=part,
        zones=facts.zones,
        part_within=PREFERENCE_HOLDS - _overdue(entry, now),
    )
    why = why_then(
        facts.timing,
        now,
        at,
        not_before=wait.until,
        is_callback=is_callback,
        wait=(wait.code, SENTENCES[wait.code]) if wait.code else None,
        part=part,
        zones=facts.zones,
    )
    return _planned(entry, lane, plan, verdict, State.WAITING, at, *why)


def _overdue(entry: DialerEntry, now: datetime) -> timedelta:
    """Who was held by a cap when the preferred part of the day had come must not slip for ever."""
    return max(now - entry.due_at, timedelta()) if entry.due_at else timedelta()


@dataclass(frozen=True)
class _Wait:
    until: datetime | None = None
    code: str = ""
    """Empty where the campaign's sequence or the lead's wish makes it wait."""


def _wait(entry: DialerEntry, verdict: Verdict, course: Course, now: datetime) -> _Wait:
    in_use = any(reason.code == "CALL_IN_PROGRESS" for reason in verdict.reasons)
    waits = (
        _Wait(course.not_before),
        _Wait(entry.not_before, "FAULT_WAIT"),
        _Wait(now + IN_USE_WAIT if in_use else None, "CALL_IN_PROGRESS"),
    )
    return max((wait for wait in waits if wait.until), key=lambda wait: wait.until or now, default=_Wait())


def _over(entry: DialerEntry, lane: int, plan: Plan, verdict: Verdict, course: Course) -> tuple[str, str] | None:
    ending = next((reason for reason in verdict.reasons if reason.code in ENDING), None)
    if ending:
        return ending.code, ending.message
    for code, is_so in (
        ("MOVED", plan.lead.campaign_id != plan.campaign.pk),
        ("ARCHIVED", plan.campaign.status == Campaign.Status.ARCHIVED),
        ("FAULTS", entry.faults >= MOST_FAULTS),
        (course.stop, bool(course.stop)),
        ("DIALER_OFF", plan.campaign.dialer == Campaign.Dialer.OFF and lane != Lane.SUBMITTED),
    ):
        if is_so:
            return code, SENTENCES[code]
    return None


def _lane(entry: DialerEntry, facts: Facts) -> int:
    if entry.callback_at:
        return Lane.CALLBACK
    if facts.made and facts.made[-1].over_by >= entry.sent_at:
        return Lane.RETRY
    return Lane.SUBMITTED if entry.lane == Lane.SUBMITTED else Lane.NEW


def _planned(
    entry: DialerEntry,
    lane: int,
    plan: Plan,
    verdict: Verdict,
    state: str,
    at: datetime | None,
    why: str,
    why_text: str,
) -> Planned:
    return Planned(entry=entry, plan=plan, verdict=verdict, state=state, lane=lane, at=at, why=why, why_text=why_text)


def holds_campaign(planned: Planned) -> Reason | None:
    """What keeps the whole campaign from calling, and not only this lead: an agent or a number of a step, or the agent
    of test leads, may be missing where the campaign's own are there."""
    plan = planned.plan
    own = plan.campaign.production_agent
    is_own = own is not None and plan.agent == own and plan.caller_number == plan.campaign.caller_number_for(own)
    codes = OF_THE_CAMPAIGN | (OF_ITS_AGENT if is_own else set())
    return next((reason for reason in planned.verdict.reasons if reason.code in codes), None)


OF_THE_CAMPAIGN = {"CALLS_STOPPED", "CAMPAIGN_INACTIVE", "DIALER_NOT_ON"}
OF_ITS_AGENT = {"AGENT_NOT_CONFIGURED", "PROMPT_NOT_CONFIGURED", "MISSING_PHONE_NUMBER"}


def done_fields(why: str, text: str) -> dict[str, Any]:
    """Of entries that end without being planned."""
    over = {"state": State.DONE, "due_at": None, "why": why, "why_text": text[:300]}
    return {**over, "updated_at": clock.now()}


def save_planned(planned: Sequence[Planned]) -> None:
    """What becomes the same for many, such as the next morning, is one statement."""
    alike: dict[tuple[Any, ...], list[DialerEntry]] = defaultdict(list)
    for each in planned:
        entry = each.carry()
        alike[entry.state, entry.lane, entry.due_at, entry.why, entry.why_text].append(entry)
    for (state, lane, due_at, why, why_text), entries in alike.items():
        fields = {"state": state, "lane": lane, "due_at": due_at, "why": why, "why_text": why_text}
        if len(entries) > 1:
            rows = DialerEntry.objects.filter(pk__in=[entry.pk for entry in entries])
            rows.update(**fields, updated_at=entries[0].updated_at)
    single = [entries[0] for entries in alike.values() if len(entries) == 1]
    DialerEntry.objects.bulk_update(single, PLANNED_FIELDS)
