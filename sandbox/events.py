from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from sandbox import payloads
from sandbox.calls import JSON, Call
from sandbox.scenarios import Step

HUGE = 5 * 1024 * 1024


def envelope(kind: str, moment: int, data: JSON) -> bytes:
    event = {"type": kind, "event_timestamp": moment, "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def no_analysis(data: JSON) -> JSON:
    return {**data, "analysis": None}


def no_transcript(data: JSON) -> JSON:
    return {key: value for key, value in data.items() if key != "transcript"}


def huge(data: JSON) -> JSON:
    noise = hashlib.sha256(data["conversation_id"].encode()).hexdigest()
    result = {
        "type": "client",
        "request_id": "lookup_1",
        "tool_name": "lookup",
        "result_value": noise * (HUGE // len(noise)),
        "is_error": False,
        "tool_has_been_called": True,
    }
    turns = [dict(said) for said in data["transcript"]]
    turns[-1]["tool_results"] = [result]
    return {**data, "transcript": turns}


VARIANTS: dict[str, Callable[[JSON], JSON]] = {
    "no_analysis": no_analysis,
    "no_transcript": no_transcript,
    "huge": huge,
}


def transcript_event(call: Call, step: Step, moment: int, without_transcript: bool = False) -> bytes:
    data = payloads.conversation(call)
    data = VARIANTS.get(step.variant, dict)(data)
    return envelope("post_call_transcription", moment, no_transcript(data) if without_transcript else data)


def final_event(call: Call, step: Step, moment: int, without_transcript: bool) -> bytes:
    if call.plan.line.failure:
        return envelope("call_initiation_failure", moment, payloads.failure_data(call))
    return transcript_event(call, step, moment, without_transcript)


def failure_unknown(call: Call, moment: int) -> bytes:
    metadata = {"type": "twilio", "body": {"CallSid": call.plan.sid, "To": call.plan.to_number}}
    data = {
        "agent_id": call.plan.agent_id,
        "conversation_id": call.id,
        "failure_reason": "unknown",
        "metadata": metadata,
    }
    return envelope("call_initiation_failure", moment, data)


def unknown_type(call: Call, moment: int) -> bytes:
    data = {"agent_id": call.plan.agent_id, "conversation_id": call.id, "sentiment": {"label": "calm", "score": 0.7}}
    return envelope("post_call_sentiment_v9", moment, data)


def unknown_conversation(call: Call, moment: int) -> bytes:
    data = payloads.conversation(call)
    data["conversation_id"] = "conv_" + call.id[:4:-1]
    started = data["conversation_initiation_client_data"]
    started["dynamic_variables"] = {"system__conversation_id": data["conversation_id"]}
    return envelope("post_call_transcription", moment, data)


def foreign(call: Call, other: Call | None, moment: int) -> bytes:
    """Somebody else's event, signed with this tenant's secret: real if another tenant has called, else made up."""
    data = payloads.conversation(other or call)
    if other is None:
        data.update(agent_id="agent_" + call.plan.agent_id[:5:-1], conversation_id="conv_" + call.id[:4:-1])
    return envelope("post_call_transcription", moment, data)


def audio_event(call: Call, encoded: str, moment: int) -> bytes:
    data: dict[str, Any] = {"agent_id": call.plan.agent_id, "conversation_id": call.id, "full_audio": encoded}
    return envelope("post_call_audio", moment, data)


def digest(secret: str, moment: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def signature(style: str, secret: str, moment: int, body: bytes) -> str:
    """The header value; every style but good and two must be refused by the receiver."""
    shifted = moment + {"stale": -7200, "future": 86400}.get(style, 0)
    right = digest(secret + ("x" if style == "wrong_secret" else ""), shifted, body)
    if style == "malformed":
        return f"time={shifted};{right}"
    tail = f",v0={digest('another secret', shifted, body)}" if style == "two" else ""
    return f"t={shifted},v0={right}{tail}"
