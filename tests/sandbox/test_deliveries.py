"""What arrives at the webhook."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.harness import Tenant


def number(ending: str) -> str:
    return f"+155555501{ending}"


def test_transcript_event_is_signed_and_equals_the_get_object(tenant: Tenant) -> None:
    conversation_id = tenant.call(number("00"))
    hit = tenant.hits()[0]
    assert hit.is_signed(tenant.secret)
    assert hit.event["type"] == "post_call_transcription"
    assert hit.event["data"] == tenant.finished(conversation_id)


def test_duplicate_has_the_same_bytes_and_signature(tenant: Tenant) -> None:
    tenant.call(number("42"))
    first, second = tenant.hits(2)
    assert first.body == second.body
    assert first.signature == second.signature


def test_second_event_brings_the_analysis(tenant: Tenant) -> None:
    tenant.call(number("43"))
    first, second = (hit.event["data"] for hit in tenant.hits(2))
    assert first["analysis"] is None
    assert second["analysis"]["data_collection_results"]["crm_outcome"]["value"] == "qualified"


def test_events_come_out_of_order(tenant: Tenant) -> None:
    tenant.call(number("44"))
    kinds = [hit.event["type"] for hit in tenant.hits(4)]
    assert kinds == [
        "post_call_transcription",
        "answering_machine_detection",
        "post_call_transcription",
        "call_initiation_failure",
    ]


@pytest.mark.parametrize(("ending", "status"), [("45", "done"), ("61", "failed")])
def test_no_event_but_get_knows_the_end(tenant: Tenant, ending: str, status: str) -> None:
    done = tenant.finished(tenant.call(number(ending)))
    assert done["status"] == status
    assert tenant.so_far() == []


def test_late_webhook_waits_forty_nominal_minutes(tenant: Tenant) -> None:
    tenant.box.control(speed=6000)
    try:
        conversation_id = tenant.call(number("46"))
        tenant.hits()
    finally:
        tenant.box.control(speed=1000)
    dial = tenant.dial(conversation_id)
    assert 0.35 <= dial["deliveries"][0]["at"] - dial["ended_at"] < 5


@pytest.mark.parametrize("ending", ["47", "48", "49", "51"])
def test_bad_signature_is_the_only_delivery(tenant: Tenant, ending: str) -> None:
    conversation_id = tenant.call(number(ending))
    hits = tenant.reported(conversation_id, 1)
    assert len(hits) == 1
    assert not hits[0].is_signed(tenant.secret)
    assert hits[0].event["data"]["conversation_id"] == conversation_id


def test_two_signature_values_have_the_good_one_first(tenant: Tenant) -> None:
    tenant.call(number("50"))
    hit = tenant.hits()[0]
    assert hit.signature.count("v0=") == 2
    first = ",".join(hit.signature.split(",")[:2])
    hit.headers["ElevenLabs-Signature"] = first
    assert hit.is_signed(tenant.secret)


def test_unknown_event_type_comes_first(tenant: Tenant) -> None:
    tenant.call(number("52"))
    first, second = tenant.hits(2)
    assert first.is_signed(tenant.secret)
    assert first.event["type"] == "post_call_sentiment_v9"
    assert second.event["type"] == "post_call_transcription"


def test_unknown_values_and_fields_are_everywhere(tenant: Tenant) -> None:
    tenant.call(number("53"))
    data = tenant.hits()[0].event["data"]
    assert data["status"] == "done"
    assert data["analysis"]["call_successful"] == "partially"
    assert data["metadata"]["phone_call"]["call_result"] == "answered_by_assistant"
    assert data["transcript"][-1]["role"] == "narrator"
    assert "x_new_feature" in data


def test_null_messages_and_no_analysis(tenant: Tenant) -> None:
    tenant.call(number("54"))
    data = tenant.hits()[0].event["data"]
    assert data["analysis"] is None
    assert None in [turn["message"] for turn in data["transcript"]]
    assert any(turn["role"] == "user" and turn["message"] for turn in data["transcript"])


def test_transcript_is_missing_but_get_has_it(tenant: Tenant) -> None:
    conversation_id = tenant.call(number("55"))
    assert "transcript" not in tenant.hits()[0].event["data"]
    assert tenant.conversation(conversation_id)["transcript"]


def test_chunked_body_has_no_length(tenant: Tenant) -> None:
    tenant.call(number("56"))
    hit = tenant.hits()[0]
    assert hit.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in hit.headers
    assert hit.is_signed(tenant.secret)


def test_huge_body_is_five_megabytes(tenant: Tenant) -> None:
    tenant.call(number("57"))
    hit = tenant.hits()[0]
    assert len(hit.body) > 5_000_000
    assert hit.is_signed(tenant.secret)


def test_every_text_has_other_scripts_and_markup(tenant: Tenant) -> None:
    tenant.call(number("58"))
    hit = tenant.hits()[0]
    text = json.dumps(hit.event["data"]["transcript"], ensure_ascii=False)
    for sign in ("Слушаю", "مرحبا", "🎉", "<script>"):
        assert sign in text
    assert "<img" in hit.event["data"]["analysis"]["transcript_summary"]
    assert "Слушаю".encode() in hit.body


@pytest.mark.parametrize(("ending", "status"), [("62", "initiated"), ("63", "in-progress")])
def test_stuck_call_keeps_its_status(tenant: Tenant, ending: str, status: str) -> None:
    stuck, other = tenant.call(number(ending)), tenant.call(number("17"))
    tenant.finished(other)
    assert tenant.conversation(stuck)["status"] == status
    assert tenant.dial(stuck)["ended_at"] is None


def test_broken_json_comes_first_with_a_valid_signature(tenant: Tenant) -> None:
    tenant.call(number("64"))
    first, second = tenant.hits(2)
    assert first.is_signed(tenant.secret)
    with pytest.raises(ValueError):
        assert first.event
    assert second.event["type"] == "post_call_transcription"


def test_unknown_conversation_comes_first(tenant: Tenant) -> None:
    conversation_id = tenant.call(number("65"))
    first, second = (hit.event["data"] for hit in tenant.hits(2))
    assert tenant.request("GET", f"/v1/convai/conversations/{first['conversation_id']}").status_code == 404
    assert second["conversation_id"] == conversation_id


def test_another_tenants_event_comes_first(tenant: Tenant, mallory: Tenant) -> None:
    theirs = mallory.call(number("00"))
    mallory.finished(theirs)
    ours = tenant.call(number("66"))
    first, second = tenant.hits(2)
    assert first.is_signed(tenant.secret)
    assert first.event["data"]["agent_id"] == mallory.agent_id
    assert second.event["data"]["conversation_id"] == ours


def test_call_without_recording(tenant: Tenant) -> None:
    conversation_id = tenant.call(number("67"))
    assert tenant.finished(conversation_id)["has_audio"] is False
    assert tenant.request("GET", f"/v1/convai/conversations/{conversation_id}/audio").status_code == 404


def test_recording_is_ready_at_the_third_get(tenant: Tenant) -> None:
    conversation_id = tenant.call(number("68"))
    assert tenant.finished(conversation_id)["has_audio"] is True
    path = f"/v1/convai/conversations/{conversation_id}/audio"
    assert [tenant.request("GET", path).status_code for _ in range(3)] == [404, 404, 200]
