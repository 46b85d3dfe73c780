from __future__ import annotations

from typing import Any, cast

from django import forms

from calls.services import MAX_INSTRUCTIONS
from campaigns.models import CallerNumber, VoiceAgent
from campaigns.queries import caller_numbers_of
from common import phones
from common.forms import TextWithNewlines
from leads.models import Lead


class CallForm(forms.Form):
    """What a person chooses before a call; whether it may be made is the gate's business."""

    number = forms.ChoiceField(label="Number to call", required=False)
    caller_number = forms.ChoiceField(label="Call from", required=False)
    additional_instructions = TextWithNewlines(
        label="Additional instructions for this call",
        max_length=MAX_INSTRUCTIONS,
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto", "aria-describedby": "instructions-count"}),
    )
    on = forms.ChoiceField(choices=[("lead", ""), ("conversation", "")], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lead: Lead, agent: VoiceAgent | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.callers = {row.public_id: row for row in (caller_numbers_of(agent.account) if agent else [])}
        self.numbers = _label_numbers(lead)
        cast(Any, self.fields["number"]).choices = list(self.numbers.items())
        usual = _usual_caller(lead, agent, self.callers)
        cast(Any, self.fields["caller_number"]).choices = [
            *([] if usual else [("", "Choose a number")]),
            *(
                (public_id, f"{phones.display(row.e164)} {row.label}".strip())
                for public_id, row in self.callers.items()
            ),
        ]
        self.initial.setdefault("number", lead.phone or next(iter(self.numbers), ""))
        self.initial.setdefault("caller_number", usual)

    def choice(self) -> dict[str, Any]:
        """As the services take it: what was sent where that is valid, else what the form shows at first."""
        return {
            "number": self._chosen("number"),
            "caller_number": self.callers.get(self._chosen("caller_number")),
        }

    def instructions(self) -> str:
        return str(self.cleaned_data.get("additional_instructions", "")) if self.is_bound else ""

    def _chosen(self, name: str) -> str:
        sent = self.cleaned_data.get(name) if self.is_bound else ""
        return str(sent or self.initial[name])


def _label_numbers(lead: Lead) -> dict[str, str]:
    labels = {row.e164: row.label for row in lead.phones.all()}
    return {e164: f"{phones.display(e164)} {labels.get(e164, '')}".strip() for e164 in lead.numbers()}


def _usual_caller(lead: Lead, agent: VoiceAgent | None, callers: dict[str, CallerNumber]) -> str:
    usual = lead.campaign.caller_number_for(agent) if agent else None
    return usual.public_id if usual and usual.public_id in callers else ""
