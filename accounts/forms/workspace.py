from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts.forms.entrance import country_choices, timezone_choices
from accounts.models import Workspace
from accounts.people import one_line
from common.forms import WorkspaceForm


class WorkspaceSettingsForm(WorkspaceForm):
    country = forms.ChoiceField(help_text="Numbers written without a country code are read as this country's.")
    timezone = forms.ChoiceField(
        label="Time zone", help_text="For times that are not a lead's own: members, keys, the audit trail."
    )

    class Meta:
        model = Workspace
        fields = ("name", "country", "timezone")
        widgets: ClassVar[dict[str, Any]] = {"name": forms.TextInput({"dir": "auto", "autocomplete": "organization"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("country", country_choices()), ("timezone", timezone_choices())):
            self.fields[name].choices = _with(self.initial[name], choices)  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


def _with(stored: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is stored stays a choice: the browser would otherwise send the first one instead."""
    return choices if stored in dict(choices) else [(stored, stored), *choices]
