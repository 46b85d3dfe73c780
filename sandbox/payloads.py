from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime

from sandbox.calls import JSON, Call
from sandbox.script import Talk, Turn, talk_of

# What is billed is made up, but in proportion to the length.
CREDITS_PER_SECOND = 7.4
DOLLARS_PER_SECOND = 0.0019


def system_variables(call: Call) -> JSON:
    plan = call.plan
    return {
        "system__agent_id": plan.agent_id,
        "system__conversation_id": call.id,
        "system__call_sid": plan.sid,
        "system__caller_id": plan.from_number,
        "system__called_number": plan.to_number,
        "system__time_utc": datetime.fromtimestamp(plan.accepted_at, UTC).isoformat(),
    }


def client_data(call: Call) -> JSON:
    given = call.plan.client_data
    return {
        "conversation_config_override": given.get("conversation_config_override") or {},
        "custom_llm_extra_body": given.get("custom_llm_extra_body") or {},
        "user_id": call.plan.user_id,
        "branch_id": given.get("branch_id"),
        "environment": given.get("environment"),
        "source_info": {"source": call.plan.provider, "version": None},
        "dynamic_variables": {**call.plan.variables, **system_variables(call)},
    }


def turn(role: str, message: str | None, at: float) -> JSON:
    return {
        "role": role,
        "message": message,
        "tool_calls": [],
        "tool_results": [],
        "feedback": None,
        "llm_override": None,
        "time_in_call_secs": int(at),
        "interrupted": False,
        "conversation_turn_metrics": None,
        "rag_retrieval_info": None,
        "llm_usage": None,
        "original_message": None,
        "source_medium": None,
    }


def tool_turn(name: str, at: float) -> JSON:
    called = {
        "type": "system",
        "request_id": f"{name}_1",
        "tool_name": name,
        "params_as_json": "{}",
        "tool_has_been_called": True,
    }
    result = {
        "type": "system",
        "request_id": f"{name}_1",
        "tool_name": name,
        "result_value": json.dumps({"status": "success"}),
        "is_error": False,
        "tool_has_been_called": True,
        "tool_latency_secs": 0.1,
    }
    return {**turn("agent", None, at), "tool_calls": [called], "tool_results": [result]}


def tool_used(call: Call, talk: Talk) -> str:
    return call.plan.line.tool or ("end_call" if talk.ends.startswith("end_call") else "")


def transcript(call: Call) -> list[JSON]:
    talk = talk_of(call.plan)
    turns = [turn(said.role, said.text, said.at) for said in talk.turns]
    tool = tool_used(call, talk)
    return [*turns, tool_turn(tool, talk.duration)] if tool else turns


def collected_value(call: Call, key: str) -> object:
    known = {"crm_outcome": call.plan.line.crm_outcome, "callback_at": talk_of(call.plan).callback_at}
    return known.get(key)


def analysis(call: Call) -> JSON:
    """Only what the agent is set up to collect is collected, as at the provider."""
    talk, success = talk_of(call.plan), call.plan.line.success
    collected = {
        key: {
            "data_collection_id": key,
            "value": collected_value(call, key),
            "rationale": f"Taken from the conversation: {talk.summary}",
            "json_schema": schema,
        }
        for key, schema in call.plan.collects.items()
    }
    judged = {key: {"criteria_id": key, "result": success, "rationale": talk.summary} for key in call.plan.criteria}
    return {
        "evaluation_criteria_results": judged,
        "data_collection_results": collected,
        "evaluation_criteria_results_list": list(judged.values()),
        "data_collection_results_list": list(collected.values()),
        "call_successful": success,
        "transcript_summary": talk.summary,
        "call_summary_title": talk.title,
    }


def phone_call(call: Call) -> JSON:
    plan = call.plan
    common: JSON = {
        "direction": "outbound",
        "phone_number_id": plan.phone_number_id,
        "agent_number": plan.from_number,
        "external_number": plan.to_number,
        "call_result": plan.line.call_result if call.ended else None,
        "call_sid": plan.sid,
    }
    if plan.provider == "twilio":
        return {"type": "twilio", **common, "stream_sid": "MZ" + plan.sid[2:]}
    return {"type": "sip_trunking", **common, "call_id": None, "sip_header_dynamic_variables": {}}


