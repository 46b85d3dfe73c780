"""ElevenLabs' JSON as CallReports. Every key is optional and of any type: the provider adds and changes them weekly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeGuard

from calls.providers.base import CallReport, Event, Line, Phase
from calls.providers.elevenlabs import outcomes

PHASES = {
    "initiated": Phase.RINGING,
    "in-progress": Phase.TALKING,
    "processing": Phase.ENDED,
    "done": Phase.FINAL,
    "failed": Phase.FINAL,
}
MAX_ID = 80
ROLES = {"agent": "agent", "user": "user"}


def read_event(payload: Any) -> Event:
    envelope = _dict(payload)
    data = _dict(envelope.get("data"))
    kind, conversation_id = _text(envelope.get("type")), _id(data.get("conversation_id"))
    reader = READERS.get(kind)
    report = reader(data) if reader and conversation_id else None
    return Event(type=kind, conversation_id=conversation_id, report=report)


def conversation(data: dict[str, Any]) -> CallReport:
    """A GET conversation and the `data` of post_call_transcription are the same object."""
    metadata, phone = _dict(data.get("metadata")), _dict(_dict(data.get("metadata")).get("phone_call"))
    initiation = _dict(data.get("conversation_initiation_client_data"))
    phase = PHASES.get(_text(data.get("status")), Phase.FINAL if data.get("analysis") else Phase.RINGING)
    turns = [_dict(turn) for turn in _list(data.get("transcript"))]
    lines = tuple(line for turn in turns if (line := _line(turn)))
    duration = _seconds(metadata.get("call_duration_secs"))
    answered = phase in (Phase.TALKING, Phase.ENDED) or bool(lines) or bool(duration)
    started_at = _moment(metadata.get("start_time_unix_secs"))
    accepted_at = _moment(metadata.get("accepted_time_unix_secs"))
    status, error_code = _outcome(data, turns, lines) if phase is Phase.FINAL else ("", "")
    wish, callback = _wishes(data)
    return CallReport(
        phase=phase,
        conversation_id=_id(data.get("conversation_id")),
        correlation_id=_text(_dict(initiation.get("dynamic_variables")).get("crm_attempt_id")),
        call_id=_id(phone.get("call_sid")) or _id(phone.get("call_id")),
        status=status,
        error_code=error_code,
        error_message=_error(metadata.get("error")),
        termination_reason=_text(metadata.get("termination_reason")),
        started_at=started_at,
        answered_at=(accepted_at or started_at) if answered else None,
        duration=duration if answered else None,
        transcript=lines,
        summary=_text(_dict(data.get("analysis")).get("transcript_summary")),
        has_audio=data.get("has_audio") is True,
        wish=wish,
        callback=callback,
        excerpt="transcript" not in data,
    )


def initiation_failure(data: dict[str, Any]) -> CallReport:
    body = _dict(_dict(data.get("metadata")).get("body"))
    sip_code = _int(body.get("sip_status_code")) or _int(body.get("SipResponseCode"))
    reason = _text(data.get("failure_reason"))
    call_status = _text(body.get("CallStatus")) or _text(body.get("call_status"))
    status, error_code = outcomes.failure_outcome(reason, call_status, sip_code)
    said = (reason, call_status, f"SIP {sip_code}" if sip_code else "", _text(body.get("error_reason")))
    return CallReport(
        phase=Phase.FINAL,
        conversation_id=_id(data.get("conversation_id")),
        call_id=_id(body.get("CallSid")) or _id(body.get("call_sid")),
        status=status,
        error_code=error_code,
        termination_reason=", ".join(dict.fromkeys(part for part in said if part)),
    )


def machine_detection(data: dict[str, Any]) -> CallReport:
    answered_by = _text(data.get("answered_by"))
    return CallReport(
        phase=Phase.TALKING,
        conversation_id=_id(data.get("conversation_id")),
        machine=answered_by in outcomes.MACHINES,
        termination_reason="",
    )


READERS: dict[str, Callable[[dict[str, Any]], CallReport]] = {
    "post_call_transcription": conversation,
    "call_initiation_failure": initiation_failure,
    "answering_machine_detection": machine_detection,
}


def _outcome(data: dict[str, Any], turns: list[dict[str, Any]], lines: tuple[Line, ...]) -> outcomes.Outcome:
    metadata = _dict(data.get("metadata"))
    call_result = _text(_dict(metadata.get("phone_call")).get("call_result"))
    used = {_text(_dict(call).get("tool_name")) for turn in turns for call in _list(turn.get("tool_calls"))}
    return outcomes.talk_outcome(
        failed=data.get("status") == "failed" or call_result == "failed" or bool(metadata.get("error")),
        error_code=_int(_dict(metadata.get("error")).get("code")),
        call_result=call_result,
        termination=_text(metadata.get("termination_reason")),
        user_turns=sum(line.role == "user" for line in lines),
        tools=used,
    )


def _wishes(data: dict[str, Any]) -> tuple[str, str]:
    results = _dict(_dict(data.get("analysis")).get("data_collection_results"))
    outcome = _text(_dict(results.get("crm_outcome")).get("value")).strip().lower()
    return outcomes.WISHES.get(outcome, ""), _text(_dict(results.get("callback_at")).get("value"))


def _line(turn: dict[str, Any]) -> Line | None:
    """Turns that only used a tool say nothing."""
    message, role = _text(turn.get("message")), ROLES.get(_text(turn.get("role")))
    if not message.strip() or role is None:
        return None
    return Line(role=role, message=message, seconds=_seconds(turn.get("time_in_call_secs")) or 0)


def _error(value: Any) -> str:
    if isinstance(value, dict):
        return _text(value.get("reason")) or _text(value.get("message")) or str(value)[:300]
    return _text(value)


def _moment(value: Any) -> datetime | None:
    seconds = _int(value)
    # 10^11 seconds are the year 5138: larger is not a time, and fromtimestamp would fail on it.
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds and 0 < seconds < 10**11 else None


def is_id(value: Any) -> TypeGuard[str]:
    """What a provider may call a conversation or a call: printable and of a length that we keep."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isascii() and value.isprintable()


def _id(value: Any) -> str:
    return value if is_id(value) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """PostgreSQL stores no NUL, and nothing stores half of a surrogate pair (an emoji cut in two)."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode()


def _seconds(value: Any) -> int | None:
    """A length of time on the line: nothing is negative, and no call lasts longer than a day."""
    seconds = _int(value)
    return None if seconds is None else min(max(seconds, 0), 86400)


def _int(value: Any) -> int | None:
    try:
        return int(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
