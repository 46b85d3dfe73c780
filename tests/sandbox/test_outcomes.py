from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.harness import Tenant, wait_until

Collected = dict[str, Any]


def collected(done: dict[str, Any]) -> Collected:
    return {key: result["value"] for key, result in done["analysis"]["data_collection_results"].items()}


def texts(done: dict[str, Any], role: str) -> list[str]:
    return [turn["message"] for turn in done["transcript"] if turn["role"] == role and turn["message"]]


def tools(done: dict[str, Any]) -> list[str]:
    return [called["tool_name"] for turn in done["transcript"] for called in turn["tool_calls"]]


@pytest.mark.parametrize(
    ("ending", "crm_outcome"),
    [
        ("00", "none"),
        ("01", "qualified"),
        ("02", "disqualified"),
        ("03", "callback"),
        ("04", "follow_up"),
        ("05", "dnc"),
    ],
)
def test_a_talk_has_turns_a_name_and_its_outcome(tenant: Tenant, ending: str, crm_outcome: str) -> None:
    done = tenant.finished(tenant.call(f"+155555501{ending}"))
    assert done["status"] == "done"
    assert done["transcript"][0]["message"] == "Hello Anna, this is Ava."
    assert 6 <= len(texts(done, "agent") + texts(done, "user")) <= 14
    assert any("Anna" in text for text in texts(done, "user") + texts(done, "agent")[1:])
    assert collected(done)["crm_outcome"] == crm_outcome
    times = [turn["time_in_call_secs"] for turn in done["transcript"]]
    assert times == sorted(times)
    assert times[-1] <= done["metadata"]["call_duration_secs"]
    assert done["metadata"]["phone_call"]["call_result"] == "answered"


def test_callback_has_a_time_tomorrow_with_an_offset_and_it_is_spoken(tenant: Tenant) -> None:
    done = tenant.finished(tenant.call("+15555550103"))
    moment = datetime.fromisoformat(collected(done)["callback_at"])
    assert moment.tzinfo is not None
    today = datetime.fromtimestamp(done["metadata"]["start_time_unix_secs"], moment.tzinfo).date()
    assert moment.date() == today + timedelta(days=1)
    assert any(f"{moment:%H:%M}" in text for text in texts(done, "user"))


def test_unparsable_callback_time_is_free_text(tenant: Tenant) -> None:
    values = collected(tenant.finished(tenant.call("+15555550115")))
    assert values["crm_outcome"] == "callback"
    assert not re.search(r"\d", values["callback_at"])


def test_dnc_is_spoken_by_the_person(tenant: Tenant) -> None:
    done = tenant.finished(tenant.call("+15555550105"))
    assert re.search("do not call again|do not want any more calls", " ".join(texts(done, "user")))


@pytest.mark.parametrize("ending", ["07", "16"])
def test_voicemail_fires_the_detection_tool(tenant: Tenant, ending: str) -> None:
    done = tenant.finished(tenant.call(f"+155555501{ending}"))
    assert done["metadata"]["termination_reason"] == "voicemail_detection tool was called."
    assert tools(done) == ["voicemail_detection"]
    assert collected(done)["crm_outcome"] == "none"


def test_silence_has_no_user_turn(tenant: Tenant) -> None:
    done = tenant.finished(tenant.call("+15555550106"))
    assert done["user_message_count"] == 0
    assert "silence" in done["metadata"]["termination_reason"]


@pytest.mark.parametrize(
    ("ending", "reason", "call_status", "code"),
    [("08", "no-answer", "no-answer", "487"), ("09", "busy", "busy", "486"), ("10", "unknown", "failed", "404")],
)
def test_twilio_failure_reports_twilios_own_parameters(
    tenant: Tenant, ending: str, reason: str, call_status: str, code: str
) -> None:
    conversation_id = tenant.call(f"+155555501{ending}")
    event = tenant.hits()[0].event
    assert event["type"] == "call_initiation_failure"
    assert event["data"]["conversation_id"] == conversation_id
    assert event["data"]["failure_reason"] == reason
    assert event["data"]["metadata"]["type"] == "twilio"
    told = event["data"]["metadata"]["body"]
    assert (told["CallStatus"], told["SipResponseCode"]) == (call_status, code)
    assert tenant.conversation(conversation_id)["status"] == "failed"
    assert tenant.dial(conversation_id)["answered_at"] is None


