from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from calls.correction import FINAL, MAX_REASON, callback_problem, seen_of
from calls.ingest.outcome import reported_outcome
from calls.models import Interaction, Status
from common.forms import TextWithNewlines


class LocalTimeField(forms.DateTimeField):
    """A wall clock's time, in the zone that is shown beside it."""

    zone = ZoneInfo("UTC")

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)


class CorrectionForm(forms.Form):
    """The outcome as a person heard it."""

    status = forms.ChoiceField(label="How it really ended", choices=[("", "Choose the outcome"), *FINAL])
    callback_at = LocalTimeField(
        label="Call back at",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give the day and the time, for example 2026-05-21 16:30."},
    )
    reason = TextWithNewlines(
        label="Reason",
        max_length=MAX_REASON,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        error_messages={"required": "Say why: whoever reads this later sees it beside the outcome."},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, call: Interaction, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call, self.zone = call, zone
        cast(LocalTimeField, self.fields["callback_at"]).zone = ZoneInfo(zone)
        self.reported = reported_outcome(call)
        self.initial.update(seen=seen_of(call), callback_at=call.callback_at or self.reported.callback_at)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_callback = data.get("status") == Status.SCHEDULED_CALLBACK and "callback_at" in data
        if is_callback and (problem := callback_problem(data["callback_at"], self.reported)):
            self.add_error("callback_at", problem)
        return data

    def see_again(self) -> None:
        """What stands now has been shown: the next sending may change it."""
        data = cast(Any, self.data).copy()
        data["seen"] = seen_of(self.call)
        self.data = data
