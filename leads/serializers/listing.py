"""What the list of leads may be asked for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from accounts.api.base import PageQuery
from calls.models import Status
from common.serializers import Choice, CommaList, Text
from leads.models import Approval, LeadStatus
from leads.search import NEVER_CALLED

LONGEST_LIST = 2000
OUTCOMES = [NEVER_CALLED, *(value for value in Status.values if value != Status.IN_PROGRESS)]
# A plus sign that was not escaped arrives as a space.
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


@extend_schema_field({"type": "string"})
class DayOrMoment(serializers.Field[Any, Any, Any, Any]):
    """An end of a span of time. A day means all of it, in the workspace's zone."""

    def __init__(self, *, is_last: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of_day = time.max if is_last else time.min

    def to_internal_value(self, data: Any) -> datetime | None:
        text = str(data).strip()
        if not text:
            return None
        try:
            found = self._read(text)
        except ValueError:
            message = "Write a day like 2026-03-01, or a moment like 2026-03-01T09:00:00Z."
            raise serializers.ValidationError(message) from None
        return _in_utc(found if found.tzinfo else found.replace(tzinfo=self._zone()))

    def _read(self, text: str) -> datetime:
        try:
            return datetime.combine(date.fromisoformat(text), self.of_day)
        except ValueError:
            return datetime.fromisoformat(LOST_PLUS.sub("+", text))

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.context["workspace"].timezone)


def _in_utc(moment: datetime) -> datetime:
    """The calendar's first and last days stay in it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


class StatusList(CommaList):
    def run_validation(self, data: Any = empty) -> Any:
        found = super().run_validation(data)
        if unknown := [status for status in found if status not in LeadStatus.values]:
            known = ", ".join(LeadStatus.values)
            raise serializers.ValidationError(f"There is no status {unknown[0][:40]}. Known are: {known}.")
        return found


class LeadsQuery(PageQuery):
    campaignIds = CommaList(
        required=False, allow_blank=True, max_length=LONGEST_LIST, help_text="Short codes with commas between."
    )
    clientIds = CommaList(required=False, allow_blank=True, max_length=LONGEST_LIST, help_text="Clients of campaigns.")
    offerIds = CommaList(required=False, allow_blank=True, max_length=LONGEST_LIST, help_text="Offers of campaigns.")
    status = StatusList(
        required=False, allow_blank=True, max_length=LONGEST_LIST, help_text="One or more, with commas between."
    )
    search = Text(required=False, max_length=200, allow_blank=True, help_text="In name, e-mail, phone; or a leadId.")
    owner = Text(required=False, max_length=254, allow_blank=True, help_text="The e-mail of a member, or `none`.")
    tag = Text(required=False, max_length=50, allow_blank=True, help_text="Its name, in small letters or capitals.")
    outcome = Choice(
        OUTCOMES, required=False, allow_blank=True, help_text="Of the last call; `never` for who was never called."
    )
    doNotCall = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="As `flags.isDnc` of the lead."
    )
    callbackDue = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether the time has come to call the lead back."
    )
    isTest = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Test leads.")
    approval = Choice(
        choices=Approval.choices, required=False, allow_blank=True, help_text="Whether they wait for approval."
    )
    startDate = DayOrMoment(required=False, help_text="Made then or later: a day in the workspace's zone, or a moment.")
    endDate = DayOrMoment(required=False, is_last=True, help_text="Made then or before: a day means to its end.")
