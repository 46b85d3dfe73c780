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
from common.serializers import CommaList, Text
from leads.models import LeadStatus

LONGEST_LIST = 2000
# A plus sign that was not escaped arrives as a space.
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


@extend_schema_field({"type": "string"})
class DayOrMoment(serializers.Field[Any, Any, Any, Any]):
    """A day means all of it, in the workspace's zone."""

    def __init__(self, *, clock_time: time, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.clock_time = clock_time

    def to_internal_value(self, data: Any) -> datetime | None:
        text = str(data).strip()
        if not text:
            return None
        try:
            found = self._read(text)
            return (found if found.tzinfo else found.replace(tzinfo=self._zone())).astimezone(UTC)
        except (ValueError, OverflowError):
            message = "Write a day like 2026-03-01, or a moment like 2026-03-01T09:00:00Z."
            raise serializers.ValidationError(message) from None

    def _read(self, text: str) -> datetime:
        try:
            return datetime.combine(date.fromisoformat(text), self.clock_time)
        except ValueError:
            return datetime.fromisoformat(LOST_PLUS.sub("+", text))

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.context["workspace"].timezone)


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
    startDate = DayOrMoment(
        required=False, clock_time=time.min, help_text="Made then or later: a day in the workspace's zone, or a moment."
    )
    endDate = DayOrMoment(required=False, clock_time=time.max, help_text="Made then or before: a day means to its end.")