@pytest.mark.parametrize(("ending", "code"), [("08", 487), ("09", 486), ("10", 404), ("11", 603)])
def test_sip_failure_reports_the_sip_code(tenant: Tenant, ending: str, code: int) -> None:
    tenant.call(f"+155555501{ending}", "sip")
    metadata = tenant.hits()[0].event["data"]["metadata"]
    assert metadata["type"] == "sip"
    assert metadata["body"]["sip_status_code"] == code


def test_provider_fault_is_failed_with_an_error_and_no_user_turn(tenant: Tenant) -> None:
    done = tenant.finished(tenant.call("+15555550112"))
    assert done["status"] == "failed"
    assert done["metadata"]["error"]["code"] == 1011
    assert done["user_message_count"] == 0


def test_maximum_duration_cuts_a_talk_off(tenant: Tenant) -> None:
    config = {"conversation": {"max_duration_seconds": 90}}
    tenant.ok("PATCH", f"/v1/convai/agents/{tenant.agent_id}", {"conversation_config": config})
    done = tenant.finished(tenant.call("+15555550113"))
    assert done["metadata"]["termination_reason"] == "Max duration limit reached"
    assert done["metadata"]["call_duration_secs"] == 90
    assert done["user_message_count"] > 2


def test_machine_detection_comes_after_the_transcript(tenant: Tenant) -> None:
    tenant.call("+15555550114")
    transcript, detection = (hit.event for hit in tenant.hits(2))
    assert transcript["type"] == "post_call_transcription"
    assert transcript["data"]["user_message_count"] == 0
    assert detection["type"] == "answering_machine_detection"
    assert detection["data"]["answered_by"] == "machine_start"


def test_machine_detection_comes_during_the_call_when_asked_for(tenant: Tenant) -> None:
    tenant.call("+15555550107", telephony_call_config={"twilio_machine_detection": {"mode": "enable"}})
    kinds = {hit.event["type"]: hit.event["data"] for hit in tenant.hits(2)}
    assert kinds["answering_machine_detection"]["answered_by"] == "machine_start"


def test_long_talk_lasts_five_minutes_and_a_short_one_seconds(tenant: Tenant) -> None:
    long, short = (tenant.finished(tenant.call(f"+155555501{ending}"))["metadata"] for ending in ("17", "18"))
    assert long["call_duration_secs"] >= 300
    assert short["call_duration_secs"] <= 15


def test_rings_out_after_the_ringing_timeout_that_was_asked_for(tenant: Tenant) -> None:
    tenant.box.control(speed=40)
    try:
        conversation_id = tenant.call("+15555550108", telephony_call_config={"ringing_timeout_secs": 20})
        tenant.finished(conversation_id)
        dial = tenant.dial(conversation_id)
        assert 0.45 <= dial["ended_at"] - dial["accepted_at"] < 1.4, "20 nominal seconds, not the default 60"
    finally:
        tenant.box.control(speed=1000)


def test_a_call_goes_through_all_states(tenant: Tenant) -> None:
    tenant.box.control(speed=60)
    try:
        conversation_id = tenant.call("+15555550118")
        seen: list[str] = []
        while not seen or seen[-1] not in ("done", "failed"):
            status = tenant.conversation(conversation_id)["status"]
            if status not in seen:
                seen.append(status)
        assert seen == ["initiated", "in-progress", "processing", "done"]
    finally:
        tenant.box.control(speed=1000)


def test_numbers_without_a_magic_ending_are_a_repeatable_mix(tenant: Tenant, mallory: Tenant) -> None:
    numbers = [f"+1555555{middle:02}71" for middle in range(30)]
    for numbered in numbers:
        tenant.call(numbered)
        mallory.call(numbered)

    def outcomes(path: str) -> list[str | None]:
        return [dial["outcome"] for dial in tenant.box.book() if path in (dial["correlation_id"] or "")]

    def settled(path: str) -> bool:
        return None not in outcomes(path)

    wait_until(lambda: settled(tenant.path) and settled(mallory.path))
    assert outcomes(tenant.path) == outcomes(mallory.path)
    assert len(set(outcomes(tenant.path))) >= 4
