"""ElevenLabs' ends of a call as interaction statuses. Data; whatever does not exist yet takes the default branch."""

from __future__ import annotations

from calls.models import ErrorCode, Status

Outcome = tuple[str, str]
"""An interaction status and an error code."""

FAULT: Outcome = (Status.ERROR, ErrorCode.PROVIDER_FAULT)
INVALID: Outcome = (Status.ERROR, ErrorCode.INVALID_NUMBER)

# `failure_reason` of call_initiation_failure and `phone_call.call_result` of a conversation.
CALL_RESULTS: dict[str, Outcome] = {
    "busy": (Status.BUSY, ""),
    "no-answer": (Status.NO_ANSWER, ""),
    "no_answer": (Status.NO_ANSWER, ""),
    "voicemail": (Status.VOICEMAIL, ""),
}
SIP_CODES: dict[int, Outcome] = {
    **dict.fromkeys((486, 600), (Status.BUSY, "")),
    **dict.fromkeys((408, 480, 487), (Status.NO_ANSWER, "")),
    **dict.fromkeys((404, 410, 484, 485, 604), INVALID),
    **dict.fromkeys((603, 607, 608), (Status.NO_ANSWER, "")),
}
TWILIO_STATUSES: dict[str, Outcome] = {
    "busy": (Status.BUSY, ""),
    "no-answer": (Status.NO_ANSWER, ""),
}
# `termination_reason` is free text: lower-cased parts of it.
CUT_OFF = ("max duration", "max inactive time", "seconds of silence", "client disconnected: 1005")
VOICEMAIL_TOOL = "voicemail_detection"
MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other")

# The value of the `crm_outcome` data key, in the words agents are configured with.
WISHES: dict[str, str] = {
    "dnc": "dnc",
    "do_not_call": "dnc",
    "do_not_contact": "dnc",
    "callback": "callback",
    "scheduled_callback": "callback",
    "qualified": "qualified",
    "disqualified": "disqualified",
    "follow_up": "follow_up",
}


def failure_outcome(reason: str, call_status: str, sip_code: int | None) -> Outcome:
    """A call that never connected: the reason itself, else what the carrier says, else the provider's fault."""
    if reason in CALL_RESULTS:
        return CALL_RESULTS[reason]
    if sip_code in SIP_CODES:
        return SIP_CODES[sip_code]
    return TWILIO_STATUSES.get(call_status, FAULT)


def talk_outcome(
    *, failed: bool, error_code: int | None, call_result: str, termination: str, user_turns: int, tools: set[str]
) -> Outcome:
    reason = termination.lower()
    if call_result in CALL_RESULTS:
        return CALL_RESULTS[call_result]
    if VOICEMAIL_TOOL in reason or VOICEMAIL_TOOL in tools:
        return Status.VOICEMAIL, ""
    if failed and not user_turns:
        return SIP_CODES.get(error_code or 0, FAULT)
    if failed or not user_turns or any(part in reason for part in CUT_OFF):
        return Status.INCOMPLETE, ""
    return Status.COMPLETED, ""
