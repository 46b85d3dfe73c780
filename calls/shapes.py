"""A call as the API answers it and as webhooks carry it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from django.conf import settings
from django.urls import reverse

from calls.models import Interaction
from common.shapes import Moment, as_moment, iso


class TelephonyShape(TypedDict):
    provider: Annotated[str, "Who holds the number that was called from: twilio or sip."]
    messageId: Annotated[str | None, "The carrier's id of the call."]
    phoneNumber: Annotated[str, "The number that was called from."]


class VoiceAIShape(TypedDict):
    provider: str
    agentId: Annotated[str, "The agent's id at the provider; LeadSail's own is `agentId` of the interaction."]
    conversationId: str | None


class CallShape(TypedDict):
    source: Annotated[str, "Who asked for it: api or manual."]
    direction: Literal["inbound", "outbound"]
    state: Annotated[Literal["queued", "ringing", "in_progress", "ended"], "Where the call is now."]
    dispatch: str
    duration: Annotated[int | None, "Seconds."]
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
    source: str


class InteractionShape(TypedDict):
    """One intent to call: at most one dial, one outcome."""

    interactionId: str
    leadId: str
    campaignId: str
    agentId: str
    clientId: str | None
    offerId: str | None
    type: Literal["call"]
    status: str
    phone: str
    telephony: TelephonyShape
    call: CallShape
    sms: None
    summary: str | None
    transcript: list[MessageShape]
    callbackAt: Moment | None
    errorCode: str | None
    errorMessage: str | None
    isTest: bool
    createdAt: Moment
    updatedAt: Moment


def interaction_json(interaction: Interaction) -> InteractionShape:
    transcript = getattr(interaction, "transcript", None)
    messages: list[Any] = transcript.messages if transcript else []
    return {
        "interactionId": interaction.public_id,
        "leadId": interaction.lead.public_id,
        "campaignId": interaction.campaign.code,
        "agentId": interaction.agent.public_id,
        "clientId": interaction.campaign.client_id or None,
        "offerId": interaction.campaign.offer_id or None,
        "type": "call",
        "status": interaction.status,
        "phone": interaction.to_number,
        "telephony": {
            "provider": interaction.caller_number.kind,
            "messageId": interaction.provider_call_id or None,
            "phoneNumber": interaction.from_number,
        },
        "call": _call(interaction),
        "sms": None,
        "summary": interaction.summary or None,
        "transcript": messages,
        "callbackAt": iso(interaction.callback_at),
        "errorCode": interaction.error_code or None,
        "errorMessage": interaction.error_message or None,
        "isTest": interaction.is_test,
        "createdAt": as_moment(interaction.created_at),
        "updatedAt": as_moment(interaction.updated_at),
    }


def _call(interaction: Interaction) -> CallShape:
    stored = interaction.recording_state == Interaction.Recording.STORED
    address = f"{settings.PUBLIC_URL}{reverse('api_recording', args=[interaction.public_id])}"
    return {
        "source": interaction.origin,
        "direction": interaction.direction,  # type: ignore[typeddict-item]
        "state": interaction.phase,  # type: ignore[typeddict-item]
        "dispatch": interaction.dispatch,
        "duration": interaction.duration,
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
