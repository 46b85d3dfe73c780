from __future__ import annotations

from datetime import UTC
from typing import Any

from rest_framework import serializers

from accounts.api.base import LONGEST_PAGE, PAGE, PageQuery
from calls.correction import FINAL
from calls.dialer.control import ACTS
from calls.dialer.listing import SHOWS, WAITING
from calls.models import Interaction, Status
from calls.services import MAX_INSTRUCTIONS
from common.serializers import Choice, CommaList, Flag, NullIsAbsent, StrictSerializer, Text
from leads.serializers.listing import DayOrMoment

MAX_PHONE = 40


class CheckCallSerializer(NullIsAbsent):
    leadId = Text(max_length=40, help_text="The lead to call.")
    direction = Choice(
        Interaction.Direction.choices,
        required=False,
        help_text="Given to the prompt as `call_direction`, `outbound` if absent; LeadSail dials out either way.",
    )
    phone = Text(
        required=False,
        trim_whitespace=False,
        max_length=MAX_PHONE,
        error_messages={"blank": "Give a number, or leave phone out to call the lead's own."},
        help_text="Calls this number instead of the lead's, in E.164 form; it is not saved on the lead. What is no "
        "such number is refused with `INVALID_PHONE_NUMBER`.",
    )
    campaignId = Text(required=False, max_length=40, help_text="Instead of the lead's campaign.")
    callerNumberId = Text(
        required=False,
        max_length=40,
        help_text="Calls from this number instead of the campaign's or the agent's. One that is not active, or not of "
        "the agent's provider account, is refused with `MISSING_PHONE_NUMBER`.",
    )
    isTest = Flag(
        required=False,
        help_text="Calls with the test agent, also when the campaign is not active. It counts as no attempt and leaves "
        "the lead's status alone, unless the lead is a test lead.",
    )


class InitiateSerializer(CheckCallSerializer):
    additionalInstructions = Text(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_INSTRUCTIONS,
        help_text="Appended to the agent's prompt for this call, word for word.",
    )


class LeadInteractionQuery(PageQuery):
    # LeadSail's own gives all of them: as many as there may be, for who does not ask for the next page.
    limit = serializers.IntegerField(required=False, default=LONGEST_PAGE, min_value=1, max_value=LONGEST_PAGE)


class InteractionQuery(PageQuery):
    leadId = Text(required=False, max_length=40)
    campaignIds = CommaList(required=False, max_length=1000, help_text="Separated by commas.")
    agentId = Text(required=False, max_length=40)
    status = CommaList(
        required=False, max_length=400, help_text=f"Any of these, separated by commas: {', '.join(Status.values)}."
    )
    direction = Choice(Interaction.Direction.choices, required=False)
    isTest = serializers.BooleanField(required=False, allow_null=True, default=None)
    startDate = DayOrMoment(
        required=False,
        help_text="Asked for at this time or later: a day in the workspace's zone, or a moment.",
    )
    endDate = DayOrMoment(
        is_last=True, required=False, help_text="Asked for at this time or earlier: a day means to its end."
    )
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


class DialerActSerializer(StrictSerializer):
    """What the auto-dialer is to do."""

    act = Choice(
        [(act, act) for act in ACTS], help_text="pause keeps the list; stop switches it off and empties the list."
    )


class DialerLeadsQuery(StrictSerializer):
    state = Choice(
        list(SHOWS.items()),
        required=False,
        default=WAITING,
        help_text="waiting: for their time. parked: without a time, for example until they are "
        "approved. calling: at this moment. done: not called any more.",
    )
    cursor = Text(required=False, max_length=300, help_text="`nextCursor` of the page before.")
    limit = serializers.IntegerField(required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE)


class CorrectSerializer(StrictSerializer):
    status = Choice(FINAL, help_text="How the call really ended.")
    reason = Text(max_length=300, help_text="Why: whoever reads the call later sees it beside the outcome.")
    callbackAt = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default_timezone=UTC,
        help_text="When the lead wants to be called back; needed for `scheduled_callback`, ignored for the others.",
    )
