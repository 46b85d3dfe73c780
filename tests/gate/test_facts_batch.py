"""Facts of many plans are read at once: they are those of each alone, and cost no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from calls.gate.facts import Plan, live_call_id, make_plan, read_facts, read_facts_of
from calls.gate.rules import Facts
from calls.gate.timing import after_gap
from calls.models import Dispatch, Interaction
from campaigns.models import CallerNumber, Campaign
from leads.models import Lead, LeadPhone
from leads.services import add_to_do_not_call
from tests.travel import Clock
from tests.world import make_campaign, make_interaction, make_lead, make_number

NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
SHARED, DEAD, LISTED, FURTHER = "+12125550150", "+12125550151", "+12125550152", "+12125550153"


@pytest.fixture(autouse=True)
def noon(settings: Any) -> None:
    Clock(settings).at(NOW)


@pytest.fixture
def other(campaign: Campaign) -> Campaign:
    """With calling hours, a gap and a number of its own, which has made all the calls it may make today."""
    agent = campaign.production_agent
    assert agent
    number = make_number(agent.account, "+14155550111", daily_cap=1)
    rules: dict[str, Any] = {"hours": {"tue": [["09:00", "17:00"]]}, "min_gap_minutes": 30, "max_attempts": 2}
    return make_campaign(agent, name="Other", caller_number=number, **rules)


def over(lead: Lead, status: str = "no_answer", *, ago: float = 60, **fields: Any) -> Interaction:
    """A call that was placed so many minutes ago."""
    placed_at = NOW - timedelta(minutes=ago)
    times = {"placed_at": placed_at, "ended_at": placed_at + timedelta(minutes=1)}
    return make_interaction(lead, **{"dispatch": Dispatch.PLACED, "status": status, **times, **fields})


def plan(lead: Lead, **fields: Any) -> Plan:
    return make_plan(lead=lead, campaign=lead.campaign, origin=Interaction.Origin.DIALER, **fields)


def facts(lead: Lead, number: str = "") -> Facts:
    return read_facts(plan(lead, number=number))


def test_facts_of_many_are_those_of_each_alone(campaign: Campaign, other: Campaign) -> None:
    plans = varied(campaign, other)
    together = [judged(each) for each in read_facts_of(plans)]
    assert together == [judged(read_facts(each)) for each in plans]
    assert together[::-1] == [judged(each) for each in read_facts_of(plans[::-1])]
    assert all(len({repr(getattr(each, name)) for each in together}) > 1 for name in VARIED)


def judged(known: Facts) -> Facts:
    """A last call whose gap is over decides on nothing."""
    over_at = after_gap(known.timing)
    return replace(known, timing=replace(known.timing, last_call_at=None)) if over_at and over_at <= NOW else known


# What differs among the plans of `varied`, or the comparison would prove little.
VARIED = ("number_dead", "listed_as", "has_caller_number", "live_call_id", "attempts", "timing", "made", "contact_type")


def varied(campaign: Campaign, other: Campaign) -> list[Plan]:
    twin = make_lead(campaign, SHARED)
    there = make_lead(other, SHARED)
    dead, listed, tester = make_lead(campaign, DEAD), make_lead(other, LISTED), make_lead(campaign, is_test=True)
    fresh = make_lead(campaign, "+13035550160")
    over(twin, ago=90)
    over(twin, "completed", ago=50, is_test=True)
    over(there, "busy", ago=20, caller_number=other.caller_number)
    over(dead, "error", error_code="INVALID_NUMBER")
    over(tester, "completed", is_test=True, spoken_to=True)
    make_interaction(listed, to_number=FURTHER)
    # Of a lead that no plan is about, and too long ago for the campaign that has no gap.
    over(make_lead(campaign, FURTHER), "busy", ago=10)
    add_to_do_not_call(workspace=campaign.workspace, address=LISTED, by=SYSTEM)
    Interaction.objects.filter(lead=twin).update(spoken_to=True)
    moved = replace(plan(twin), campaign=other, caller_number=other.caller_number)
    nowhere = replace(plan(fresh), caller_number=None)
    further = (plan(fresh, number=SHARED), plan(dead, number=FURTHER), plan(listed, number=FURTHER))
    return [*(plan(lead) for lead in (twin, there, dead, listed, tester, fresh)), moved, nowhere, *further]


def test_many_cost_the_queries_of_one(campaign: Campaign, other: Campaign) -> None:
    leads = [make_lead(each, f"+1212555{1000 + place}") for place in range(20) for each in (campaign, other)]
    for lead in leads:
        over(lead, caller_number=other.caller_number)
    CallerNumber.objects.update(daily_cap=5)

    def queries(count: int) -> int:
        campaigns = Campaign.objects.with_calling().in_bulk()
        rows = Lead.objects.select_related("workspace").filter(pk__in=[lead.pk for lead in leads[:count]])
        plans = [make_plan(lead=row, campaign=campaigns[row.campaign_id]) for row in rows.order_by("pk")]
        with CaptureQueriesContext(connection) as asked:
            read_facts_of(plans)
        return len(asked)

    assert queries(1) == queries(2) == queries(40)


def test_a_call_to_another_number_of_the_lead_is_a_call_under_way(lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164=FURTHER)
    live = make_interaction(lead, to_number=FURTHER)
    assert facts(lead).live_call_id == live_call_id(plan(lead)) == live.public_id


def test_a_call_to_the_number_by_way_of_another_lead_is_a_call_under_way(lead: Lead, campaign: Campaign) -> None:
    live = make_interaction(make_lead(campaign, lead.phone))
    assert facts(lead).live_call_id == live_call_id(plan(lead)) == live.public_id
    assert facts(lead, FURTHER).live_call_id == ""


def test_a_number_that_was_none_is_one_again_when_a_later_call_to_it_rang(lead: Lead, campaign: Campaign) -> None:
    over(lead, "error", error_code="INVALID_NUMBER")
    assert facts(lead).number_dead
    over(make_lead(campaign, lead.phone), ago=30)
    assert not facts(lead).number_dead


def test_a_number_that_rang_before_is_none_when_the_last_call_found_that(lead: Lead) -> None:
    over(lead, ago=90)
    over(lead, "error", error_code="INVALID_NUMBER")
    over(lead, ago=30, to_number=FURTHER)
    assert facts(lead).number_dead


@pytest.mark.parametrize(
    "call", [{"is_test": True}, {"status": "error", "error_code": "PROVIDER_FAULT"}], ids=["test", "fault"]
)
def test_the_gap_counts_from_calls_that_are_no_attempts(lead: Lead, call: dict[str, Any]) -> None:
    lead.campaign.min_gap_minutes = 120
    over(lead, **call)
    known = facts(lead)
    assert (known.attempts, known.timing.last_call_at) == (0, NOW - timedelta(minutes=60))


def test_the_gap_counts_from_a_call_to_the_number_by_way_of_another_lead(lead: Lead, other: Campaign) -> None:
    lead.campaign.min_gap_minutes = 60
    over(make_lead(other, lead.phone), ago=10)
    over(lead, to_number=FURTHER, ago=20)
    assert facts(lead).timing.last_call_at == NOW - timedelta(minutes=10)
