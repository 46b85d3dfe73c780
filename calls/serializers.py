from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from rest_framework import serializers

from accounts.api.base import PageQuery
from calls.correction import FINAL
from calls.models import Interaction, Status
from calls.services import MAX_INSTRUCTIONS
from common.serializers import CommaList, Flag, StrictSerializer, Text

MAX_PHONE = 40


class InitiateSerializer(StrictSerializer):
    """What is null counts as not given: many programs send every field that they know."""

    leadId = Text(max_length=40, help_text="The lead to call.")
    direction = serializers.ChoiceField(
        Interaction.Direction.choices,
        required=False,
        allow_null=True,
        help_text="Given to the prompt as `call_direction`, `outbound` if absent; LeadSail dials out either way.",
    )
    phone = Text(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        max_length=MAX_PHONE,
        error_messages={"blank": "Give a number, or leave phone out to call the lead's own."},
        help_text="Calls this number instead of the lead's, in E.164 form; it is not saved on the lead. What is no "
        "such number is refused with `INVALID_PHONE_NUMBER`.",
    )
    campaignId = Text(required=False, allow_null=True, max_length=40, help_text="Instead of the lead's campaign.")
    additionalInstructions = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_INSTRUCTIONS,
        help_text="Appended to the agent's prompt for this call, word for word.",
    )
    isTest = Flag(
        required=False,
        allow_null=True,
        help_text="Calls with the test agent, also when the campaign is not active. It counts as no attempt and leaves "
        "the lead's status alone, unless the lead is a test lead.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if value is not None}


class Edge(serializers.DateTimeField):
    """An end of a span of time. A day alone is the whole of it."""

    def __init__(self, *, is_last: bool = False, **kwargs: Any) -> None:
        self.of_day = time.max if is_last else time.min
        super().__init__(required=False, default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return datetime.combine(date.fromisoformat(value), self.of_day, UTC)
        except (TypeError, ValueError):
            return super().to_internal_value(value)


class InteractionQuery(PageQuery):
    leadId = Text(required=False, max_length=40)
    campaignIds = CommaList(required=False, max_length=1000, help_text="Separated by commas.")
    agentId = Text(required=False, max_length=40)
    status = CommaList(
        required=False, max_length=400, help_text=f"Any of these, separated by commas: {', '.join(Status.values)}."
    )
    direction = serializers.ChoiceField(Interaction.Direction.choices, required=False)
    isTest = serializers.BooleanField(required=False, allow_null=True, default=None)
    startDate = Edge(help_text="Asked for at this time or later: ISO 8601, UTC unless it says otherwise; or a day.")
    endDate = Edge(is_last=True, help_text="Asked for at this time or earlier.")
    search = Text(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Words of the transcript or the summary, the lead's name or e-mail, a number, or an id.",
    )

    def validate_status(self, wanted: list[str]) -> list[str]:
        if unknown := [status for status in wanted if status not in Status.values]:
            known = ", ".join(Status.values)
            raise serializers.ValidationError(f"There is no status {unknown[0][:40]}. Known are: {known}.")
        return wanted

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs.get("startDate"), attrs.get("endDate")
        if since and until and since > until:
            raise serializers.ValidationError({"endDate": "It lies before startDate: exchange them."})
        return attrs


class CorrectSerializer(StrictSerializer):
    status = serializers.ChoiceField(FINAL, help_text="How the call really ended.")
    reason = Text(max_length=300, help_text="Why: whoever reads the call later sees it beside the outcome.")
    callbackAt = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default_timezone=UTC,
        help_text="When the lead wants to be called back; needed for `scheduled_callback`, ignored for the others.",
    )
