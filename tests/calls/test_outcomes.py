"""From the provider's events to the interaction's status and the lead's."""

from __future__ import annotations

from typing import Any

import pytest

from calls.ingest.merge import apply_report
from calls.models import Interaction, InteractionEvent, Status
from calls.providers.elevenlabs import reports
from campaigns.models import Campaign
from common import clock as business_clock
from leads.models import DoNotCall, Lead, LeadStatus, StatusChange
from tests import provider_events as events
from tests import world
from tests.provider_events import NEXT_WEEK
from tests.travel import Clock


@pytest.fixture
def placed(lead: Lead) -> Interaction:
    return place(lead)


def place(lead: Lead, conversation_id: str = "conv_1", **fields: Any) -> Interaction:
    how = {"dispatch": "placed", "conversation_id": conversation_id, "placed_at": business_clock.now(), **fields}
    return world.make_interaction(lead, **how)


def tell(call: Interaction, event: dict[str, Any]) -> Interaction:
    report = reports.read_event(event).report
    assert report
    apply_report(call.pk, report)
    call.refresh_from_db()
    return call


def lead_status(call: Interaction) -> str:
    return Lead.objects.get(pk=call.lead_id).status


SILENT = (("agent", "Hello?", 0),)
TALKS: list[tuple[dict[str, Any], str, str]] = [
    ({}, Status.COMPLETED, LeadStatus.CONTACTED),
    ({"wish": "none"}, Status.COMPLETED, LeadStatus.CONTACTED),
    ({"wish": "something new"}, Status.COMPLETED, LeadStatus.CONTACTED),
    ({"turns": SILENT}, Status.INCOMPLETE, LeadStatus.CONTACTED),
    ({"termination": "Max duration limit reached"}, Status.INCOMPLETE, LeadStatus.CONTACTED),
    ({"termination": "Ending conversation after 40 seconds of silence."}, Status.INCOMPLETE, LeadStatus.CONTACTED),
    ({"termination": "voicemail_detection tool was called."}, Status.VOICEMAIL, LeadStatus.VOICEMAIL),
    ({"phone_call": {"call_result": "voicemail"}}, Status.VOICEMAIL, LeadStatus.VOICEMAIL),
    ({"phone_call": {"call_result": "no_answer"}, "turns": ()}, Status.NO_ANSWER, LeadStatus.NO_ANSWER),
    ({"phone_call": {"call_result": "busy"}, "turns": ()}, Status.BUSY, LeadStatus.NO_ANSWER),
    ({"phone_call": {"call_result": "a new one"}}, Status.COMPLETED, LeadStatus.CONTACTED),
    ({"wish": "qualified"}, Status.QUALIFIED, LeadStatus.QUALIFIED),
    ({"wish": " Qualified "}, Status.QUALIFIED, LeadStatus.QUALIFIED),
    ({"wish": "disqualified"}, Status.DISQUALIFIED, LeadStatus.DISQUALIFIED),
    ({"wish": "follow_up"}, Status.FOLLOW_UP, LeadStatus.CONTACTED),
    ({"wish": "callback", "callback": NEXT_WEEK}, Status.SCHEDULED_CALLBACK, "scheduled_callback"),
    ({"wish": "callback", "callback": "next week some time"}, Status.FOLLOW_UP, LeadStatus.CONTACTED),
    ({"wish": "callback", "callback": "2001-01-01T10:00:00+01:00"}, Status.FOLLOW_UP, LeadStatus.CONTACTED),
    ({"wish": "callback"}, Status.FOLLOW_UP, LeadStatus.CONTACTED),
    ({"wish": "dnc"}, Status.DNC, LeadStatus.DNC),
    ({"wish": "dnc", "turns": SILENT}, Status.DNC, LeadStatus.DNC),
    ({"wish": "dnc", "termination": "voicemail_detection tool was called."}, Status.DNC, LeadStatus.DNC),
    ({"wish": "qualified", "termination": "voicemail_detection tool"}, Status.VOICEMAIL, LeadStatus.VOICEMAIL),
    ({"analysis": None}, Status.COMPLETED, LeadStatus.CONTACTED),
    ({"metadata": None, "transcript": None}, Status.INCOMPLETE, LeadStatus.CONTACTED),
    ({"status": "failed"}, Status.INCOMPLETE, LeadStatus.CONTACTED),
]