def failed_error(call: Call) -> JSON | None:
    if call.plan.start_error:
        return {"code": 1008, "reason": call.plan.start_error}
    error = call.plan.line.error
    return {"code": error[0], "reason": error[1]} if error else None


def duration(call: Call) -> int:
    return talk_of(call.plan).duration if call.ended and call.answered_at else 0


def ended_metadata(call: Call) -> JSON:
    secs = duration(call)
    return {
        "call_duration_secs": secs,
        "cost": round(secs * CREDITS_PER_SECOND),
        "cost_fiat": round(secs * DOLLARS_PER_SECOND, 4),
        "termination_reason": talk_of(call.plan).ends if call.answered_at else "",
        "error": failed_error(call),
    }


RUNNING_METADATA: JSON = {
    "call_duration_secs": 0,
    "cost": None,
    "cost_fiat": None,
    "termination_reason": "",
    "error": None,
}


def metadata(call: Call) -> JSON:
    plan = call.plan
    return {
        "start_time_unix_secs": int(plan.accepted_at),
        "accepted_time_unix_secs": int(call.answered_at) if call.answered_at else None,
        **(ended_metadata(call) if call.ended else RUNNING_METADATA),
        "deletion_settings": {
            "deletion_time_unix_secs": None,
            "delete_transcript_and_pii": False,
            "delete_audio": False,
        },
        "feedback": {"overall_score": None, "likes": 0, "dislikes": 0},
        "authorization_method": "authorization_header",
        "charging": {"dev_discount": False, "tier": "pro", "llm_price": 0.0},
        "phone_call": phone_call(call),
        "batch_call": None,
        "warnings": [],
        "main_language": plan.language,
        "text_only": False,
        "features_usage": {"voicemail_detection": {"enabled": True, "used": plan.line.tool == "voicemail_detection"}},
        "conversation_initiation_source": plan.provider,
    }


def has_audio(call: Call) -> bool:
    return bool(call.ended and call.answered_at and call.plan.scenario.recording != "none" and talk_of(call.plan).turns)


def spoken(call: Call) -> tuple[Turn, ...]:
    return talk_of(call.plan).turns if call.ended and call.answered_at else ()


def conversation(call: Call) -> JSON:
    """The object that GET returns and that a webhook carries as `data`."""
    heard, audio = spoken(call), has_audio(call)
    body = {
        "agent_id": call.plan.agent_id,
        "agent_name": call.plan.agent_name,
        "conversation_product": "agent",
        "conversation_id": call.id,
        "status": call.status,
        "user_id": call.plan.user_id,
        "branch_id": call.plan.client_data.get("branch_id"),
        "version_id": None,
        "environment": call.plan.client_data.get("environment"),
        "transcript": transcript(call) if heard else [],
        "user_message_count": sum(turn.role == "user" for turn in heard),
        "agent_message_count": sum(turn.role == "agent" for turn in heard),
        "visited_agents": [],
        "metadata": metadata(call),
        "analysis": analysis(call) if call.done_at and call.answered_at else None,
        "conversation_initiation_client_data": client_data(call),
        "has_audio": audio,
        "has_user_audio": audio,
        "has_response_audio": audio,
        "has_auxiliary_audio": False,
        "tag_ids": [],
    }
    return warp(call, body) if call.done_at else body


def warp(call: Call, body: JSON) -> JSON:
    """Some scenarios send odd data; GET says the same as the webhook."""
    for step in call.plan.scenario.steps:
        if step.variant == "nulls":
            return nulls(body)
        if step.variant == "odd":
            return odd(body)
    return body


def nulls(body: JSON) -> JSON:
    turns = [
        {**said, "message": None if place % 3 == 2 else said["message"]}
        for place, said in enumerate(body["transcript"])
    ]
    return {**body, "transcript": turns, "analysis": None, "user_id": None}


