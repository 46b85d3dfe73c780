from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import Membership, Workspace
from campaigns.models import Campaign
from leads.bulk import MOST_LEADS
from leads.forms.listing import MOST_CHOICES, LeadListForm, label_of
from leads.models import BulkChange, Lead, LeadStatus, Tag

Kind = BulkChange.Kind
NOBODY = "nobody"
# Longer than all filters at their longest, each letter written as %F0%9F%8F%A0.
LONGEST_FILTER = 4_000
TOO_LONG = "The filters of this list are too long to be read: clear them, filter again and choose the leads anew."
LOST = "A filter of this list is no longer there, so it shows other leads than you chose from. Choose them again."
WORDS = {
    Kind.OWNER: "Assign {}",
    Kind.TAG: "Add a tag to {}",
    Kind.UNTAG: "Remove a tag from {}",
    Kind.STATUS: "Set the status of {}",
    Kind.CAMPAIGN: "Move {} to a campaign",
    Kind.DNC: "Put {} on Do-Not-Call",
    Kind.DIALER: "Send {} to the auto-dialer",
}


@dataclass(frozen=True)
class Selection:
    """The leads of a change: those that were ticked, or all that the list's filters find now."""

    workspace: Workspace
    public_ids: list[str]
    everything: bool
    listing: LeadListForm
    asked: str

    @property
    def leads(self) -> QuerySet[Lead]:
        if self.everything:
            return self.listing.lead_filter().apply(self.workspace)
        return Lead.objects.filter(workspace=self.workspace, public_id__in=self.public_ids)

    @property
    def problem(self) -> str:
        """Why these may be other leads than the person saw."""
        if len(self.asked) > LONGEST_FILTER:
            return TOO_LONG
        return LOST if self.lost else ""

    @property
    def lost(self) -> bool:
        """A filter that is understood no more, of a person who left for one, would widen the change to everybody."""
        asked = {name for name, value in QueryDict(self.asked).items() if str(value).strip()}
        return self.everything and not asked & set(self.listing.fields) <= {*self.listing.filters, "sort"}

    def count(self) -> int:
        """As far as it matters: one more than may be changed is enough to know."""
        return self.leads.order_by()[: MOST_LEADS + 1].count()

    @property
    def address(self) -> str:
        return address_of(self.listing)


def address_of(listing: LeadListForm) -> str:
    query = QueryDict(mutable=True)
    query.update(listing.address)
    return query.urlencode()


class BulkForm(forms.Form):
    """One question for each kind of change: to what. Sending to the auto-dialer asks nothing but whether."""

    def __init__(self, data: Any = None, *, workspace: Workspace, kind: Kind) -> None:
        super().__init__(data)
        self.kind = kind
        if kind in FIELDS:
            self.fields["value"] = FIELDS[kind](workspace)
        self.tags = Tag.objects.filter(workspace=workspace).order_by("name")[:MOST_CHOICES] if kind == Kind.TAG else ()

    def clean_value(self) -> str:
        value = str(self.cleaned_data["value"])
        if self.kind == Kind.TAG:
            value = " ".join(value.split())
            if not value:
                raise ValidationError("Write the tag.")
        return value

    def chosen(self) -> dict[str, str]:
        """The arguments of `start_bulk_change`."""
        if "value" not in self.fields:
            return {"value": "", "label": ""}
        value, field = self.cleaned_data["value"], self.fields["value"]
        if self.kind == Kind.DNC:
            return {"value": "", "label": "", "reason": value}
        return {"value": "" if value == NOBODY else value, "label": label_of(field, value)}


def _choice(label: str, first: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", first), *choices], error_messages={"required": f"{first}."})


def _people(workspace: Workspace) -> forms.ChoiceField:
    rows = Membership.objects.filter(workspace=workspace).select_related("user").order_by("id")[:MOST_CHOICES]
    people = [(str(row.user_id), str(row.user)) for row in rows]
    return _choice("New owner", "Choose a person", [(NOBODY, "Nobody"), *people])


def _new_tag(workspace: Workspace) -> forms.CharField:
    widget = forms.TextInput({"list": "tags", "autocomplete": "off"})
    return forms.CharField(
        label="Tag",
        max_length=50,
        widget=widget,
        help_text="Choose one or write a new one.",
        error_messages={"required": "Write the tag."},
    )


def _old_tag(workspace: Workspace) -> forms.ChoiceField:
    names = Tag.objects.filter(workspace=workspace).order_by("name").values_list("name", flat=True)
    return _choice("Tag", "Choose a tag", [(name, name) for name in names])


def _status(workspace: Workspace) -> forms.ChoiceField:
    return _choice("New status", "Choose a status", list(LeadStatus.choices))


def _campaign(workspace: Workspace) -> forms.ChoiceField:
    open_ones = Campaign.objects.filter(workspace=workspace).exclude(status=Campaign.Status.ARCHIVED).order_by("name")
    return _choice("Campaign", "Choose a campaign", [(str(row.pk), row.name) for row in open_ones])


def _reason(workspace: Workspace) -> forms.CharField:
    return forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Stands beside each number on the list, e.g. “Asked by e-mail on 3 May”.",
        error_messages={"required": "Say why: whoever wants to call them later must know."},
    )


FIELDS: dict[Kind, Callable[[Workspace], forms.Field]] = {
    Kind.OWNER: _people,
    Kind.TAG: _new_tag,
    Kind.UNTAG: _old_tag,
    Kind.STATUS: _status,
    Kind.CAMPAIGN: _campaign,
    Kind.DNC: _reason,
}