@pytest.mark.parametrize(("shape", "status", "lead_becomes"), TALKS)
def test_a_finished_talk_has_its_outcome(
    placed: Interaction, shape: dict[str, Any], status: str, lead_becomes: str
) -> None:
    tell(placed, events.transcription(**shape))
    assert (placed.status, lead_status(placed)) == (status, lead_becomes)


FAILURES: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("busy", {}, Status.BUSY, "", LeadStatus.NO_ANSWER),
    ("no-answer", {}, Status.NO_ANSWER, "", LeadStatus.NO_ANSWER),
    ("unknown", {"SipResponseCode": "404"}, Status.ERROR, "INVALID_NUMBER", LeadStatus.ERROR),
    ("unknown", {"sip_status_code": 486}, Status.BUSY, "", LeadStatus.NO_ANSWER),
    ("unknown", {"sip_status_code": 603}, Status.NO_ANSWER, "", LeadStatus.NO_ANSWER),
    ("unknown", {"sip_status_code": 503}, Status.ERROR, "PROVIDER_FAULT", LeadStatus.NEW),
    ("unknown", {"CallStatus": "no-answer"}, Status.NO_ANSWER, "", LeadStatus.NO_ANSWER),
    ("unknown", {}, Status.ERROR, "PROVIDER_FAULT", LeadStatus.NEW),
    ("a reason of tomorrow", {}, Status.ERROR, "PROVIDER_FAULT", LeadStatus.NEW),
]


@pytest.mark.parametrize(("reason", "body", "status", "code", "lead_becomes"), FAILURES)
def test_a_call_that_never_connected_has_its_outcome(
    placed: Interaction, reason: str, body: dict[str, Any], status: str, code: str, lead_becomes: str
) -> None:
    tell(placed, events.failure(reason=reason, **body))
    assert (placed.status, placed.error_code, lead_status(placed)) == (status, code, lead_becomes)


def test_a_provider_that_failed_before_anybody_spoke_leaves_the_lead_alone(placed: Interaction) -> None:
    tell(placed, events.transcription(status="failed", turns=()))
    assert (placed.status, placed.error_code) == (Status.ERROR, "PROVIDER_FAULT")
    assert lead_status(placed) == LeadStatus.NEW
    assert Interaction.objects.attempts().count() == 0


@pytest.mark.parametrize(
    "event", [events.failure, lambda: events.transcription(termination="voicemail_detection tool")]
)
def test_the_last_allowed_attempt_that_reached_nobody_is_no_contact(lead: Lead, event: Any) -> None:
    Campaign.objects.update(max_attempts=2)
    world.make_interaction(lead, status="no_answer", dispatch="placed", placed_at=business_clock.now())
    placed = tell(place(lead), event())
    assert placed.status == Status.NO_CONTACT
    assert placed.termination_reason.startswith(("no_answer", "voicemail"))
    assert lead_status(placed) == LeadStatus.NO_CONTACT


def test_an_earlier_attempt_that_reached_nobody_keeps_its_outcome(placed: Interaction) -> None:
    Campaign.objects.update(max_attempts=2)
    tell(placed, events.failure())
    assert placed.status == Status.NO_ANSWER


def test_the_last_attempt_that_reached_somebody_keeps_its_outcome(placed: Interaction) -> None:
    Campaign.objects.update(max_attempts=1)
    assert tell(placed, events.transcription()).status == Status.COMPLETED


