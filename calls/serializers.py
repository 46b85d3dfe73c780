from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from calls.models import Interaction
from calls.services import MAX_INSTRUCTIONS, iso
from campaigns.models import E164


class InitiateSerializer(serializers.Serializer[Any]):
    leadId = serializers.CharField(max_length=40)
    direction = serializers.ChoiceField(Interaction.Direction.choices, required=False)
    phone = serializers.CharField(required=False, max_length=16, validators=[E164])
    campaignId = serializers.CharField(required=False, max_length=40)
    additionalInstructions = serializers.CharField(required=False, allow_blank=True, max_length=MAX_INSTRUCTIONS)
    isTest = serializers.BooleanField(required=False)


def interaction_json(interaction: Interaction) -> dict[str, Any]:
    transcript = getattr(interaction, "transcript", None)
    return {
        "interactionId": interaction.public_id,
        "leadId": interaction.lead.public_id,
        "campaignId": interaction.campaign.code,
        "type": interaction.type,
        "status": interaction.status,
        "phone": interaction.to_number,
        "call": _call(interaction),
        "summary": interaction.summary or None,
        "transcript": transcript.messages if transcript else [],
        "callbackAt": iso(interaction.callback_at),
        "errorCode": interaction.error_code or None,
        "errorMessage": interaction.error_message or None,
        "isTest": interaction.is_test,
        "createdAt": iso(interaction.created_at),
        "updatedAt": iso(interaction.updated_at),
    }


def _call(interaction: Interaction) -> dict[str, Any]:
    stored = interaction.recording_state == Interaction.Recording.STORED
    return {
        "source": interaction.origin,
        "direction": interaction.direction,
        "state": interaction.phase,
        "dispatch": interaction.dispatch,
        "from": interaction.from_number,
        "duration": interaction.duration,
        "answeredAt": iso(interaction.answered_at),
        "endedAt": iso(interaction.ended_at),
        "recordingUrl": reverse("recording", args=[interaction.public_id]) if stored else None,
        "terminationReason": interaction.termination_reason or None,
        "voiceAI": {
            "provider": interaction.account.provider,
            "agentId": interaction.agent.provider_agent_id,
            "conversationId": interaction.conversation_id or None,
        },
        "spokenTo": interaction.spoken_to,
    }
