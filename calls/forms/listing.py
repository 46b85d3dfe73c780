from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from accounts.models import Workspace
from calls.correction import FINAL
from calls.models import Interaction, Status
from calls.search import LIVE
from campaigns.models import Campaign, VoiceAgent
from common import clock
from leads.models import Lead

DAYS = {1: "Today", 7: "Last 7 days", 14: "Last 14 days", 30: "Last 30 days", 90: "Last 90 days"}
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 30)


class ConversationFilter(forms.Form):
    """Takes from the address what it understands and leaves the rest out: an old link still shows a list."""

    q = forms.CharField(
        label="Search",
        max_length=200,
        required=False,
        widget=forms.TextInput(
            {"type": "search", "placeholder": "Words of the transcript, name or number", "autocomplete": "off"}
        ),
    )
    status = forms.ChoiceField(
        label="Outcome", choices=[("", "Every outcome"), (LIVE, "Live now"), *FINAL], required=False
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), to_field_name="code", empty_label="Every campaign", required=False
    )
    agent = forms.ModelChoiceField(
        VoiceAgent.objects.none(), to_field_name="public_id", empty_label="Every agent", required=False
    )
    direction = forms.ChoiceField(choices=[("", "Both directions"), *Interaction.Direction.choices], required=False)
    lead = forms.ModelChoiceField(
        Lead.objects.none(), to_field_name="public_id", required=False, widget=forms.HiddenInput
    )
    days = forms.TypedChoiceField(
        choices=list(DAYS.items()), coerce=int, empty_value=None, required=False, widget=forms.HiddenInput
    )
    # Of one day: where a chart by hours leads to.
    hour = forms.TypedChoiceField(
        choices=[(str(hour), hour) for hour in range(24)],
        coerce=str,
        empty_value=None,
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, data: QueryDict, *, workspace: Workspace) -> None:
        asked = data.copy()
        if asked.get("status") == Status.IN_PROGRESS:
            asked["status"] = LIVE
        super().__init__(asked)
        self.zone = ZoneInfo(workspace.timezone)
        for name, model in (("campaign", Campaign), ("agent", VoiceAgent), ("lead", Lead)):
            self._choices(name, model, workspace)
        for name in ("from", "to"):
            self.fields[name] = forms.DateField(
                label=f"{name.capitalize()} day",
                input_formats=["%Y-%m-%d"],
                required=False,
                widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            )
        self.is_valid()

    def _choices(self, name: str, model: Any, workspace: Workspace) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = model.objects.filter(workspace=workspace).order_by("id" if name == "lead" else "name")

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    def asked(self) -> dict[str, str]:
        """As it stands in the address, without what was not understood or does not count."""
        ignored = {"days"} if self.value("from") or self.value("to") else set()
        ignored |= set() if self._one_hour() else {"hour"}
        return {name: self.data[name].strip() for name in self.fields if self.value(name) and name not in ignored}

    def first_and_last(self) -> tuple[date | None, date | None]:
        first, last = self._date("from"), self._date("to")
        if first and last and first > last:
            return last, first
        if not (first or last) and (days := self.value("days")):
            last = clock.now().astimezone(self.zone).date()
            first = last - timedelta(days=days - 1)
        return first, last

    def _date(self, name: str) -> date | None:
        found: date | None = self.value(name)
        return min(max(found, EARLIEST), LATEST) if found else None

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """From the first day's midnight to that after the last, in the workspace's zone."""
        if hour := self._one_hour():
            return hour, hour + timedelta(hours=1)
        first, last = self.first_and_last()
        return self._midnight(first), self._midnight(last + timedelta(days=1) if last else None)

    def _one_hour(self) -> datetime | None:
        first, last = self.first_and_last()
        hour = self.value("hour")
        if hour is None or first is None or first != last:
            return None
        return datetime.combine(first, time(int(hour)), self.zone).astimezone(UTC)

    def _midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC) if day else None
