"""A call as the API answers it and as webhooks carry it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from django.conf import settings
from django.urls import reverse

from calls.gate.rules import Reason
from calls.models import Interaction, InteractionEvent, InteractionQuerySet
from common.shapes import Moment, as_moment, iso

Outcome = Literal[
    "in_progress",
    "completed",
    "incomplete",
    "voicemail",
    "no_answer",
    "busy",
    "no_contact",
    "scheduled_callback",
    "follow_up",
    "qualified",
    "disqualified",
    "dnc",
    "error",
]
SECRETS = ("account__api_key", "account__webhook_secret")


class TelephonyShape(TypedDict):
    provider: Annotated[str, "Who holds the number that was called from: twilio or sip."]
    messageId: Annotated[str | None, "The carrier's id of the call."]
    phoneNumber: Annotated[str, "The number that was called from."]


class VoiceAIShape(TypedDict):
    provider: str
    agentId: Annotated[str, "The agent's id at the provider; LeadSail's own is `agentId` of the interaction."]
    conversationId: str | None


class CallShape(TypedDict):
    source: Annotated[str, "Who asked for it: api, manual, auto_dialer or first_submission."]
    direction: Annotated[Literal["inbound", "outbound"], "As it was asked for; LeadSail dials out either way."]
    state: Annotated[Literal["queued", "ringing", "in_progress", "ended"], "Where the call is now."]
    dispatch: Annotated[
        Literal["queued", "placing", "placed", "rejected", "unknown", "withdrawn", "not_placed"],
        "How far the placing of the call has come. An `unknown` one is never dialled again: the provider is asked.",
    ]
    duration: Annotated[int | None, "Seconds."]
    placedAt: Annotated[Moment | None, "When the provider took the call."]
    answeredAt: Moment | None
    endedAt: Moment | None
    recordingUrl: Annotated[str | None, "Needs the key too; answers to Range."]
    terminationReason: str | None
    voiceAI: VoiceAIShape
    spokenTo: Annotated[bool, "Whether a person was reached."]


class MessageShape(TypedDict):
    timestamp: Moment
    role: Literal["agent", "user"]
    message: str
    source: Annotated[str, "voice_ai."]


class CorrectionShape(TypedDict):
    """A person or a program has said that the call ended otherwise than the reports say."""

    reportedStatus: Annotated[Outcome | None, "What the provider's reports say."]
    reason: str
    at: Moment


class InteractionShape(TypedDict):
    """One intent to call: at most one dial, one outcome."""

    interactionId: str
    leadId: str
    campaignId: str
    agentId: str
    clientId: str | None
    offerId: str | None
    type: Literal["call"]
    status: Annotated[Outcome, "`in_progress` until the call has its outcome."]
    phone: Annotated[str, "The number that was called."]
    telephony: TelephonyShape
    call: CallShape
    sms: None
    summary: str | None
    transcript: list[MessageShape]
    callbackAt: Annotated[Moment | None, "When the lead wants to be called back."]
    correction: CorrectionShape | None
    errorCode: Annotated[str | None, "Why the status is `error`: decide by this."]
    errorMessage: str | None
    isTest: bool
    createdAt: Moment
    updatedAt: Moment


class HappeningShape(TypedDict):
    """A line of the record that explains a call."""

    at: Moment
    kind: Annotated[str, "For example created, placed, answered, outcome, withdrawn, corrected."]
    text: str


class ReasonShape(TypedDict):
    """Why a call may not be made now."""

    code: str
    message: str
    rule: str
    nextAllowedAt: Annotated[Moment | None, "From when on this reason alone would not stand in the way any more."]


def with_all_shown(rows: InteractionQuerySet) -> InteractionQuerySet:
    """All that `interaction_json` reads, in one query. Without the account's secrets: one that cannot be decrypted must
    not hide its calls."""
    shown = rows.select_related("lead", "campaign", "agent", "account", "caller_number", "transcript")
    return shown.defer(*SECRETS)


def interaction_json(interaction: Interaction) -> InteractionShape:
    transcript = getattr(interaction, "transcript", None)
    lines: list[dict[str, Any]] = transcript.messages if transcript else []
    return {
        "interactionId": interaction.public_id,
        "leadId": interaction.lead.public_id,
        "campaignId": interaction.campaign.code,
        "agentId": interaction.agent.public_id,
        "clientId": interaction.campaign.client_id or None,
        "offerId": interaction.campaign.offer_id or None,
        "type": "call",
        "status": interaction.status,  # type: ignore[typeddict-item]
        "phone": interaction.to_number,
        "telephony": {
            "provider": interaction.caller_number.kind,
            "messageId": interaction.provider_call_id or None,
            "phoneNumber": interaction.from_number,
        },
        "call": _call(interaction),
        "sms": None,
        "summary": interaction.summary or None,
        "transcript": [_message(line) for line in lines],
        "callbackAt": iso(interaction.callback_at),
        "correction": _correction(interaction),
        "errorCode": interaction.error_code or None,
        "errorMessage": interaction.error_message or None,
        "isTest": interaction.is_test,
        "createdAt": as_moment(interaction.created_at),
        "updatedAt": as_moment(interaction.updated_at),
    }


def _message(line: dict[str, Any]) -> MessageShape:
    return {
        "timestamp": line["timestamp"],
        "role": line["role"],
        "message": line["message"],
        "source": line["source"],
    }


def _call(interaction: Interaction) -> CallShape:
    stored = interaction.recording_state == Interaction.Recording.STORED
    address = f"{settings.PUBLIC_URL}{reverse('api_recording', args=[interaction.public_id])}"
    return {
        "source": interaction.origin,
        "direction": interaction.direction,  # type: ignore[typeddict-item]
        "state": interaction.phase,  # type: ignore[typeddict-item]
        "dispatch": interaction.dispatch,  # type: ignore[typeddict-item]
        "duration": interaction.duration,
        "placedAt": iso(interaction.placed_at),
        "answeredAt": iso(interaction.answered_at),
        "endedAt": iso(interaction.ended_at),
        "recordingUrl": address if stored else None,
        "terminationReason": interaction.termination_reason or None,
        "voiceAI": {
            "provider": interaction.account.provider,
            "agentId": interaction.agent.provider_agent_id,
            "conversationId": interaction.conversation_id or None,
        },
        "spokenTo": interaction.spoken_to,
    }


def _correction(interaction: Interaction) -> CorrectionShape | None:
    if interaction.corrected_at is None:
        return None
    reported: Any = interaction.machine_status or None
    return {
        "reportedStatus": reported,
        "reason": interaction.correction_reason,
        "at": as_moment(interaction.corrected_at),
    }


def happening_json(event: InteractionEvent) -> HappeningShape:
    return {"at": as_moment(event.at), "kind": event.kind, "text": event.text}


def reason_json(reason: Reason) -> ReasonShape:
    return {
        "code": reason.code,
        "message": reason.message,
        "rule": reason.rule,
        "nextAllowedAt": iso(reason.next_allowed_at),
    }
