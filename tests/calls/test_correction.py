"""A person's word on how a call ended, beside the reports' and against them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import AuditEvent, User
from calls.correction import correct_outcome, seen_of
from calls.ingest.merge import apply_report
from calls.ingest.outcome import LEAD_STATUS
from calls.models import Interaction, InteractionEvent, Status
from calls.providers.elevenlabs import reports
from common import clock
from common.errors import ProblemError
from leads.models import DoNotCall, Lead, LeadStatus, StatusChange
from leads.services import set_status
from tests import provider_events as events
from tests import world
from tests.provider_events import NEXT_WEEK
from tests.travel import Clock

SILENT = (("agent", "Hello?", 0),)


@pytest.fixture
def call(lead: Lead) -> Interaction:
    return finish(place(lead))


def place(lead: Lead, conversation_id: str = "conv_1", **fields: Any) -> Interaction:
    how = {"dispatch": "placed", "conversation_id": conversation_id, "placed_at": clock.now(), **fields}
    return world.make_interaction(lead, **how)


def finish(call: Interaction, **shape: Any) -> Interaction:
    return tell(call, events.transcription(call.conversation_id, **shape))


def tell(call: Interaction, event: dict[str, Any]) -> Interaction:
    report = reports.read_event(event).report
    assert report
    apply_report(call.pk, report)
    call.refresh_from_db()
    return call


def correct(call: Interaction, status: str, by: User | None = None, **fields: Any) -> Interaction:
    given = {"reason": "I listened to it", "by": Actor(user=by), **fields}
    if status == Status.SCHEDULED_CALLBACK:
        given.setdefault("callback_at", clock.now() + timedelta(days=2))
    return correct_outcome(interaction=call, status=status, **given)


def lead_of(call: Interaction) -> Lead:
    return Lead.objects.get(pk=call.lead_id)


def test_the_persons_outcome_stands_and_the_reports_stays_beside_it(call: Interaction, bob: User) -> None:
    corrected = correct(call, "qualified", bob)
    assert (corrected.status, corrected.machine_status) == ("qualified", "completed")
    assert (corrected.corrected_by, corrected.correction_reason) == (bob, "I listened to it")
    assert corrected.corrected_at
    assert (lead_of(call).status, lead_of(call).last_outcome) == ("qualified", "qualified")


def test_it_is_in_the_calls_history_the_audit_trail_and_the_leads(call: Interaction, bob: User) -> None:
    correct(call, "qualified", bob)
    event = InteractionEvent.objects.get(kind="corrected")
    assert event.text == "Bob corrected the outcome from Completed to Qualified: I listened to it"
    audit = AuditEvent.objects.get(verb="interaction.corrected")
    assert (audit.user, audit.object_type, audit.object_id) == (bob, "interaction", call.public_id)
    change = StatusChange.objects.latest("id")
    assert (change.user, change.interaction_public_id) == (bob, call.public_id)


@pytest.mark.parametrize("status", [status for status in LEAD_STATUS if status != Status.COMPLETED])
def test_the_lead_follows_every_outcome(call: Interaction, status: str) -> None:
    assert correct(call, status).status == status
    assert lead_of(call).status == LEAD_STATUS[status]


def test_a_second_correction_keeps_what_the_reports_said(call: Interaction) -> None:
    correct(call, "qualified")
    assert correct(call, "disqualified").machine_status == "completed"


def test_back_to_the_reports_outcome_takes_the_marks_away(call: Interaction, bob: User) -> None:
    correct(call, "qualified", bob)
    back = correct(call, "completed", bob)
    assert (back.status, back.machine_status, back.correction_reason) == ("completed", "", "")
    assert (back.corrected_at, back.corrected_by) == (None, None)
    assert lead_of(call).status == LeadStatus.CONTACTED


def test_what_the_reports_said_of_an_error_is_kept_and_comes_back(lead: Lead) -> None:
    call = tell(place(lead), events.failure(reason="unknown", SipResponseCode="404"))
    message = call.error_message
    corrected = correct(call, "no_answer")
    assert (corrected.error_code, corrected.error_message) == ("", "")
    kept = InteractionEvent.objects.get(kind="corrected").data["before"]
    assert (kept["error_code"], kept["error_message"]) == ("INVALID_NUMBER", message)
    back = correct(call, "error")
    assert (back.error_code, back.error_message, back.corrected_at) == ("INVALID_NUMBER", message, None)


def test_a_callback_has_its_time_and_another_outcome_has_none(call: Interaction) -> None:
    then = clock.now() + timedelta(days=3)
    assert correct(call, "scheduled_callback", callback_at=then).callback_at == then
    assert correct(call, "qualified", callback_at=then).callback_at is None


def test_another_time_for_the_same_callback_is_a_correction(lead: Lead) -> None:
    call = finish(place(lead), wish="callback", callback=NEXT_WEEK)
    then = clock.now() + timedelta(days=1)
    corrected = correct(call, "scheduled_callback", callback_at=then)
    assert (corrected.callback_at, corrected.machine_status) == (then, "scheduled_callback")
    assert corrected.corrected_at


def test_the_same_callback_without_its_seconds_is_no_correction(lead: Lead) -> None:
    then = (clock.now() + timedelta(days=2)).replace(second=30)
    call = place(lead, status="scheduled_callback", callback_at=then)
    with pytest.raises(ProblemError, match="already"):
        correct(call, "scheduled_callback", callback_at=then.replace(second=0, microsecond=0))
    assert not AuditEvent.objects.filter(verb="interaction.corrected").exists()


def test_back_to_a_reported_callback_whose_time_is_over(lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00+00:00")
    call = finish(place(lead), wish="callback", callback="2026-11-21T10:00:00+00:00")
    correct(call, "qualified")
    clock.at("2026-11-22T15:00:00+00:00")
    with pytest.raises(ProblemError, match="is over"):
        correct(call, "scheduled_callback", callback_at=datetime.fromisoformat("2026-11-21T11:00:00+00:00"))
    back = correct(call, "scheduled_callback", callback_at=datetime.fromisoformat("2026-11-21T10:00:00+00:00"))
    assert (back.status, back.corrected_at) == ("scheduled_callback", None)


@pytest.fixture
def guess(lead: Lead) -> Interaction:
    set_status(lead=lead, status="pending", by=Actor())
    return place(lead, status=Status.ERROR, error_code="NO_REPORT")


def test_a_correction_taken_back_gives_the_lead_its_status_back(guess: Interaction, bob: User) -> None:
    correct(guess, "qualified")
    correct(guess, "voicemail")
    assert correct(guess, "error", bob).error_code == "NO_REPORT"
    change = StatusChange.objects.latest("id")
    assert (lead_of(guess).status, change.user) == ("pending", bob)
    assert change.reason == "Correction taken back: I listened to it"


def test_what_somebody_has_made_of_the_lead_since_stays(guess: Interaction, lead: Lead) -> None:
    correct(guess, "qualified")
    set_status(lead=lead, status="signed", by=Actor())
    correct(guess, "error")
    assert lead_of(guess).status == "signed"


def test_a_newer_calls_outcome_stays_when_an_older_correction_is_taken_back(guess: Interaction, lead: Lead) -> None:
    correct(guess, "qualified")
    finish(place(lead, "conv_2"), wish="qualified")
    correct(guess, "error")
    assert lead_of(guess).status == "qualified"


def test_a_no_that_is_taken_back_leaves_the_lead_at_do_not_call(guess: Interaction) -> None:
    correct(guess, "dnc")
    correct(guess, "error")
    assert lead_of(guess).status == LeadStatus.DNC


@pytest.mark.parametrize("days", [-1, 0, 731, None])
def test_a_callback_that_cannot_be_is_refused(call: Interaction, days: int | None) -> None:
    then = None if days is None else clock.now() + timedelta(days=days)
    with pytest.raises(ProblemError):
        correct(call, "scheduled_callback", callback_at=then)
    call.refresh_from_db()
    assert call.status == "completed"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_reason_is_needed(call: Interaction, reason: str) -> None:
    with pytest.raises(ProblemError, match="Say why"):
        correct(call, "qualified", reason=reason)


def test_a_call_under_way_is_not_corrected(lead: Lead) -> None:
    with pytest.raises(ProblemError, match="still under way"):
        correct(place(lead), "qualified")


@pytest.mark.parametrize("dispatch", ["withdrawn", "rejected", "not_placed"])
def test_a_call_that_was_never_placed_is_not_corrected(lead: Lead, dispatch: str) -> None:
    call = world.make_interaction(lead, status="error", dispatch=dispatch)
    with pytest.raises(ProblemError, match="never placed"):
        correct(call, "qualified")


def test_nothing_becomes_a_call_in_progress_again(call: Interaction) -> None:
    with pytest.raises(ProblemError):
        correct(call, "in_progress")


def test_the_outcome_that_stands_is_no_correction(call: Interaction) -> None:
    with pytest.raises(ProblemError, match="already"):
        correct(call, "completed")
    assert not AuditEvent.objects.filter(verb="interaction.corrected").exists()


def test_the_second_of_two_people_is_told_and_may_insist(call: Interaction, bob: User, alice: User) -> None:
    seen = seen_of(call)
    correct(call, "qualified", bob, seen=seen)
    with pytest.raises(ProblemError, match="Bob has corrected this meanwhile"):
        correct(call, "disqualified", alice, seen=seen)
    call.refresh_from_db()
    assert call.status == "qualified"
    assert correct(call, "disqualified", alice, seen=seen_of(call)).status == "disqualified"


def test_a_no_lists_the_number_in_the_persons_name(call: Interaction, bob: User) -> None:
    correct(call, "dnc", bob)
    entry = DoNotCall.objects.get()
    assert (entry.address, entry.user, entry.source) == (call.to_number, bob, call.public_id)
    assert lead_of(call).status == LeadStatus.DNC


def test_away_from_a_no_neither_lifts_the_entry_nor_moves_the_lead(lead: Lead) -> None:
    call = finish(place(lead), wish="dnc")
    assert correct(call, "qualified").status == "qualified"
    assert DoNotCall.objects.filter(address=lead.phone).exists()
    assert (lead_of(call).status, lead_of(call).last_outcome) == (LeadStatus.DNC, "qualified")


def test_an_older_call_does_not_move_the_lead(lead: Lead) -> None:
    older = finish(place(lead))
    finish(place(lead, "conv_2"), wish="qualified")
    correct(older, "disqualified")
    assert (lead_of(older).status, lead_of(older).last_outcome) == ("qualified", "qualified")


def test_a_no_on_an_older_call_stops_the_lead_all_the_same(lead: Lead) -> None:
    older = finish(place(lead))
    finish(place(lead, "conv_2"), wish="qualified")
    correct(older, "dnc")
    assert lead_of(older).status == LeadStatus.DNC


def test_a_test_call_of_a_real_lead_moves_nothing(lead: Lead) -> None:
    correct(finish(place(lead, is_test=True)), "qualified")
    assert lead_of(Interaction.objects.get()).status == LeadStatus.NEW


def test_a_later_report_does_not_overrule_the_person(call: Interaction) -> None:
    correct(call, "disqualified")
    finish(call, wish="callback", callback=NEXT_WEEK)
    assert (call.status, call.machine_status, call.callback_at) == ("disqualified", "scheduled_callback", None)
    assert lead_of(call).status == LeadStatus.DISQUALIFIED
    finish(call, wish="qualified")
    assert call.machine_status == "scheduled_callback"


def test_a_later_report_still_brings_its_facts(lead: Lead) -> None:
    call = finish(place(lead), analysis=None, turns=SILENT)
    correct(call, "qualified")
    finish(call, has_audio=True)
    assert (call.status, call.summary, call.recording_state) == ("qualified", "They talked.", "due")
    assert len(call.transcript.messages) == 3


def test_back_to_what_a_later_report_said(call: Interaction) -> None:
    correct(call, "disqualified")
    finish(call, wish="callback", callback=NEXT_WEEK)
    then = Interaction.objects.get(pk=call.pk)
    said = InteractionEvent.objects.get(kind="reported").data["reported"]["callback_at"]
    back = correct(then, "scheduled_callback", callback_at=datetime.fromisoformat(said))
    assert (back.corrected_at, back.machine_status) == (None, "")


def test_a_real_report_after_a_guess_is_noted_beside_the_correction(lead: Lead) -> None:
    call = place(lead, status=Status.ERROR, error_code="NO_REPORT")
    correct(call, "voicemail")
    finish(call)
    assert (call.status, call.machine_status) == ("voicemail", "completed")


def test_a_late_machine_is_judged_by_the_reports_not_by_the_person(lead: Lead) -> None:
    call = finish(place(lead), turns=SILENT)
    correct(call, "qualified")
    tell(call, events.machine())
    assert (call.status, call.machine_status) == ("qualified", "voicemail")


def test_a_no_that_is_reported_later_wins(call: Interaction, bob: User) -> None:
    correct(call, "qualified", bob)
    finish(call, wish="dnc")
    assert (call.status, call.machine_status, call.corrected_at) == ("dnc", "dnc", None)
    assert lead_of(call).status == LeadStatus.DNC
    assert DoNotCall.objects.filter(address=call.to_number).exists()
    assert InteractionEvent.objects.filter(kind="correction_overruled").exists()


def test_a_no_of_both_keeps_the_persons_mark(call: Interaction, bob: User) -> None:
    correct(call, "dnc", bob)
    DoNotCall.objects.all().delete()
    finish(call, wish="dnc")
    assert (call.status, call.machine_status, call.corrected_by) == ("dnc", "dnc", bob)
    assert DoNotCall.objects.filter(address=call.to_number).exists()


def test_the_same_no_reported_again_does_not_undo_its_correction(lead: Lead) -> None:
    call = finish(place(lead), wish="dnc")
    correct(call, "qualified")
    finish(call, wish="dnc")
    assert (call.status, call.machine_status) == ("qualified", "dnc")


def test_a_call_that_turns_out_to_have_been_placed_is_the_leads_last_one(call: Interaction) -> None:
    given_up = place(call.lead, "", status=Status.ERROR, dispatch="not_placed", error_code="NOT_PLACED")
    tell(given_up, events.machine("conv_2"))
    assert given_up.dispatch == "placed"
    assert (lead_of(call).last_outcome, lead_of(call).last_call_at) == ("error", given_up.placed_at)
