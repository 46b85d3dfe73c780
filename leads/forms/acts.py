"""The small forms of the lead page: one act each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from campaigns.models import Campaign
from common import phones
from common.forms import TextWithNewlines
from leads.forms.lead import owners_for, split_tags
from leads.models import Approval, Channel, DoNotCall, Lead, LeadStatus
from leads.queries import LeadState

NOTE_LENGTH = 10_000
REASON_LENGTH = 200


def _reason(**how: Any) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": "off", "dir": "auto"})
    return forms.CharField(label="Reason", max_length=REASON_LENGTH, widget=widget, **how)


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=LeadStatus.choices)
    reason = _reason(required=False)
    # Do not contact lists the lead's numbers for everybody, so it is asked for twice.
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead) -> None:
        super().__init__(data, auto_id="id_status_%s", initial={"status": lead.status})
        self.lead = lead

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        wants_dnc = data.get("status") == LeadStatus.DNC != self.lead.status
        if wants_dnc and not data.get("sure") and not self.errors:
            sure: Any = cast(Any, self.data).copy()
            sure["sure"] = "1"
            self.data = sure
            self.add_error(None, _consequence(len(self.lead.numbers())))
        return data


def _consequence(numbers: int) -> str:
    what = f"its {numbers} numbers" if numbers > 1 else "its number"
    told = f"This puts {what} on the Do-Not-Call list: no lead that has the same number is called any more."
    return f"{told if numbers else 'This forbids every call to the lead.'} Set it again if that is meant."


class OwnerForm(forms.Form):
    owner: Any = forms.ModelChoiceField(queryset=None, required=False, empty_label="Nobody")

    def __init__(self, data: Any = None, *, lead: Lead) -> None:
        super().__init__(data, auto_id="id_owner_%s", initial={"owner": lead.owner_id})
        self.fields["owner"].queryset = owners_for(lead.workspace, lead)  # type: ignore[attr-defined]


class CampaignForm(forms.Form):
    campaign: Any = forms.ModelChoiceField(queryset=None, empty_label=None)

    def __init__(self, data: Any = None, *, lead: Lead) -> None:
        super().__init__(data, auto_id="id_campaign_%s", initial={"campaign": lead.campaign_id})
        campaigns = Campaign.objects.filter(workspace=lead.workspace_id).order_by("name")
        usable = ~Q(status=Campaign.Status.ARCHIVED) | Q(pk=lead.campaign_id)
        self.fields["campaign"].queryset = campaigns.filter(usable)  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    status = forms.ChoiceField(choices=Approval.choices)
    reason = forms.CharField(max_length=500, required=False)
    # What the person saw who takes a decision back.
    was = forms.CharField(max_length=10, required=False)
    queue = forms.BooleanField(required=False)


class TagForm(forms.Form):
    add = forms.CharField(
        label="Add a tag",
        max_length=1000,
        widget=forms.TextInput({"list": "known-tags", "autocomplete": "off", "dir": "auto"}),
    )

    def clean_add(self) -> list[str]:
        names = split_tags(self.cleaned_data["add"])
        if not names:
            raise ValidationError("Write the tag.")
        return names


class NoteForm(forms.Form):
    text = TextWithNewlines(
        label="Add a note",
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 2, "dir": "auto", "placeholder": "Write a note"}),
        error_messages={"required": "Write the note first."},
    )


class DoNotCallForm(forms.Form):
    """Which of the lead's addresses, on which channel, nobody may use any more."""

    addresses = forms.MultipleChoiceField(
        label="What nobody may use any more",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    reason = _reason(required=False)

    def __init__(self, data: Any = None, *, state: LeadState) -> None:
        super().__init__(data, auto_id="id_dnc_%s")
        listed = {(entry.channel, entry.address) for entry in state.entries}
        every = _addresses(state)
        free = [address for address in every if (address.channel, address.address) not in listed]
        field: Any = self.fields["addresses"]
        # Offered is what is still free; what was listed meanwhile is no mistake of the person who sends it.
        field.choices = [(address.key, address.label) for address in (every if self.is_bound else free)]
        self.initial["addresses"] = [address.key for address in free if address.channel == Channel.PHONE]

    def chosen(self) -> list[tuple[str, str]]:
        pairs = (key.partition(":") for key in self.cleaned_data["addresses"])
        return [(channel, address) for channel, _, address in pairs]


@dataclass(frozen=True)
class Address:
    channel: str
    address: str

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.address}"

    @property
    def label(self) -> str:
        shown = self.address if self.channel == Channel.EMAIL else phones.display(self.address)
        return f"{Channel(self.channel).label} {shown}"


def _addresses(state: LeadState) -> list[Address]:
    numbers = [Address(channel, number) for channel in (Channel.PHONE, Channel.SMS) for number in state.numbers]
    email = state.lead.email.strip().lower()
    return [*numbers, Address(Channel.EMAIL, email)] if email else numbers


class LiftForm(forms.Form):
    entry: Any = forms.ModelChoiceField(queryset=None, widget=forms.HiddenInput)
    reason = _reason(error_messages={"required": "Say why: it is kept with the lead."})
    # The status blocks calls as the list does: whoever lifts the one is offered to mend the other.
    status = forms.ChoiceField(
        label="And the status",
        required=False,
        choices=[("", "Leave it: Do not contact"), *(c for c in LeadStatus.choices if c[0] != LeadStatus.DNC)],
    )

    def __init__(self, data: Any = None, *, state: LeadState, entry: DoNotCall | None = None) -> None:
        number = entry.pk if entry else "sent"
        super().__init__(data, auto_id=f"id_lift_{number}_%s", initial={"entry": entry})
        entries = DoNotCall.objects.filter(pk__in=[row.pk for row in state.entries]).select_related("workspace")
        self.fields["entry"].queryset = entries  # type: ignore[attr-defined]
        if state.lead.status != LeadStatus.DNC:
            del self.fields["status"]
