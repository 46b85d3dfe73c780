from __future__ import annotations

from rest_framework import serializers

from calls.models import Interaction
from calls.services import MAX_INSTRUCTIONS
from campaigns.models import E164
from common.serializers import Flag, StrictSerializer, Text


class InitiateSerializer(StrictSerializer):
    leadId = Text(max_length=40, help_text="The lead to call.")
    direction = serializers.ChoiceField(
        Interaction.Direction.choices,
        required=False,
        default=Interaction.Direction.OUTBOUND,
        help_text="Given to the prompt as `call_direction`; LeadSail dials out either way.",
    )
    phone = Text(
        required=False,
        max_length=16,
        validators=[E164],
        help_text="Calls this number instead of the lead's, in E.164 form; it is not saved on the lead.",
    )
    campaignId = Text(required=False, max_length=40, help_text="Instead of the lead's campaign.")
    additionalInstructions = Text(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_INSTRUCTIONS,
        help_text="Appended to the agent's prompt for this call, word for word.",
    )
    isTest = Flag(
        required=False, default=False, help_text="Calls with the test agent, also when the campaign is not active."
    )
