from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.access import agent_of, number_of, template_of
from campaigns.models import Campaign
from campaigns.serializers.dialing import (
    DIALER_ELSEWHERE,
    AutoDialerFieldsSerializer,
    FirstActionFieldsSerializer,
    holidays_field,
)
from campaigns.serializers.fields import BIGGEST, LONGEST_ID, IdOf, Limit, OptionalText, Standing
from common.serializers import Choice, Flag, Ignored, NullIsAbsent, StrictSerializer, Text, Whole

LONGEST_GAP = 525_600
LAST_PAGE = 1_000_000
ELSEWHERE = {
    "webhooks": "It is read here: change it by /api/v1/webhook-endpoints, with the campaignId of this campaign.",
    "status": "It is read here: change it by POST /api/v1/campaigns/{campaignId}/status.",
    "active": "It is read here: change it by POST /api/v1/campaigns/{campaignId}/status.",
    "state": DIALER_ELSEWHERE,
}


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
        },
        "description": "Windows of the day; none: closed.",
        "example": [["09:00", "18:00"]],
    }
)
class DayField(serializers.Field):  # type: ignore[type-arg]
    """Judged with the whole week, by the sentences that the campaign's own rule has."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class HoursFieldsSerializer(StrictSerializer):
    """When leads may be called: where they are, or in `hoursZone`. A day without windows is closed."""

    mon = DayField(required=False)
    tue = DayField(required=False)
    wed = DayField(required=False)
    thu = DayField(required=False)
    fri = DayField(required=False)
    sat = DayField(required=False)
    sun = DayField(required=False)


class AiAgentsFieldsSerializer(StrictSerializer):
    """Voice agents by what they are for. What is left out stays as it is."""

    production = IdOf(
        agent_of, source="production_agent", required=False, allow_null=True, help_text="Calls the campaign's leads."
    )
    test = IdOf(
        agent_of,
        source="test_agent",
        required=False,
        allow_null=True,
        help_text="Calls test leads; null: the production agent does.",
    )


class DuplicateDetectionFieldsSerializer(StrictSerializer):
    """Whether a submission of somebody who came lately is a lead of its own."""

    enabled = Flag(required=False, help_text="Without `windowDays`, true keeps the window, or makes it 30 days.")
    windowDays = Whole(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=365,
        help_text="A submission with the phone or e-mail of a lead that came within these days is its duplicate. "
        "null: every submission is a lead of its own.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "windowDays" not in attrs or "enabled" not in attrs:
            return attrs
        if attrs["enabled"] != (attrs["windowDays"] is not None):
            message = "Days mean that it is enabled, null that it is not: leave `enabled` out."
            raise serializers.ValidationError({"windowDays": message})
        return attrs


class CampaignFieldsSerializer(NullIsAbsent):
    """What is left out stays as it is."""

    campaignId = Ignored()
    status = Standing(ELSEWHERE["status"])
    active = Standing(ELSEWHERE["active"])
    webhooks = Standing(ELSEWHERE["webhooks"])
    managerId = Ignored()
    documents = Ignored()
    createdAt = Ignored()
    name = Text(required=False, max_length=120)
    isDefault = Flag(
        source="is_default",
        required=False,
        help_text="Leads that come without a campaign join this one. Whichever has the mark now gives it up.",
    )
    clientId = OptionalText(source="client_id", max_length=40)
    clientName = OptionalText(source="client_name", max_length=120)
    clientAbbrev = OptionalText(source="client_abbrev", max_length=20)
    offerId = OptionalText(source="offer_id", max_length=40)
    offerName = OptionalText(source="offer_name", max_length=120)
    offerAbbrev = OptionalText(source="offer_abbrev", max_length=20)
    aiAgents = AiAgentsFieldsSerializer(source="*", required=False)
    templateId = IdOf(
        template_of, source="template", required=False, allow_null=True, help_text="null: the agent's own."
    )
    callerNumberId = IdOf(
        number_of, source="caller_number", required=False, allow_null=True, help_text="null: the agent's own."
    )
    hours = HoursFieldsSerializer(required=False, help_text="On a change, days that are left out stay as they are.")
    hoursZone = OptionalText(
        source="hours_zone",
        max_length=64,
        help_text="null: the hours are those of the place where the lead is. A zone, e.g. America/Chicago: they are "
        "those of that zone for every lead.",
    )
    holidays = holidays_field()
    minGapMinutes = Whole(
        source="min_gap_minutes",
        required=False,
        min_value=0,
        max_value=LONGEST_GAP,
        help_text="Between two calls to the same lead.",
    )
    maxAttempts = Limit(
        source="max_attempts",
        required=False,
        max_value=BIGGEST,
        help_text="To each lead, all calls of this campaign together.",
    )
    maxAttemptsPerDay = Limit(
        source="max_attempts_per_day",
        required=False,
        allow_null=True,
        max_value=BIGGEST,
        help_text="To each lead in any 24 hours; null: only the gap limits them.",
    )
    autoDialer = AutoDialerFieldsSerializer(source="*", required=False)
    firstSubmissionAction = FirstActionFieldsSerializer(source="*", required=False)
    duplicateDetection = DuplicateDetectionFieldsSerializer(required=False)


class NewCampaignSerializer(CampaignFieldsSerializer):
    """It is inactive until it is launched."""

    name = Text(max_length=120)
    hours = HoursFieldsSerializer(
        required=False,
        help_text="Days that are left out are closed; without `hours`, Monday to Friday 9 to 18.",
    )


class CampaignStatusSerializer(StrictSerializer):
    """What the campaign becomes."""

    status = Choice(Campaign.Status.choices, help_text="active launches it: its leads may be called from then on.")


class CampaignListSerializer(StrictSerializer):
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=LAST_PAGE)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=100)
    active = serializers.BooleanField(required=False)
    clientId = Text(required=False, allow_blank=True, max_length=LONGEST_ID)
    offerId = Text(required=False, allow_blank=True, max_length=LONGEST_ID)
    includeArchived = serializers.BooleanField(required=False, default=False)
    search = Text(
        required=False, allow_blank=True, max_length=120, help_text="In name, campaignId, clientName and offerName."
    )
