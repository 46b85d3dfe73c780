"""What a call comes to drives its lead's entry: again by rule, a callback, or over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.correction import correct_outcome
from calls.dialer.control import set_dialer
from calls.dialer.entries import entry_of, send_to_dialer, submit_to_dialer, take_out
from calls.dialer.sweep import sweep_dialer
from calls.dialer.tick import tick
from calls.gate.facts import plan_of, read_facts
from calls.gate.rules import evaluate
from calls.ingest.merge import give_up
from calls.models import DialerEntry, Dispatch, Interaction
from calls.services import cancel_call
from campaigns.models import Campaign, SequenceStep
from common import clock
from leads.models import Lead
from leads.services import move_campaign, update_lead
from tests.calls.dialer_world import by_hand, claimed, dial, entry, fail, report
from tests.travel import Clock
from tests.world import make_calling_workspace, make_campaign, make_interaction, make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(settings: Any) -> Clock:
    clock = Clock(settings)
    clock.at("2026-06-01T12:00:00-04:00")
    return clock


@pytest.fixture
def campaign(at: Clock) -> Campaign:
    campaign = make_calling_workspace()
    campaign.steps.all().delete()
    campaign.dialer, campaign.max_attempts = Campaign.Dialer.ON, 3
    campaign.save()
    return campaign


@pytest.fixture
def lead(campaign: Campaign) -> Lead:
    lead = make_lead(campaign, phone="+12125550150")
    send_to_dialer(leads=[lead], by=SYSTEM)
    return lead


def test_nobody_reached_is_tried_again_after_the_wait_of_the_step_that_fits(
    campaign: Campaign, lead: Lead, at: Clock
) -> None:
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=1, outcomes=["busy"], wait_minutes=15)
    SequenceStep.objects.create(campaign=campaign, position=2, after_attempt=1, wait_minutes=120)
    report(dial(), "busy")
    assert (entry(lead).state, entry(lead).lane) == ("waiting", DialerEntry.Lane.RETRY)
    assert entry(lead).due_at == clock.now() + timedelta(minutes=15)
    assert entry(lead).why == "RETRY_WAIT"
    at.move(minutes=15)
    report(dial(), "no_answer")
    assert entry(lead).due_at == clock.now()


def test_the_gap_holds_where_a_step_waits_less(campaign: Campaign, lead: Lead, at: Clock) -> None:
    Campaign.objects.update(min_gap_minutes=240)
    report(dial(), "no_answer")
    assert entry(lead).due_at == clock.now() + timedelta(hours=4)
    assert entry(lead).why == "MIN_GAP"


def test_the_last_attempt_that_reaches_nobody_is_no_contact_for_call_and_lead(lead: Lead, at: Clock) -> None:
    for _ in range(3):
        report(dial(), "no_answer")
        at.move(hours=1)
    lead.refresh_from_db()
    assert (Interaction.objects.latest("id").status, lead.status) == ("no_contact", "no_contact")
    assert (entry(lead).state, entry(lead).why) == ("done", "MAX_ATTEMPTS_REACHED")
    assert tick() == 0


@pytest.mark.parametrize(("wish", "status"), [("qualified", "qualified"), ("disqualified", "disqualified")])
def test_a_final_outcome_ends_it(lead: Lead, wish: str, status: str) -> None:
    report(dial(), "completed", wish=wish)
    assert (entry(lead).state, entry(lead).why) == ("done", "OUTCOME_FINAL")


def test_an_outcome_that_the_campaign_does_not_try_again_ends_it(campaign: Campaign, lead: Lead) -> None:
    Campaign.objects.update(retry_outcomes=["no_answer"])
    report(dial(), "busy")
    assert entry(lead).why == "OUTCOME_FINAL"


def test_who_says_no_is_out(lead: Lead) -> None:
    report(dial(), "completed", wish="dnc")
    assert (entry(lead).state, entry(lead).why) == ("done", "DO_NOT_CALL")


def test_a_callback_comes_at_the_asked_time_in_the_leads_zone_before_everybody(lead: Lead, at: Clock) -> None:
    report(dial(), "completed", wish="callback", callback="2026-06-02T15:30:00")
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T15:30:00-04:00")
    assert (entry(lead).lane, entry(lead).why) == (DialerEntry.Lane.CALLBACK, "CALLBACK")
    at.at("2026-06-02T15:30:00-04:00")
    report(dial(), "no_answer")
    assert (entry(lead).lane, entry(lead).callback_at) == (DialerEntry.Lane.RETRY, None)


def test_a_callback_outside_the_hours_moves_to_the_next_allowed_time(campaign: Campaign, lead: Lead) -> None:
    Campaign.objects.update(hours={"tue": [["10:00", "17:00"]], "mon": [["10:00", "17:00"]]})
    report(dial(), "completed", wish="callback", callback="2026-06-01T21:00:00-04:00")
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T10:00:00-04:00")
    assert entry(lead).why == "CALLBACK"
    assert "The next calling hours" in entry(lead).why_text


def test_a_callback_promised_on_a_call_by_hand_is_kept_by_the_dialer(campaign: Campaign, at: Clock) -> None:
    lead = make_lead(campaign, phone="+12125550151")
    call = make_interaction(lead, dispatch=Dispatch.PLACED, conversation_id="conv_1", placed_at=clock.now())
    Interaction.objects.filter(pk=call.pk).update(conversation_id=f"conv_{call.pk}")
    report(call, "completed", wish="callback", callback="2026-06-02T15:30:00")
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T15:30:00-04:00")


def test_a_call_by_hand_counts_as_an_attempt_of_the_entry(campaign: Campaign, lead: Lead, at: Clock) -> None:
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=1, wait_minutes=60)
    call = make_interaction(lead, dispatch=Dispatch.PLACED, placed_at=clock.now())
    Interaction.objects.filter(pk=call.pk).update(conversation_id=f"conv_{call.pk}")
    report(call, "no_answer")
    assert entry(lead).due_at == clock.now() + timedelta(hours=1)


def test_faults_are_no_attempts_and_after_three_in_a_row_the_dialer_stops_and_says_so(lead: Lead, at: Clock) -> None:
    for wait in (15, 30):
        fail()
        assert (entry(lead).state, entry(lead).due_at) == ("waiting", clock.now() + timedelta(minutes=wait))
        at.move(minutes=wait)
    fail()
    assert (entry(lead).state, entry(lead).why) == ("done", "FAULTS")
    assert "send the lead again" in entry(lead).why_text
    lead.refresh_from_db()
    assert lead.status == "new"


def test_a_wait_after_a_fault_that_ends_outside_the_hours_is_told_as_what_it_is(
    campaign: Campaign, lead: Lead, at: Clock
) -> None:
    Campaign.objects.update(hours={"mon": [["09:00", "12:10"]], "tue": [["09:00", "12:10"]]})
    fail()
    assert (entry(lead).why, entry(lead).due_at) == ("FAULT_WAIT", datetime.fromisoformat("2026-06-02T09:00:00-04:00"))


def test_failed_tests_of_a_real_lead_are_no_faults_of_the_dialer(lead: Lead, at: Clock) -> None:
    for _ in range(2):
        make_interaction(lead, is_test=True, status="error", dispatch="rejected", error_code="PROVIDER_REJECTED")
    fail()
    assert (entry(lead).state, entry(lead).faults) == ("waiting", 1)


def test_a_call_that_is_placed_forgives_the_faults_before_it(lead: Lead, at: Clock) -> None:
    fail()
    at.move(minutes=15)
    report(dial(), "no_answer")
    assert entry(lead).faults == 0


def test_a_report_after_a_guess_counts_instead_of_it(lead: Lead, at: Clock) -> None:
    call = dial()
    give_up(call, "Never reported.")
    assert entry(lead).faults == 1
    report(call, "no_answer")
    assert (entry(lead).faults, entry(lead).not_before, entry(lead).state) == (0, None, "waiting")


def test_while_somebody_else_calls_the_lead_its_entry_waits(campaign: Campaign, lead: Lead, at: Clock) -> None:
    make_interaction(lead, dispatch=Dispatch.PLACED, placed_at=clock.now())
    assert tick() == 0
    assert (entry(lead).state, entry(lead).why) == ("waiting", "CALL_IN_PROGRESS")
    assert entry(lead).due_at == clock.now() + timedelta(minutes=1)


def test_a_queued_call_that_a_person_cancels_is_not_made_again(lead: Lead) -> None:
    tick()
    cancel_call(interaction=Interaction.objects.get(), by=SYSTEM)
    assert (entry(lead).state, entry(lead).why) == ("done", "CANCELLED")


def test_a_correction_drives_it_too(lead: Lead) -> None:
    call = dial()
    report(call, "completed", wish="qualified")
    assert entry(lead).state == "done"
    call.refresh_from_db()
    correct_outcome(interaction=call, status="no_answer", reason="It was the neighbour", by=SYSTEM)
    assert (entry(lead).state, entry(lead).lane) == ("waiting", DialerEntry.Lane.RETRY)
    correct_outcome(interaction=call, status="disqualified", reason="No, it was not", by=SYSTEM)
    assert entry(lead).state == "done"


def test_sent_again_after_a_final_outcome_it_is_called_again(lead: Lead, at: Clock) -> None:
    report(dial(), "completed", wish="disqualified")
    lead.refresh_from_db()
    at.move(hours=1)
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert (sent.code, sent.next_call_time) == ("STATUS_EXCLUDED", None)
    assert (entry(lead).state, entry(lead).why) == ("done", "OUTCOME_FINAL")
    Campaign.objects.update(excluded_statuses=[])
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert sent.next_call_time == clock.now()
    assert tick() == 1


def test_sending_one_that_is_in_already_tells_its_time_and_changes_nothing(lead: Lead, at: Clock) -> None:
    before = entry(lead).sent_at
    at.move(minutes=5)
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert (sent.next_call_time, entry(lead).sent_at) == (clock.now(), before)


def test_a_lead_that_moves_to_another_campaign_leaves_the_dialer_of_the_old_one(campaign: Campaign, lead: Lead) -> None:
    move_campaign(lead=lead, campaign=make_campaign(campaign.production_agent, name="Other"), by=SYSTEM)
    assert (entry(lead).state, entry(lead).why) == ("done", "MOVED")
    assert entry_of(lead) is None


def test_a_dialer_that_is_off_takes_nobody_and_says_what_to_do(campaign: Campaign) -> None:
    Campaign.objects.update(dialer="off")
    (sent,) = send_to_dialer(leads=[make_lead(campaign, phone="+12125550152")], by=SYSTEM)
    assert (sent.code, sent.next_call_time) == ("DIALER_OFF", None)
    assert "start it" in sent.message
    assert not DialerEntry.objects.exists()


def test_who_asked_for_another_day_is_not_called_today_however_often_it_is_sent(
    campaign: Campaign, lead: Lead, at: Clock
) -> None:
    report(dial(), "completed", wish="callback", callback="2026-06-02T15:30:00")
    lead.refresh_from_db()
    take_out(lead=lead, by=SYSTEM)
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert sent.next_call_time == datetime.fromisoformat("2026-06-02T15:30:00-04:00")
    assert entry(lead).lane == DialerEntry.Lane.CALLBACK
    set_dialer(campaign=campaign, act="stop", by=SYSTEM)
    assert entry(lead).state == "done"
    set_dialer(campaign=campaign, act="start", by=SYSTEM)
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T15:30:00-04:00")


def test_a_click_that_reaches_nobody_takes_no_promise_away(campaign: Campaign, lead: Lead, at: Clock) -> None:
    report(dial(), "completed", wish="callback", callback="2026-06-02T15:30:00")
    by_hand(lead, "no_answer")
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T15:30:00-04:00")
    assert entry(lead).lane == DialerEntry.Lane.CALLBACK


def why_not(call: Interaction) -> list[str]:
    """What the gate says at the dial."""
    call = Interaction.objects.select_related("lead__workspace", "campaign").get(pk=call.pk)
    return [reason.code for reason in evaluate(read_facts(plan_of(call)), clock.now()).reasons]


def test_what_is_learned_of_the_last_call_takes_a_queued_one_back(lead: Lead, at: Clock) -> None:
    first = dial()
    report(first, "no_answer")
    tick()
    queued = Interaction.objects.latest("id")
    first.refresh_from_db()
    when = datetime.fromisoformat("2026-06-02T15:30:00-04:00")
    correct_outcome(interaction=first, status="scheduled_callback", reason="Said so", by=SYSTEM, callback_at=when)
    assert (entry(lead).state, entry(lead).due_at) == ("waiting", when)
    assert why_not(queued) == ["TAKEN_BACK"]


def test_a_lead_that_was_taken_out_while_a_worker_has_its_call_is_not_called(lead: Lead, at: Clock) -> None:
    call = claimed()
    assert why_not(call) == []
    take_out(lead=lead, by=SYSTEM)
    assert why_not(call) == ["TAKEN_BACK"]


def test_a_begun_call_to_a_lead_that_moved_or_has_another_number_is_refused(
    campaign: Campaign, lead: Lead, at: Clock
) -> None:
    tick()
    call = Interaction.objects.get()
    update_lead(lead=lead, by=SYSTEM, phone="+12125550199")
    assert why_not(call) == ["NUMBER_CHANGED"]
    move_campaign(lead=lead, campaign=make_campaign(campaign.production_agent, name="Other"), by=SYSTEM)
    assert why_not(call) == ["LEAD_MOVED"]


def test_a_lead_whose_number_was_none_goes_on_with_another(campaign: Campaign, lead: Lead, at: Clock) -> None:
    call = dial()
    report(call, "error", error_code="INVALID_NUMBER")
    assert (entry(lead).state, entry(lead).why) == ("done", "INVALID_PHONE_NUMBER")
    update_lead(lead=lead, by=SYSTEM, phone="+12125550199")
    assert entry(lead).state == "waiting"


def test_late_reports_of_guessed_faults_open_the_entry_again(lead: Lead, at: Clock) -> None:
    calls = []
    for wait in (15, 30, 60):
        call = dial()
        give_up(call, "Never reported.")
        calls.append(call)
        at.move(minutes=wait)
    assert (entry(lead).state, entry(lead).why) == ("done", "FAULTS")
    Campaign.objects.update(max_attempts=9)
    report(calls[-1], "no_answer")
    assert (entry(lead).state, entry(lead).faults) == ("waiting", 0)


def test_an_entry_that_was_not_told_of_its_calls_end_is_found_with_what_it_came_to(
    lead: Lead, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = dial()
    with monkeypatch.context() as broken:
        broken.setattr("calls.dialer.outcomes.go_on", lambda *_: 1 / 0)
        report(call, "completed", wish="callback", callback="2026-06-02T15:30:00")
    assert entry(lead).state == "calling"
    call.refresh_from_db()
    assert call.status == "scheduled_callback"
    at.move(minutes=2)
    sweep_dialer()
    assert entry(lead).due_at == datetime.fromisoformat("2026-06-02T15:30:00-04:00")


def test_an_archived_campaign_lets_everybody_go(campaign: Campaign, at: Clock) -> None:
    Campaign.objects.update(first_action="voice_ai", hours={"tue": [["09:00", "10:00"]]})
    lead = make_lead(campaign, phone="+12125550177", status="pending_action")
    submit_to_dialer(lead=lead, by=SYSTEM)
    Campaign.objects.update(status="archived")
    sweep_dialer()
    lead.refresh_from_db()
    assert (entry(lead).why, lead.status) == ("ARCHIVED", "new")


def test_a_click_after_all_was_over_begins_nothing_again(campaign: Campaign, lead: Lead, at: Clock) -> None:
    report(dial(), "completed", wish="qualified")
    at.move(hours=5)
    by_hand(lead, "no_answer")
    assert (entry(lead).state, entry(lead).why) == ("done", "OUTCOME_FINAL")


def test_an_older_calls_promise_makes_no_entry_of_a_lead_that_nobody_sent(campaign: Campaign, at: Clock) -> None:
    lead = make_lead(campaign, phone="+12125550177")
    older, _ = by_hand(lead, "no_answer"), by_hand(lead, "no_answer")
    older.refresh_from_db()
    when = clock.now() + timedelta(days=1)
    correct_outcome(interaction=older, status="scheduled_callback", reason="Said so", by=SYSTEM, callback_at=when)
    assert not DialerEntry.objects.filter(lead=lead).exists()


def test_a_test_call_that_came_after_takes_no_promise_away(campaign: Campaign, lead: Lead, at: Clock) -> None:
    call = dial()
    report(call, "completed")
    make_interaction(lead, is_test=True, status="completed", dispatch="placed", placed_at=clock.now())
    call.refresh_from_db()
    when = clock.now() + timedelta(days=1)
    correct_outcome(interaction=call, status="scheduled_callback", reason="Said so", by=SYSTEM, callback_at=when)
    assert entry(lead).due_at == when


def test_whom_a_person_took_out_no_start_brings_back(campaign: Campaign, lead: Lead, at: Clock) -> None:
    report(dial(), "completed", wish="callback", callback="2026-06-02T15:30:00")
    lead.refresh_from_db()
    take_out(lead=lead, by=SYSTEM)
    set_dialer(campaign=campaign, act="stop", by=SYSTEM)
    set_dialer(campaign=campaign, act="start", by=SYSTEM)
    assert (entry(lead).state, entry(lead).why) == ("done", "TAKEN_OUT")


def test_a_cancelled_call_stays_so_where_its_entry_was_not_told(
    lead: Lead, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick()
    with monkeypatch.context() as broken:
        broken.setattr("calls.dialer.outcomes.go_on", lambda *_: 1 / 0)
        cancel_call(interaction=Interaction.objects.get(), by=SYSTEM)
    at.move(minutes=2)
    sweep_dialer()
    assert (entry(lead).state, entry(lead).why) == ("done", "CANCELLED")


def test_a_paused_dialer_takes_nobody_in_whose_status_is_left_out(campaign: Campaign, at: Clock) -> None:
    Campaign.objects.update(dialer="paused")
    lead = make_lead(campaign, phone="+12125550177", status="qualified")
    (sent,) = send_to_dialer(leads=[lead], by=SYSTEM)
    assert sent.code == "STATUS_EXCLUDED"
