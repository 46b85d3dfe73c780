from __future__ import annotations

from typing import Any

from django import forms

from leads.models import LeadStatus

BIGGEST_ID = 2**63 - 1


class LeadListForm(forms.Form):
    """What the address of the list asks for; what it does not understand it ignores."""

    q = forms.CharField(
        label="Search leads",
        max_length=200,
        required=False,
        strip=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Name, e-mail, number or ID", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(label="Status", choices=[("", "Every status"), *LeadStatus.choices], required=False)
    older = forms.IntegerField(min_value=1, max_value=BIGGEST_ID, required=False, widget=forms.HiddenInput)
    newer = forms.IntegerField(min_value=0, max_value=BIGGEST_ID, required=False, widget=forms.HiddenInput)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data
