from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from calls.gate.facts import openings_of
from calls.gate.hours import next_open
from calls.models import Dispatch, ErrorCode, Interaction, Status
from common import clock
from leads.models import DoNotCall, Lead, LeadStatus
from leads.zones import candidate_zones
from leadsail.demo.voice import FRAME_BYTES, FRAME_SECONDS

pytestmark = pytest.mark.usefixtures("demo")


def calls() -> list[Interaction]:
    return list(Interaction.objects.select_related("lead", "campaign", "transcript").order_by("pk"))


def test_a_few_dozen_calls_with_every_outcome() -> None:
    assert 40 <= len(calls()) <= 60
    assert {call.status for call in calls()} == set(Status.values) - {Status.IN_PROGRESS}


def test_they_pass_validation() -> None:
    for call in calls():
        call.full_clean()


def test_every_call_was_allowed_when_it_was_made() -> None:
    for call in calls():
        moment = call.placed_at or call.ended_at
        assert moment
        zones = candidate_zones(call.lead, call.to_number)
        assert next_open(moment, openings_of(call.campaign, zones)) == moment
        assert call.lead.created_at < moment
        assert clock.now() - timedelta(days=31) < moment < clock.now()


def test_gaps_and_attempts_were_kept() -> None:
    for lead in Lead.objects.prefetch_related("interactions"):
        placed = sorted(call.placed_at for call in lead.interactions.all() if call.placed_at)
        gap = timedelta(minutes=lead.campaign.min_gap_minutes)
        assert len(placed) <= lead.campaign.max_attempts
        assert all(later - earlier > gap for earlier, later in pairwise(placed))


def test_every_answered_call_with_words_has_a_transcript_within_the_call() -> None:
    told = [call for call in calls() if hasattr(call, "transcript")]
    assert len(told) > 30
    for call in told:
        assert call.answered_at
        assert call.ended_at
        stamps = [datetime.fromisoformat(message["timestamp"]) for message in call.transcript.messages]
        assert stamps == sorted(stamps)
        assert call.answered_at <= stamps[0]
        assert stamps[-1] <= call.ended_at
        assert {message["role"] for message in call.transcript.messages} <= {"agent", "user"}
        assert {message["source"] for message in call.transcript.messages} == {"voice_ai"}
        assert not any(char in str(call.transcript.messages) + call.summary for char in ("{{", "{first", "{when"))
        assert call.summary


def test_recordings_are_as_long_as_their_calls() -> None:
    recorded = [call for call in calls() if call.recording_state == Interaction.Recording.STORED]
    assert len(recorded) > 30
    assert sum(call.recording.size for call in recorded) < 6_000_000
    for call in recorded:
        seconds = call.recording.size / FRAME_BYTES * FRAME_SECONDS
        assert call.recording.size % FRAME_BYTES == 0
        assert abs(seconds - (call.duration or 0)) < 1.5
    assert {call.recording_state for call in calls()} >= {Interaction.Recording.NONE, Interaction.Recording.MISSING}


def test_each_placed_call_has_its_own_conversation_and_an_explaining_record() -> None:
    placed = [call for call in calls() if call.dispatch == Dispatch.PLACED]
    assert len({call.conversation_id for call in placed}) == len(placed)
    for call in calls():
        assert call.events.count() >= 2
        assert call.prompt.prompt


def test_errors_tell_what_went_wrong() -> None:
    codes = {call.error_code for call in calls() if call.status == Status.ERROR}
    assert codes == {ErrorCode.INVALID_NUMBER, ErrorCode.PROVIDER_FAULT, ErrorCode.PROVIDER_REJECTED}


def test_no_contact_keeps_the_reason_and_comes_at_the_last_attempt() -> None:
    for call in Interaction.objects.filter(status=Status.NO_CONTACT):
        assert "no-answer" in call.termination_reason
        assert call.lead.interactions.count() == call.campaign.max_attempts


def test_the_history_of_each_lead_leads_to_its_status() -> None:
    for lead in Lead.objects.prefetch_related("status_changes"):
        changes = sorted(lead.status_changes.all(), key=lambda change: change.at)
        path = [LeadStatus.NEW, *(change.after for change in changes)]
        assert [change.before for change in changes] == path[:-1]
        assert lead.status == path[-1]
        assert all(lead.created_at <= change.at <= clock.now() for change in changes)


def test_who_asked_not_to_be_called_is_listed() -> None:
    for call in Interaction.objects.filter(status=Status.DNC).select_related("lead"):
        assert call.lead.status == LeadStatus.DNC
        assert DoNotCall.objects.for_phone(call.workspace_id, call.to_number).exists()


def test_callbacks_have_a_time_and_some_are_still_to_come() -> None:
    times = [call.callback_at for call in calls() if call.status == Status.SCHEDULED_CALLBACK]
    assert all(times)
    assert any(moment and moment > clock.now() for moment in times)
