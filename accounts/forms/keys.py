from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings

from accounts.models import ApiKey, Workspace
from accounts.scopes import SCOPE_WORDS, SCOPES
from common import clock
from common.forms import WorkspaceForm

ON_A_DATE = "date"
MAX_YEAR = 2100
EXPIRIES = [
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
    (ON_A_DATE, "On a date"),
    ("", "Never"),
]


READS = tuple(scope for scope in SCOPES if scope.endswith(":read"))
INTAKE = ("leads:read", "leads:write", "calls:write", "interactions:read")
# By the value of the choice; the empty one is for the boxes below.
PRESETS = {"read": READS, "intake": INTAKE, "all": SCOPES}
PRESET_CHOICES = [
    ("read", "Read everything"),
    ("intake", "Submit leads and call"),
    ("all", "Everything"),
    ("", "Choose one by one"),
]
PRESET_WORDS = {
    "read": "Changes nothing and rings nobody.",
    "intake": "Sends leads, has them called, and reads what came of it.",
    "all": "All that an owner may: calls, settings, people and keys.",
    "": "",
}


@dataclass
class ScopeRow:
    """One line of the boxes: what the scopes are about, each with its box."""

    resource: str
    words: list[str]
    read: Any = None
    write: Any = None


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=80, help_text="What will use it, so that you know later what stops when you revoke it."
    )
    preset = forms.ChoiceField(choices=PRESET_CHOICES, required=False, initial="", widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        required=False,
        choices=list(SCOPE_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    expiry = forms.ChoiceField(label="Expires", choices=EXPIRIES, initial="365", required=False)
    until = forms.DateField(
        label="Last day on which it works", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    requests_per_minute = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(workspace.timezone)
        self.fields["requests_per_minute"].help_text = pace_help()

    @property
    def presets(self) -> list[tuple[Any, str]]:
        return [(choice, PRESET_WORDS[choice.data["value"]]) for choice in self["preset"]]

    @property
    def scope_rows(self) -> list[ScopeRow]:
        rows: dict[str, ScopeRow] = {}
        for box in self["scopes"]:
            resource, _, act = box.data["value"].partition(":")
            row = rows.setdefault(resource, ScopeRow(resource_label(resource), []))
            row.words.append(SCOPE_WORDS[box.data["value"]])
            setattr(row, act, box)
        return list(rows.values())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        preset = data.pop("preset", "")
        if "scopes" in data:
            data["scopes"] = PRESETS.get(preset, data["scopes"])
        if data.get("scopes") == []:
            self.add_error("scopes", "Choose at least one.")
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


class KeyEditForm(WorkspaceForm):
    class Meta:
        model = ApiKey
        fields = ("name", "requests_per_minute")
        widgets: ClassVar[dict[str, Any]] = {"name": forms.TextInput({"dir": "auto"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["requests_per_minute"].help_text = pace_help()


def pace_help() -> str:
    return f"Empty: {settings.API_REQUESTS_PER_MINUTE}, as for every key of this installation."


def resource_label(resource: str) -> str:
    return "Do-Not-Call" if resource == "do_not_call" else resource.replace("_", " ").capitalize()
