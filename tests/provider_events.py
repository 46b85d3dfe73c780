"""ElevenLabs' events, made and signed as ElevenLabs does."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from campaigns.models import ProviderAccount
from common import clock
from tests.world import SECRET

NEXT_WEEK = (datetime.now(tz=UTC) + timedelta(days=7)).isoformat(timespec="seconds")
TALK = (("agent", "Hello Anna!", 0), ("user", "Hello.", 3), ("agent", "Bye.", 9))


def signature(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    stamp = int(clock.timestamp() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v0={digest}"


def conversation(conversation_id: str = "conv_1", **changes: Any) -> dict[str, Any]:
    """A finished talk, as GET gives it; `wish`, `callback`, `turns`, `termination`, `correlation` shape it."""
    turns = changes.pop("turns", TALK)
    wish, callback = changes.pop("wish", None), changes.pop("callback", None)
    collected = {"crm_outcome": {"value": wish}, "callback_at": {"value": callback}}
    started = int(clock.timestamp())
    correlation = {"crm_attempt_id": changes.pop("correlation", "")}
    data: dict[str, Any] = {
        "agent_id": "agent_x",
        "conversation_id": conversation_id,
        "status": "done",
        "transcript": [
            {"role": role, "message": message, "time_in_call_secs": seconds, "tool_calls": []}
            for role, message, seconds in turns
        ],
        "metadata": {
            "start_time_unix_secs": started,
            "accepted_time_unix_secs": started + 8,
            "call_duration_secs": 42,
            "termination_reason": changes.pop("termination", "end_call tool was called."),
            "phone_call": {"type": "twilio", "call_sid": "CA1", **changes.pop("phone_call", {})},
        },
        "analysis": {"transcript_summary": "They talked.", "data_collection_results": collected},
        "conversation_initiation_client_data": {"dynamic_variables": correlation},
        "has_audio": changes.pop("has_audio", False),
    }
    return {**data, **changes}


def transcription(conversation_id: str = "conv_1", **changes: Any) -> dict[str, Any]:
    return envelope("post_call_transcription", conversation(conversation_id, **changes))


def failure(conversation_id: str = "conv_1", reason: str = "no-answer", **body: Any) -> dict[str, Any]:
    metadata = {"type": "twilio", "body": body}
    data = {"agent_id": "agent_x", "conversation_id": conversation_id, "failure_reason": reason, "metadata": metadata}
    return envelope("call_initiation_failure", data)


def machine(conversation_id: str = "conv_1", answered_by: str = "machine_start") -> dict[str, Any]:
    data = {"agent_id": "agent_x", "conversation_id": conversation_id, "answered_by": answered_by}
    return envelope("answering_machine_detection", data)


def envelope(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "event_timestamp": int(clock.timestamp()), "data": data}


def post(account: ProviderAccount, payload: Any, *, header: str | None = None) -> Any:
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    signed = signature(body) if header is None else header
    return Client().post(
        f"/hooks/elevenlabs/{account.webhook_token}/",
        data=body,
        content_type="application/json",
        headers={"ElevenLabs-Signature": signed},
    )