def odd(body: JSON) -> JSON:
    told = body["metadata"]
    extra = {"x_new_feature": {"level": 3, "nested": [None, {"deep": True}]}}
    narrator = {**turn("narrator", "(a door closes)", 1), "mood": "calm"}
    phone = {**(told["phone_call"] or {}), "call_result": "answered_by_assistant", "direction": "sideways", **extra}
    judged = {**(body["analysis"] or {}), "call_successful": "partially", **extra}
    for result in judged.get("data_collection_results", {}).values():
        result.update(
            confidence="high", value="postponed_v2" if result["data_collection_id"] == "crm_outcome" else None
        )
    return {
        **body,
        **extra,
        "conversation_product": "agent_v9",
        "transcript": [*body["transcript"], narrator],
        "analysis": judged,
        "metadata": {
            **told,
            **extra,
            "phone_call": phone,
            "termination_reason": "Client hung up gracefully (code 7).",
            "authorization_method": "telepathy",
            "conversation_initiation_source": "carrier_pigeon",
        },
    }


def summary(call: Call) -> JSON:
    body = conversation(call)
    told, judged = body["metadata"], body["analysis"] or {}
    return {
        "agent_id": body["agent_id"],
        "agent_name": body["agent_name"],
        "branch_id": body["branch_id"],
        "version_id": None,
        "conversation_id": call.id,
        "start_time_unix_secs": told["start_time_unix_secs"],
        "call_duration_secs": told["call_duration_secs"],
        "cost": told["cost"],
        "cost_fiat": told["cost_fiat"],
        "message_count": body["user_message_count"] + body["agent_message_count"],
        "user_message_count": body["user_message_count"],
        "agent_message_count": body["agent_message_count"],
        "status": call.status,
        "termination_reason": told["termination_reason"],
        "call_successful": judged.get("call_successful", "unknown"),
        "transcript_summary": judged.get("transcript_summary"),
        "call_summary_title": judged.get("call_summary_title"),
        "main_language": told["main_language"],
        "conversation_initiation_source": told["conversation_initiation_source"],
        "tool_names": [called["tool_name"] for said in body["transcript"] for called in said["tool_calls"]],
        "direction": "outbound",
        "rating": None,
        "tag_ids": [],
    }


def twilio_failure(call: Call) -> JSON:
    failure = call.plan.line.failure
    assert failure is not None
    moment = datetime.fromtimestamp(call.ended_at or call.plan.accepted_at, UTC)
    return {
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "CallSid": call.plan.sid,
        "CallStatus": failure.call_status,
        "CallDuration": "0",
        "Caller": call.plan.from_number,
        "Called": call.plan.to_number,
        "From": call.plan.from_number,
        "To": call.plan.to_number,
        "Direction": "outbound-api",
        "SipResponseCode": str(failure.sip_code),
        "SequenceNumber": "0",
        "CallbackSource": "call-progress-events",
        "Timestamp": format_datetime(moment),
    }


def sip_failure(call: Call) -> JSON:
    failure = call.plan.line.failure
    assert failure is not None
    return {
        "sip_status_code": failure.sip_code,
        "error_reason": failure.sip_text,
        "twirp_code": "not_found" if failure.sip_code == 404 else "unavailable",
        "call_sid": call.plan.sid,
        "from_number": call.plan.from_number,
        "to_number": call.plan.to_number,
    }


def failure_data(call: Call) -> JSON:
    twilio, failure = call.plan.provider == "twilio", call.plan.line.failure
    assert failure is not None
    return {
        "agent_id": call.plan.agent_id,
        "conversation_id": call.id,
        "failure_reason": failure.reason,
        "metadata": {
            "type": "twilio" if twilio else "sip",
            "body": twilio_failure(call) if twilio else sip_failure(call),
        },
    }


def detection_data(call: Call, answered_by: str) -> JSON:
    return {
        "agent_id": call.plan.agent_id,
        "conversation_id": call.id,
        "call_sid": call.plan.sid,
        "answered_by": answered_by,
    }
