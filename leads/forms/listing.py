from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.functional import cached_property

from accounts.models import Membership, User, Workspace
from calls.models import Status
from campaigns.models import Campaign
from leads.models import Approval, LeadStatus, Tag
from leads.search import NEVER_CALLED, ORDERS, LeadFilter

MOST_CHOICES = 300
EVERY_OUTCOME = [(value, label) for value, label in Status.choices if value != Status.IN_PROGRESS]
SORTS = dict(zip(ORDERS, ("Newest", "Oldest", "Last changed", "Name"), strict=True))
NEWEST = "newest"


class LeadListForm(forms.Form):
    """What the address of the list asks for; what it does not understand it ignores."""

    q = forms.CharField(
        label="Search leads",
        max_length=200,
        required=False,
        strip=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Name, e-mail, number or ID", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(label="Status", choices=[("", "Any status"), *LeadStatus.choices], required=False)
    sort = forms.ChoiceField(label="Order", choices=list(SORTS.items()), required=False)
    owner = forms.ChoiceField(label="Owner", required=False)
    campaign = forms.ChoiceField(label="Campaign", required=False)
    tag = forms.CharField(
        label="Tag",
        max_length=50,
        required=False,
        widget=forms.TextInput({"list": "tags", "placeholder": "Any", "autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(
        label="Last outcome",
        choices=[("", "Any"), (NEVER_CALLED, "Never called"), *EVERY_OUTCOME],
        required=False,
    )
    dnc = forms.ChoiceField(
        label="Do-Not-Call", choices=[("", "Any"), ("yes", "Listed"), ("no", "Not listed")], required=False
    )
    callback = forms.ChoiceField(label="Callback", choices=[("", "Any"), ("due", "Due now")], required=False)
    approval = forms.ChoiceField(label="Approval", choices=[("", "Any"), *Approval.choices], required=False)
    is_test = forms.ChoiceField(
        label="Test leads",
        choices=[("", "Shown"), ("yes", "Only these"), ("no", "Hidden")],
        required=False,
    )

    ALWAYS_SHOWN = ("q", "status", "sort")

    def __init__(self, data: Mapping[str, Any], *, workspace: Workspace, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.campaigns = {
            campaign.code: campaign
            for campaign in Campaign.objects.filter(workspace=workspace).order_by("name")[:MOST_CHOICES]
        }
        memberships = Membership.objects.filter(workspace=workspace).select_related("user").order_by("id")
        self.people = {str(row.user_id): row.user for row in memberships[:MOST_CHOICES]}
        self.tags = Tag.objects.filter(workspace=workspace).order_by("name")[:MOST_CHOICES]
        self._choices("owner", "Everybody", {"me": "Me", "nobody": "Nobody", **self.people})
        self._choices("campaign", "Every campaign", self.campaigns)

    def _choices(self, name: str, every: str, found: Mapping[str, object]) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", every), *((value, str(thing)) for value, thing in found.items())]

    @cached_property
    def filters(self) -> dict[str, str]:
        """What narrows the list, by its name in the address."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and value.strip() and name != "sort"}

    @cached_property
    def order(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("sort") or NEWEST)

    @property
    def address(self) -> dict[str, str]:
        return self.filters | ({"sort": self.order} if self.order != NEWEST else {})

    def shown(self, name: str) -> str:
        """A filter in words: its label and what was chosen."""
        value, field = self.filters[name], self.fields[name]
        if name == "q":
            return f"“{value.strip()}”"
        return f"{field.label}: {label_of(field, value)}"

    def lead_filter(self) -> LeadFilter:
        asked = self.filters
        owner = asked.get("owner", "")
        return LeadFilter(
            text=asked.get("q", ""),
            status=asked.get("status", ""),
            campaign=self.campaigns.get(asked.get("campaign", "")),
            owner=self.user if owner == "me" else self.people.get(owner),
            without_owner=owner == "nobody",
            tag=asked.get("tag", ""),
            outcome=asked.get("outcome", ""),
            do_not_call=_yes_or_no(asked.get("dnc")),
            is_test=_yes_or_no(asked.get("is_test")),
            callback_due="callback" in asked or None,
            approval=asked.get("approval", ""),
        )

    @property
    def panel(self) -> list[forms.BoundField]:
        """The filters that lie behind the button."""
        return [self[name] for name in self.fields if name not in self.ALWAYS_SHOWN]

    @property
    def panel_count(self) -> int:
        return len(set(self.filters) - set(self.ALWAYS_SHOWN))


def label_of(field: forms.Field, value: str) -> str:
    """As the person saw it who chose it."""
    return str(dict(cast(Any, field).choices)[value]) if isinstance(field, forms.ChoiceField) else value


def _yes_or_no(value: str | None) -> bool | None:
    return None if value is None else value == "yes"
