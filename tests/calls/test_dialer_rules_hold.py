"""Rules of the dialer that are seen only when two things meet: a step and a full number, an old call and a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.dialer import control, sweep
from calls.dialer.control import set_dialer
from calls.dialer.entries import replan, send_to_dialer, submit_to_dialer, take_out
from calls.dialer.sweep import sweep_dialer
from calls.dialer.tick import tick
from calls.dispatch.placing import end_unplaced
from calls.ingest.merge import give_up
from calls.models import DialerEntry, DialerState, Dispatch, Interaction
from campaigns.models import CallerNumber, Campaign, SequenceStep
from campaigns.services import update_campaign
from common import clock
from common.errors import ProblemError
from leads.models import Lead, LeadStatus
from leads.services import add_to_do_not_call, move_campaign
from tests.calls.dialer_world import by_hand, called, crowd, dial, dialing, entry, fail, report, ringing
from tests.travel import Clock
from tests.world import (
    ALWAYS,
    make_account,
    make_agent,
    make_calling_workspace,
    make_campaign,
    make_interaction,
    make_lead,
    make_number,
)

pytestmark = pytest.mark.django_db

Lane = DialerEntry.Lane
TUESDAY = {"tue": [["09:00", "17:00"]]}
FIRST_ASKED, THEN_ASKED = "2026-06-02T15:30:00-04:00", "2026-06-03T10:00:00-04:00"


@pytest.fixture
def at(settings: Any) -> Clock:
    clock = Clock(settings)
    # A Monday, noon in New York.
    clock.at("2026-06-01T12:00:00-04:00")
    return clock


@pytest.fixture
def campaign(at: Clock) -> Campaign:
    campaign = make_calling_workspace()
    campaign.workspace.timezone = "America/New_York"
    campaign.workspace.save()
    campaign.steps.all().delete()
    return dialing(campaign, max_attempts=9)


@pytest.fixture
def lead(campaign: Campaign) -> Lead:
    (lead,) = crowd(campaign, 1)
    return lead


def tomorrow() -> datetime:
    return datetime.fromisoformat("2026-06-02T00:00:00-04:00")


def fill(number: CallerNumber, lead: Lead) -> None:
    """With the one call that it may make today, to somebody else."""
    CallerNumber.objects.filter(pk=number.pk).update(daily_cap=1)
    number.refresh_from_db()
    call = make_interaction(
        lead, caller_number=number, status="no_answer", dispatch=Dispatch.PLACED, placed_at=clock.now()
    )
    Interaction.objects.filter(pk=call.pk).update(ended_at=clock.now())


def somebody_else(campaign: Campaign) -> Lead:
    return make_lead(campaign, phone="+12125550190")


def own_number(campaign: Campaign) -> CallerNumber:
    agent = campaign.production_agent
    assert agent
    assert agent.caller_number
    return agent.caller_number


def test_the_daily_cap_of_the_number_of_its_step_decides_when_a_lead_is_called(campaign: Campaign) -> None:
    second = make_number(own_number(campaign).account, "+14155550111")
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, caller_number=second)
    fill(second, somebody_else(campaign))
    (lead,) = crowd(campaign, 1)
    assert (entry(lead).due_at, entry(lead).why) == (tomorrow(), "CALLER_NUMBER_DAILY_CAP")
    assert tick() == 0


def test_where_a_step_calls_from_another_number_a_full_one_of_the_campaign_keeps_nobody(campaign: Campaign) -> None:
    second = make_number(own_number(campaign).account, "+14155550111")
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, caller_number=second)
    fill(own_number(campaign), somebody_else(campaign))
    (lead,) = crowd(campaign, 1)
    assert (entry(lead).due_at, tick()) == (clock.now(), 1)
    assert Interaction.objects.latest("id").caller_number == second


def test_the_daily_cap_of_the_number_of_a_steps_agent_decides_too(campaign: Campaign) -> None:
    account = make_account(campaign.workspace)
    number = make_number(account, "+14155550111")
    assert campaign.production_agent
    agent = make_agent(account, caller_number=number, template=campaign.production_agent.template)
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, agent=agent)
    fill(number, somebody_else(campaign))
    (lead,) = crowd(campaign, 1)
    assert (entry(lead).due_at, entry(lead).why) == (tomorrow(), "CALLER_NUMBER_DAILY_CAP")


def test_whoever_is_sent_again_is_forgiven_the_faults_and_does_not_wait_because_of_them(lead: Lead, at: Clock) -> None:
    for wait in (15, 30):
        fail()
        at.move(minutes=wait)
    fail()
    assert entry(lead).why == "FAULTS"
    at.move(minutes=1)
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert (sent.code, sent.next_call_time) == ("", clock.now())
    assert (entry(lead).faults, entry(lead).not_before, entry(lead).due_at) == (0, None, clock.now())
    fail()
    assert (entry(lead).state, entry(lead).faults) == ("waiting", 1)


def test_a_late_report_of_an_older_call_moves_nothing(lead: Lead, at: Clock) -> None:
    older = dial()
    give_up(older, "Never reported.")
    at.move(minutes=15)
    report(dial(), "completed", wish="callback", callback=FIRST_ASKED)
    report(older, "completed", wish="callback", callback=THEN_ASKED)
    assert entry(lead).callback_at == entry(lead).due_at == datetime.fromisoformat(FIRST_ASKED)
    assert entry(lead).lane == Lane.CALLBACK


def test_a_late_report_of_an_older_call_leaves_a_call_under_way_to_its_entry(lead: Lead, at: Clock) -> None:
    older = dial()
    give_up(older, "Never reported.")
    at.move(minutes=15)
    newer = dial()
    report(older, "no_answer")
    assert (entry(lead).state, entry(lead).interaction) == ("calling", newer)


def test_whoever_was_taken_out_during_a_call_stays_out_whatever_was_promised_on_it(lead: Lead, at: Clock) -> None:
    call = dial()
    at.move(minutes=1)
    take_out(lead=lead, by=SYSTEM)
    at.move(minutes=1)
    report(call, "completed", wish="callback", callback=FIRST_ASKED)
    assert (entry(lead).state, entry(lead).why) == ("done", "TAKEN_OUT")


def test_a_promise_on_a_later_call_brings_whoever_was_taken_out_back(lead: Lead, at: Clock) -> None:
    take_out(lead=lead, by=SYSTEM)
    at.move(minutes=1)
    by_hand(lead, "completed", wish="callback", callback=FIRST_ASKED)
    assert (entry(lead).state, entry(lead).due_at) == ("waiting", datetime.fromisoformat(FIRST_ASKED))


def test_a_promise_on_an_older_call_holds_where_no_person_took_the_lead_out(
    campaign: Campaign, lead: Lead, at: Clock
) -> None:
    call = ringing(lead)
    at.move(minutes=1)
    for there in (make_campaign(campaign.production_agent, name="Other"), campaign):
        move_campaign(lead=lead, campaign=there, by=SYSTEM)
    assert (entry(lead).state, entry(lead).why) == ("done", "MOVED")
    report(call, "completed", wish="callback", callback=FIRST_ASKED)
    assert (entry(lead).state, entry(lead).due_at) == ("waiting", datetime.fromisoformat(FIRST_ASKED))


def withdraw() -> None:
    """As the gate does at the dial."""
    assert tick() == 1
    call = Interaction.objects.latest("id")
    end_unplaced(Interaction.objects.all(), call.pk, Dispatch.QUEUED, "OUTSIDE_OPERATING_HOURS", "Closed.")


def test_calls_that_the_gate_withdrew_are_no_faults(lead: Lead, at: Clock) -> None:
    for _ in range(4):
        withdraw()
        assert (entry(lead).state, entry(lead).faults, entry(lead).due_at) == ("waiting", 0, clock.now())


def test_a_call_that_was_withdrawn_between_faults_neither_adds_to_them_nor_ends_their_row(
    lead: Lead, at: Clock
) -> None:
    fail()
    at.move(minutes=15)
    withdraw()
    assert entry(lead).faults == 1
    at.move(hours=1)
    fail()
    assert entry(lead).faults == 2


def test_without_new_first_whoever_is_due_first_is_called_first_new_or_not(campaign: Campaign) -> None:
    dialing(campaign, dialer_concurrency=1, new_first=False)
    leads = crowd(campaign, 4)
    lanes = [Lane.NEW, Lane.RETRY, Lane.NEW, Lane.RETRY]
    for place, (lead, lane) in enumerate(zip(leads, lanes, strict=True)):
        due_at = clock.now() - timedelta(minutes=10 - place)
        DialerEntry.objects.filter(lead=lead).update(lane=lane, due_at=due_at)
    for _ in leads:
        assert tick() == 1
        Interaction.objects.filter(status="in_progress").update(status="no_answer", dispatch="placed")
    assert called() == [lead.pk for lead in leads]


def test_rules_that_change_in_the_middle_of_a_pass_begin_it_again_from_the_first(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 2)
    leads = crowd(campaign, 5)
    update_campaign(campaign=campaign, by=SYSTEM, hours=TUESDAY)

    def change_after(*args: Any) -> None:
        replan(*args)
        monkeypatch.setattr(sweep, "replan", replan)
        update_campaign(campaign=campaign, by=SYSTEM, hours=ALWAYS)

    monkeypatch.setattr(sweep, "replan", change_after)
    for _ in range(4):
        sweep_dialer()
    assert {entry(lead).due_at for lead in leads} == {clock.now()}
    assert DialerState.objects.get().replan_after is None


def test_a_campaign_is_left_alone_until_the_time_at_which_it_goes_on(campaign: Campaign, lead: Lead) -> None:
    states = DialerState.objects.filter(campaign=campaign)
    DialerState.objects.get_or_create(campaign=campaign)
    states.update(resume_at=clock.real_now() + timedelta(seconds=20))
    assert tick() == 0
    states.update(resume_at=clock.real_now() - timedelta(seconds=1))
    assert tick() == 1


def test_while_a_call_to_another_number_of_the_lead_is_under_way_its_own_is_not_called(lead: Lead) -> None:
    ringing(lead, to_number="+12125550177")
    assert tick() == 0
    assert (entry(lead).state, entry(lead).why) == ("waiting", "CALL_IN_PROGRESS")


def test_a_lead_that_waits_for_its_first_call_waits_no_more_when_there_will_be_none(campaign: Campaign) -> None:
    Campaign.objects.update(first_action="voice_ai", hours=TUESDAY)
    lead = make_lead(campaign, phone="+12125550177", status=LeadStatus.PENDING_ACTION)
    submit_to_dialer(lead=lead, by=SYSTEM)
    add_to_do_not_call(workspace=campaign.workspace, address=lead.phone, by=SYSTEM)
    lead.refresh_from_db()
    assert (entry(lead).state, entry(lead).why, lead.status) == ("done", "DO_NOT_CALL", "new")


def test_a_dialer_is_not_started_before_the_list_it_was_stopped_with_is_empty(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "INLINE", 1)
    leads = crowd(campaign, 3)
    set_dialer(campaign=campaign, act="stop", by=SYSTEM)
    with pytest.raises(ProblemError, match="being emptied") as refused:
        set_dialer(campaign=campaign, act="start", by=SYSTEM)
    assert refused.value.code == "DIALER_STATE"
    sweep_dialer()
    assert {entry(lead).why for lead in leads} == {"STOPPED"}
    assert set_dialer(campaign=campaign, act="start", by=SYSTEM)
    assert tick() == 0


def test_an_entry_whose_call_is_only_just_beginning_is_not_freed(lead: Lead, at: Clock) -> None:
    tick()
    DialerEntry.objects.update(interaction=None)
    at.move(seconds=30)
    sweep_dialer()
    assert entry(lead).state == "calling"
    at.move(seconds=31)
    sweep_dialer()
    assert entry(lead).state == "waiting"


def test_a_test_call_keeps_the_dialer_from_the_lead_for_as_long_as_every_call(campaign: Campaign, lead: Lead) -> None:
    dialing(campaign, min_gap_minutes=60)
    report(ringing(lead, is_test=True), "completed")
    assert tick() == 0
    assert (entry(lead).due_at, entry(lead).why) == (clock.now() + timedelta(hours=1), "MIN_GAP")


def test_a_call_that_a_fault_of_the_provider_ended_keeps_it_from_the_lead_just_as_long(
    campaign: Campaign, lead: Lead
) -> None:
    dialing(campaign, min_gap_minutes=60)
    report(dial(), "error", error_code="PROVIDER_FAULT")
    assert (entry(lead).due_at, entry(lead).why) == (clock.now() + timedelta(hours=1), "MIN_GAP")