def test_the_transcript_has_roles_absolute_times_and_its_source(placed: Interaction, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00+00:00")
    tell(placed, events.transcription())
    assert placed.transcript.messages == [
        {"role": "agent", "message": "Hello Anna!", "timestamp": "2026-11-20T15:00:08.000Z", "source": "voice_ai"},
        {"role": "user", "message": "Hello.", "timestamp": "2026-11-20T15:00:11.000Z", "source": "voice_ai"},
        {"role": "agent", "message": "Bye.", "timestamp": "2026-11-20T15:00:17.000Z", "source": "voice_ai"},
    ]
    assert (placed.duration, placed.spoken_to, placed.summary) == (42, True, "They talked.")
    assert placed.termination_reason == "end_call tool was called."
    assert placed.answered_at


def test_the_same_report_again_changes_nothing(placed: Interaction) -> None:
    event = events.transcription(wish="qualified")
    for _ in range(3):
        tell(placed, event)
    assert placed.status == Status.QUALIFIED
    assert StatusChange.objects.count() == 1
    assert InteractionEvent.objects.filter(kind="outcome").count() == 1


def test_a_late_analysis_refines_a_final_status(placed: Interaction) -> None:
    tell(placed, events.transcription(analysis=None))
    assert placed.status == Status.COMPLETED
    tell(placed, events.transcription(wish="qualified"))
    assert (placed.status, lead_status(placed)) == (Status.QUALIFIED, LeadStatus.QUALIFIED)


def test_a_poorer_report_never_takes_a_better_one_back(placed: Interaction) -> None:
    tell(placed, events.transcription(wish="qualified"))
    for poorer in (events.transcription(analysis=None, turns=SILENT), events.failure(), events.machine()):
        tell(placed, poorer)
    assert placed.status == Status.QUALIFIED
    assert len(placed.transcript.messages) == 3


def test_dnc_wins_over_every_earlier_outcome_and_stays(placed: Interaction) -> None:
    tell(placed, events.transcription(wish="qualified"))
    tell(placed, events.transcription(wish="dnc"))
    tell(placed, events.transcription(wish="callback", callback=NEXT_WEEK))
    assert (placed.status, lead_status(placed)) == (Status.DNC, LeadStatus.DNC)


def test_a_spoken_opt_out_lists_the_number(placed: Interaction) -> None:
    tell(placed, events.transcription(wish="dnc"))
    entry = DoNotCall.objects.get()
    assert (entry.address, entry.channel, entry.source) == (placed.to_number, "phone", placed.public_id)


def test_an_opt_out_on_a_test_call_lists_the_number_too(lead: Lead) -> None:
    tell(place(lead, is_test=True), events.transcription(wish="dnc"))
    assert DoNotCall.objects.filter(address=lead.phone).exists()


def test_a_test_call_does_not_move_a_real_lead(lead: Lead) -> None:
    call = tell(place(lead, is_test=True), events.transcription(wish="qualified"))
    assert (call.status, lead_status(call)) == (Status.QUALIFIED, LeadStatus.NEW)


def test_a_test_lead_is_moved_by_its_calls(lead: Lead) -> None:
    Lead.objects.update(is_test=True)
    lead.refresh_from_db()
    call = tell(place(lead, is_test=True), events.transcription())
    assert lead_status(call) == LeadStatus.CONTACTED


def test_only_the_newest_call_moves_the_lead(lead: Lead) -> None:
    given_up = place(lead, status=Status.ERROR, error_code="NO_REPORT")
    newer = place(lead, "conv_2")
    tell(newer, events.transcription("conv_2", wish="qualified"))
    tell(given_up, events.failure())
    assert given_up.status == Status.NO_ANSWER
    assert lead_status(newer) == LeadStatus.QUALIFIED


def test_nothing_moves_a_lead_away_from_dnc(placed: Interaction) -> None:
    Lead.objects.update(status=LeadStatus.DNC)
    tell(placed, events.transcription(wish="qualified"))
    assert lead_status(placed) == LeadStatus.DNC


def test_a_machine_reported_after_a_silent_talk_makes_it_voicemail(placed: Interaction) -> None:
    tell(placed, events.transcription(turns=SILENT))
    tell(placed, events.machine())
    assert (placed.status, lead_status(placed)) == (Status.VOICEMAIL, LeadStatus.VOICEMAIL)


def test_a_machine_reported_before_a_silent_talk_makes_it_voicemail(placed: Interaction) -> None:
    tell(placed, events.machine())
    assert placed.status == Status.IN_PROGRESS
    assert tell(placed, events.transcription(turns=SILENT)).status == Status.VOICEMAIL


@pytest.mark.parametrize("answered_by", ["machine_start", "human", "fax"])
def test_a_talk_with_a_person_beats_the_carriers_machine(placed: Interaction, answered_by: str) -> None:
    tell(placed, events.machine(answered_by=answered_by))
    assert tell(placed, events.transcription()).status == Status.COMPLETED


def test_a_report_after_our_own_deadline_still_tells_what_happened(placed: Interaction) -> None:
    Interaction.objects.update(status=Status.ERROR, error_code="NO_REPORT", error_message="never reported")
    tell(placed, events.transcription())
    assert (placed.status, placed.error_code, placed.error_message) == (Status.COMPLETED, "", "")


@pytest.mark.parametrize("believed", ["withdrawn", "rejected", "not_placed", "queued"])
def test_a_report_proves_a_call_that_was_believed_not_placed(lead: Lead, believed: str) -> None:
    status = Status.IN_PROGRESS if believed == "queued" else Status.ERROR
    code = "" if believed == "queued" else "NOT_PLACED"
    call = world.make_interaction(lead, status=status, dispatch=believed, error_code=code)
    tell(call, events.transcription(correlation=call.public_id, wish="dnc"))
    assert (call.dispatch, call.status, lead_status(call)) == ("placed", Status.DNC, LeadStatus.DNC)
    assert DoNotCall.objects.filter(address=lead.phone).exists()
    assert Interaction.objects.attempts().count() == 1


def test_a_call_that_was_given_up_keeps_what_was_said_on_it(lead: Lead) -> None:
    call = world.make_interaction(lead, status=Status.ERROR, dispatch="not_placed", error_code="NOT_PLACED")
    tell(call, events.transcription(wish="qualified"))
    assert (call.status, call.error_code, len(call.transcript.messages)) == (Status.QUALIFIED, "", 3)
    assert InteractionEvent.objects.filter(interaction=call, kind="placed_after_all").exists()


def test_a_callback_without_an_offset_is_the_leads_wall_clock(placed: Interaction, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00+00:00")
    tell(placed, events.transcription(wish="callback", callback="2026-11-21T10:00:00"))
    assert placed.callback_at
    assert placed.callback_at.isoformat() == "2026-11-21T18:00:00+00:00"


def test_values_of_any_type_do_not_break_the_reading(placed: Interaction) -> None:
    strange = events.transcription(
        metadata={"call_duration_secs": "x", "start_time_unix_secs": 1e20, "phone_call": [], "error": 0},
        transcript=[None, 5, {"role": "narrator", "message": "x"}, {"role": "user", "message": {"a": 1}}],
        analysis={"data_collection_results": {"crm_outcome": "qualified", "callback_at": None}},
    )
    assert tell(placed, strange).status == Status.INCOMPLETE


def test_a_status_that_does_not_exist_yet_is_no_outcome(placed: Interaction) -> None:
    tell(placed, events.transcription(status="paused", analysis=None, transcript=[]))
    assert placed.status == Status.IN_PROGRESS


POISON: list[dict[str, Any]] = [
    {"turns": (("user", "cut emoji \ud83d", 1),)},
    {"turns": (("user", "x", float("nan")),)},
    {"turns": (("user", "x", 10**400),)},
    {"turns": (("user", "x", -5),)},
    {"metadata": {"call_duration_secs": -5}},
    {"metadata": {"call_duration_secs": 3 * 10**9}},
    {"metadata": {"start_time_unix_secs": 10**400, "accepted_time_unix_secs": -1}},
    {"phone_call": {"call_sid": "x" * 500}},
    {"termination": "\ud83d" * 400},
    {"wish": "callback", "callback": "9999-12-31T23:59:59-12:00"},
    {"wish": "callback", "callback": "9999-12-31T23:59:59"},
    {"analysis": {"transcript_summary": "\ud83d\x00"}},
]


@pytest.mark.parametrize("poison", POISON)
def test_values_that_no_database_can_keep_do_not_lose_the_outcome(placed: Interaction, poison: dict[str, Any]) -> None:
    tell(placed, events.transcription(**poison))
    assert placed.is_final
    assert placed.error_code == ""


def test_a_voicemail_reported_twice_is_still_nobody_spoken_to(placed: Interaction) -> None:
    for _ in range(2):
        tell(placed, events.transcription(termination="voicemail_detection tool was called."))
    assert not placed.spoken_to


def test_a_real_report_overrules_a_fault_of_the_provider(placed: Interaction) -> None:
    tell(placed, events.failure(reason="unknown"))
    assert placed.error_code == "PROVIDER_FAULT"
    tell(placed, events.transcription())
    assert (placed.status, placed.error_code) == (Status.COMPLETED, "")


def test_a_late_report_of_an_earlier_attempt_is_not_the_last_one(lead: Lead) -> None:
    Campaign.objects.update(max_attempts=2)
    earlier = place(lead, status=Status.ERROR, error_code="NO_REPORT")
    place(lead, "conv_2", status=Status.NO_ANSWER)
    assert tell(earlier, events.failure()).status == Status.NO_ANSWER


def test_nul_bytes_in_texts_are_dropped(placed: Interaction) -> None:
    tell(placed, events.transcription(turns=(("user", "a\x00b", 1),)))
    assert placed.transcript.messages[0]["message"] == "ab"
