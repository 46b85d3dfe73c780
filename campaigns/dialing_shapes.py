"""A campaign's rules for calling, as the API answers them."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict, cast

from campaigns.dialing import StepValues, values_of
from campaigns.models import Campaign
from common.hours import holidays_or_none

Retryable = Literal["no_answer", "busy", "voicemail", "incomplete", "completed", "follow_up"]


class HolidayShape(TypedDict):
    """A day on which nobody is called."""

    date: Annotated[str, "2026-12-25, or 12-25 for every year."]
    name: str | None


class VoicemailShape(TypedDict):
    """What happens when a machine answers."""

    action: Literal["hang_up", "leave_message"]
    message: Annotated[str | None, "What is said to it."]


class StepShape(TypedDict):
    """What follows an attempt: the first step that fits its number and its outcome decides."""

    afterAttempt: Annotated[int | None, "null: after any. 0: before the first call, for agent, number and part of day."]
    outcomes: Annotated[list[Retryable], "Empty: after any that is tried again."]
    waitMinutes: Annotated[int | None, "Since the last call ended. null: only the campaign's minimum gap."]
    partOfDay: Annotated[
        Literal["morning", "afternoon", "evening"] | None,
        "Where the lead is: until 12:00, until 17:00, after it. Preferred within three days, not waited for longer.",
    ]
    agentId: Annotated[str | None, "null: the campaign's production agent."]
    callerNumberId: Annotated[str | None, "null: the campaign's, else the agent's."]


class AutoDialerShape(TypedDict):
    """How the campaign calls its leads by itself."""

    state: Annotated[
        Literal["off", "on", "paused"],
        "paused: it keeps its list and takes new leads, but calls nobody. Changed by POST /campaigns/{id}/dialer.",
    ]
    concurrency: Annotated[int | None, "Calls at a time; null: only the provider account limits them."]
    callsPerMinute: Annotated[int | None, "null: only the provider account limits it."]
    dailyCap: Annotated[int | None, "Calls in one day of the workspace's time zone; null: no limit."]
    newLeadsFirst: Annotated[bool, "Leads who were never called go before those who are called again."]
    excludedStatuses: Annotated[list[str], "Leads with these statuses are not called."]
    retryOutcomes: Annotated[list[Retryable], "After these a lead is called again; all others are final."]
    ringTimeoutSeconds: Annotated[int | None, "null: as the operator has set it."]
    voicemail: VoicemailShape
    sequence: list[StepShape]


class FirstActionShape(TypedDict):
    """What happens to a lead that comes in for the first time."""

    type: Literal["none", "voice_ai", "human_review", "webhook"]
    priority: Annotated[Literal["high", "normal", "low"], "Of a human review."]
    reason: Annotated[str | None, "What the review is for."]
    webhookEndpointId: Annotated[str | None, "Who is told, by type webhook."]


def holidays_json(campaign: Campaign) -> list[HolidayShape]:
    """Holidays that cannot be read are none, as they are to the gate."""
    readable = holidays_or_none(campaign.holidays)
    return [{"date": row["date"], "name": row.get("name") or None} for row in campaign.holidays] if readable else []


def auto_dialer_json(campaign: Campaign) -> AutoDialerShape:
    """Give the campaign with its steps prefetched."""
    return {
        "state": campaign.dialer,  # type: ignore[typeddict-item]
        "concurrency": campaign.dialer_concurrency,
        "callsPerMinute": campaign.calls_per_minute,
        "dailyCap": campaign.daily_cap,
        "newLeadsFirst": campaign.new_first,
        "excludedStatuses": list(campaign.excluded_statuses),
        "retryOutcomes": list(campaign.retry_outcomes),
        "ringTimeoutSeconds": campaign.ring_timeout_seconds,
        "voicemail": {
            "action": campaign.voicemail_action,  # type: ignore[typeddict-item]
            "message": campaign.voicemail_message or None,
        },
        "sequence": [_step(values_of(step)) for step in campaign.steps.all()],
    }


def _step(step: StepValues) -> StepShape:
    return {
        "afterAttempt": step.after_attempt,
        "outcomes": cast(list[Retryable], list(step.outcomes)),
        "waitMinutes": step.wait_minutes,
        "partOfDay": step.part_of_day or None,  # type: ignore[typeddict-item]
        "agentId": step.agent.public_id if step.agent else None,
        "callerNumberId": step.caller_number.public_id if step.caller_number else None,
    }


def first_action_json(campaign: Campaign) -> FirstActionShape:
    endpoint = campaign.first_action_endpoint
    return {
        "type": campaign.first_action,  # type: ignore[typeddict-item]
        "priority": campaign.review_priority,  # type: ignore[typeddict-item]
        "reason": campaign.review_reason or None,
        "webhookEndpointId": endpoint.public_id if endpoint else None,
    }
