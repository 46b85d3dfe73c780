"""A campaign's rules for calling, as requests give them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from rest_framework import serializers

from campaigns.access import agent_of, number_of
from campaigns.dialing import MOST_STEPS, StepValues
from campaigns.models import RETRYABLE, Campaign, SequenceStep
from campaigns.presets import PRESETS
from campaigns.serializers.fields import BIGGEST, IdOf, Limit, OptionalText, Rows, Standing
from common.hours import LONGEST_HOLIDAY_NAME, MOST_HOLIDAYS, validate_holidays
from common.serializers import Choice, Flag, NullIsAbsent, Text, Whole
from leads.models import LeadStatus
from webhooks.access import endpoint_of

LONGEST_WAIT = 525_600
MOST_AFTER = 32_767
MOST_PER_MINUTE = 6_000
DIALER_ELSEWHERE = "It is read here: change it by POST /api/v1/campaigns/{campaignId}/dialer."


def _limit(source: str, help_text: str, most: int = BIGGEST) -> Whole:
    return Limit(source=source, required=False, allow_null=True, max_value=most, help_text=help_text)


class Words(serializers.ListField):
    """Some words of a few, each once."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(child=Choice(choices), required=False, max_length=len(choices), **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))


class HolidaySerializer(NullIsAbsent):
    """A day on which nobody is called."""

    date = Text(max_length=10, help_text="2026-12-25, or 12-25 for every year.")
    name = OptionalText(max_length=LONGEST_HOLIDAY_NAME)

    def validate_date(self, day: str) -> str:
        try:
            validate_holidays([{"date": day}])
        except ModelValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return day

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if value}


class StepSerializer(NullIsAbsent):
    """What follows an attempt: the first step that fits its number and its outcome decides."""

    afterAttempt = Whole(
        source="after_attempt",
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_AFTER,
        help_text="null: after any. 0: before the first call, for agent, number and part of the day.",
    )
    outcomes = Words(RETRYABLE, help_text="Some of `retryOutcomes`; none: after any of them.")
    waitMinutes = Whole(
        source="wait_minutes",
        required=False,
        allow_null=True,
        min_value=0,
        max_value=LONGEST_WAIT,
        help_text="Since the last call ended, and not less than the minimum gap; null: the gap alone.",
    )
    partOfDay = Choice(
        SequenceStep.Part.choices,
        source="part_of_day",
        required=False,
        allow_null=True,
        help_text="Where the lead is: until 12:00, until 17:00, after it. Taken where there is such a time within "
        "three days of the first one that is allowed. null: any.",
    )
    agentId = IdOf(
        agent_of, source="agent", required=False, allow_null=True, help_text="null: the campaign's production agent."
    )
    callerNumberId = IdOf(
        number_of,
        source="caller_number",
        required=False,
        allow_null=True,
        help_text="Of the agent's provider account; null: the campaign's, else the agent's.",
    )

    def validate(self, attrs: dict[str, Any]) -> StepValues:
        given = attrs | {"outcomes": tuple(attrs.get("outcomes", ())), "part_of_day": attrs.get("part_of_day") or ""}
        return StepValues(**given)


class VoicemailSerializer(NullIsAbsent):
    """What happens when a machine answers."""

    action = Choice(Campaign.Voicemail.choices, source="voicemail_action", required=False)
    message = OptionalText(
        source="voicemail_message",
        trim_whitespace=False,
        max_length=1000,
        help_text="What is said to it, with the variables of prompts: `{{first_name}}`.",
    )


class AutoDialerFieldsSerializer(NullIsAbsent):
    """How the campaign calls its leads by itself. What is left out stays as it is."""

    state = Standing(DIALER_ELSEWHERE)
    preset = Choice(
        [(preset.name, preset.label) for preset in PRESETS.values()],
        required=False,
        write_only=True,
        help_text="Sets minimum gap, attempts, `concurrency`, `callsPerMinute`, `newLeadsFirst`, `retryOutcomes` and "
        "`sequence` at once, `speed_to_lead` also the first submission action `voice_ai` where the campaign has a "
        "production agent; all else stays, and what else is sent comes over it. "
        + " ".join(f"`{preset.name}`: {preset.text}" for preset in PRESETS.values()),
    )
    concurrency = _limit("dialer_concurrency", "Calls at a time; null: only the provider account limits them.")
    callsPerMinute = _limit("calls_per_minute", "null: only the provider account limits it.", MOST_PER_MINUTE)
    dailyCap = _limit("daily_cap", "Calls in one day of the workspace's time zone; null: no limit.")
    newLeadsFirst = Flag(
        source="new_first",
        required=False,
        help_text="Leads who were never called go before those who are called again.",
    )
    excludedStatuses = Words(
        LeadStatus.values, source="excluded_statuses", help_text="Leads with these statuses are not called."
    )
    retryOutcomes = Words(
        RETRYABLE, source="retry_outcomes", help_text="After these a lead is called again; all others are final."
    )
    ringTimeoutSeconds = _limit("ring_timeout_seconds", "null: as the operator has set it, which is the most.", 600)
    voicemail = VoicemailSerializer(source="*", required=False)
    sequence = Rows(
        child=StepSerializer(),
        source="steps",
        required=False,
        max_length=MOST_STEPS,
        help_text="All steps, in their order: they replace those that are there.",
    )


class FirstActionFieldsSerializer(NullIsAbsent):
    """What happens to a lead that comes in for the first time. What is left out stays as it is."""

    type = Choice(
        Campaign.FirstAction.choices,
        source="first_action",
        required=False,
        help_text="voice_ai: called within seconds where that is allowed, else at the next allowed time, also while "
        "the auto-dialer is off. human_review: waits for an approval. webhook: the endpoint is told.",
    )
    priority = Choice(
        Campaign.Priority.choices, source="review_priority", required=False, help_text="Of a human review."
    )
    reason = OptionalText(source="review_reason", max_length=300, help_text="What the review is for.")
    webhookEndpointId = IdOf(
        endpoint_of,
        source="first_action_endpoint",
        required=False,
        allow_null=True,
        help_text="Who is told, by type webhook.",
    )


class HolidaysField(serializers.ListField):
    def to_internal_value(self, data: Any) -> list[Any]:
        rows: list[Any] = super().to_internal_value(data)
        days = [row["date"] for row in rows]
        twice = {str(at): ["This day stands there twice: leave one out."] for at in _again(days)}
        if twice:
            raise serializers.ValidationError(twice)
        return rows


def _again(days: list[str]) -> list[int]:
    return [place for place, day in enumerate(days) if day in days[:place]]


def holidays_field() -> HolidaysField:
    return HolidaysField(
        child=HolidaySerializer(),
        required=False,
        max_length=MOST_HOLIDAYS,
        help_text="All of them: they replace those that are there. It is closed where it is that day.",
    )
