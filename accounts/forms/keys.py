from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.models import Workspace
from accounts.scopes import SCOPE_WORDS
from common import clock

ON_A_DATE = "date"
MAX_YEAR = 2100
EXPIRIES = [
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
    (ON_A_DATE, "On a date"),
    ("", "Never"),
]


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=80, help_text="What will use it, so that you know later what stops when you revoke it."
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=list(SCOPE_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    expiry = forms.ChoiceField(label="Expires", choices=EXPIRIES, initial="365", required=False)
    until = forms.DateField(
        label="Last day on which it works", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(workspace.timezone)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["expires_at"] = self._expires_at(data.get("expiry", ""), data.pop("until", None))
        return data

    def _expires_at(self, expiry: str, until: Any) -> datetime | None:
        if expiry != ON_A_DATE:
            return clock.now() + timedelta(days=int(expiry)) if expiry else None
        if until is None:
            if "until" not in self.errors:
                self.add_error("until", "Choose the last day on which the key works.")
            return None
        if until < clock.now().astimezone(self.zone).date():
            self.add_error("until", "This day is over: choose one to come.")
            return None
        if until.year > MAX_YEAR:
            self.add_error("until", f"Choose a day up to the year {MAX_YEAR}, or never.")
            return None
        return datetime.combine(until + timedelta(days=1), time(), self.zone)
