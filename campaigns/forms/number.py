from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Workspace
from campaigns.forms.choices import directory_of, offer_active, sort_choices
from campaigns.forms.rules import say_limits
from campaigns.models import CallerNumber
from campaigns.services import number_taken
from common.forms import WorkspaceForm
from common.phones import normalize_phone


class NumberForm(WorkspaceForm):
    e164 = forms.CharField(
        label="Number",
        max_length=40,
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
        help_text="Any writing; with the country code when it is not of the workspace's country.",
    )

    class Meta:
        model = CallerNumber
        fields = ("e164", "label", "account", "provider_number_id", "kind", "daily_cap")
        labels = {
            "account": "Provider account",
            "provider_number_id": "Number ID at the provider",
            "kind": "Connected by",
            "daily_cap": "Calls a day",
        }
        help_texts = {
            "label": "How people here call it, e.g. London office.",
            "daily_cap": "Of all campaigns together, from midnight to midnight of the workspace's time zone. A number "
            "that calls very often is soon shown as spam.",
        }
        widgets = {
            "provider_number_id": forms.TextInput({"list": "provider-numbers", "autocomplete": "off"}),
            "daily_cap": forms.NumberInput({"placeholder": "no limit"}),
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        say_limits(self)
        sort_choices(self)
        offer_active(self.fields["account"], self.instance.account_id)
        self.country = workspace.country
        self.suggestions = directory_of(workspace, "numbers")

    def clean_e164(self) -> str:
        return normalize_phone(self.cleaned_data["e164"], country=self.country)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        account, number = data.get("account"), data.get("e164")
        if account and number:
            wanted = CallerNumber(pk=self.instance.pk, account=account, e164=number)
            if sentence := number_taken(wanted):
                self.add_error("e164", sentence)
        return data
