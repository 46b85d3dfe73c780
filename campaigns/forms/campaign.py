from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from accounts.models import Workspace
from campaigns.forms.changes import changed_values, place_errors
from campaigns.forms.choices import NumberChoice, offer_active, sort_choices
from campaigns.models import Campaign, business_hours
from campaigns.queries import campaigns_matching
from common import phones
from common.forms import WorkspaceForm
from common.hours import DAYS, day_text, hours_or_closed, read_day

WINDOW_DAYS = "Write 1 to 365 days, or leave it empty: then everybody who comes is a new lead."


class DayField(forms.Field):
    """The hours of one day, read as people write them and shown back in one writing."""

    widget = forms.TextInput({"placeholder": "closed", "autocomplete": "off"})

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False)

    def to_python(self, value: Any) -> list[list[str]]:
        return read_day(str(value or ""))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except forms.ValidationError:
            return True


class CampaignForm(WorkspaceForm):
    caller_number = NumberChoice(label="Caller number")
    mon = DayField("Monday")
    tue = DayField("Tuesday")
    wed = DayField("Wednesday")
    thu = DayField("Thursday")
    fri = DayField("Friday")
    sat = DayField("Saturday")
    sun = DayField("Sunday")

    class Meta:
        model = Campaign
        fields = (
            *("name", "production_agent", "test_agent", "template", "caller_number"),
            *("duplicate_window_days", "is_default"),
            *("client_name", "offer_name", "client_id", "client_abbrev", "offer_id", "offer_abbrev"),
        )
        labels = {
            "production_agent": "Voice agent",
            "template": "Prompt template",
            "duplicate_window_days": "Duplicate window in days",
            "is_default": "Default campaign",
            "client_id": "Client ID",
            "client_abbrev": "Client, short form",
            "offer_id": "Offer ID",
            "offer_abbrev": "Offer, short form",
        }
        help_texts = {
            "duplicate_window_days": "Whoever comes again within these days, with the same phone or e-mail, stays one "
            "lead. Empty: everybody who comes is a new lead.",
            "client_name": "For whom it calls.",
            "offer_name": "What it calls about.",
        }
        error_messages = {"duplicate_window_days": dict.fromkeys(("min_value", "max_value", "invalid"), WINDOW_DAYS)}
        widgets = {"duplicate_window_days": forms.NumberInput({"min": 1, "max": 365})}

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        hours = hours_or_closed(instance.hours if instance else business_hours())
        kwargs["initial"] = {**dict(zip(DAYS, map(day_text, hours), strict=True)), **kwargs.get("initial", {})}
        super().__init__(*args, workspace=workspace, **kwargs)
        sort_choices(self)
        offer_active(self.fields["production_agent"], self.instance.production_agent_id)
        offer_active(self.fields["test_agent"], self.instance.test_agent_id)
        offer_active(self.fields["caller_number"], self.instance.caller_number_id)
        self._say_what_empty_means()
        self._say_what_stands()

    def _say_what_empty_means(self) -> None:
        agent = self.instance.production_agent
        number = phones.display(agent.caller_number.e164) if agent and agent.caller_number else None
        for name, own in (("template", agent and agent.template), ("caller_number", number)):
            whose = f" ({agent.name}: {own or 'none yet'})" if agent else ""
            cast(Any, self.fields[name]).empty_label = f"The agent's own{whose}"
        cast(Any, self.fields["production_agent"]).empty_label = "None yet"
        cast(Any, self.fields["test_agent"]).empty_label = "The voice agent above"

    def _say_what_stands(self) -> None:
        others = Campaign.objects.filter(workspace=self.workspace.pk, is_default=True).exclude(pk=self.instance.pk)
        now = others.values_list("name", flat=True).first()
        taken = f" {now} has the mark now and gives it up." if now else ""
        self.fields["is_default"].help_text = f"Leads that come without a campaign join this one.{taken}"

    def _get_validation_exclusions(self) -> set[str]:
        """Only one campaign has the mark, and saving takes it over: no mistake of whoever ticks the box."""
        return super()._get_validation_exclusions() | {"is_default"}  # type: ignore[misc, no-any-return]

    def add_error(self, field: str | None, error: Any) -> None:
        """Hours and agents may contradict the dialer's steps, which stand on a page of their own."""
        if field is None and hasattr(error, "error_dict"):
            place_errors(self, error)
        else:
            super().add_error(field, error)

    @property
    def for_integrations(self) -> list[forms.BoundField]:
        """What only programs read."""
        return [self[name] for name in ("client_id", "client_abbrev", "offer_id", "offer_abbrev")]

    @property
    def has_integration_errors(self) -> bool:
        return any(field.errors for field in self.for_integrations)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day] for day in DAYS]

    def wanted(self) -> dict[str, Any]:
        """All of a new campaign, the seven days as one value."""
        return _with_days("hours", self.cleaned_data)

    def changes(self) -> dict[str, Any]:
        return _with_days("days", changed_values(self))


def _with_days(name: str, values: dict[str, Any]) -> dict[str, Any]:
    others = {field: value for field, value in values.items() if field not in DAYS}
    days = {day: values[day] for day in DAYS if day in values}
    return others | {name: days}


class CampaignListForm(forms.Form):
    """What the address of the list asks for; what it does not understand it ignores."""

    q = forms.CharField(
        label="Search campaigns",
        max_length=120,
        required=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Name, code, client or offer", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(
        label="Status",
        choices=[("", "All but archived"), *Campaign.Status.choices],
        required=False,
        widget=forms.Select({"data-submit-on-change": ""}),
    )

    def asked(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def narrow(self, campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
        asked = self.asked()
        if text := asked.get("q"):
            campaigns = campaigns.filter(campaigns_matching(text))
        if status := asked.get("status"):
            return campaigns.filter(status=status)
        return campaigns.exclude(status=Campaign.Status.ARCHIVED)
