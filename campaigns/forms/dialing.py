from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from accounts.forms.entrance import timezone_choices
from accounts.models import Workspace
from campaigns.dialing import StepValues, steps_text
from campaigns.forms.rules import HolidaysField, SpanField, say_limits
from campaigns.forms.steps import WRONG_ROWS, Callers, StepRows, StepsField, outcome_choices
from campaigns.models import SHORTEST_RING, Campaign
from campaigns.presets import Preset
from common.forms import TextWithNewlines, WorkspaceForm
from leads.models import LeadStatus
from webhooks.access import endpoints_of
from webhooks.models import WebhookEndpoint

# Do-Not-Call is no choice: such a lead is never called.
STATUSES = [(status.value, status.label) for status in LeadStatus if status != LeadStatus.DNC]
NO_LIMIT = forms.NumberInput({"placeholder": "no limit"})
FIRST_ACTIONS = {
    Campaign.FirstAction.NONE: "Nothing: it is stored and waits.",
    Campaign.FirstAction.VOICE_AI: "Voice AI call: the agent calls it at once, or as soon as it may be called.",
    Campaign.FirstAction.HUMAN_REVIEW: "Human review: it is called only after a person has approved it.",
    Campaign.FirstAction.WEBHOOK: "Webhook: your own system is told and decides.",
}


class EndpointChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        state = "" if obj.state == WebhookEndpoint.State.ACTIVE else f" ({obj.get_state_display().lower()})"
        return f"{obj}{state}"


class DialerForm(WorkspaceForm):
    """When leads are called, how often, how fast, and what then. The weekly hours stand in the campaign's own form."""

    hours_zone = forms.ChoiceField(label="Time zone of the hours", required=False)
    holidays = HolidaysField(
        label="Holidays",
        required=False,
        help_text="One in a line, its name behind: 2026-12-25 Christmas; 12-25 Christmas or 25 Dec Christmas for every "
        "year; 2026-12-24 - 2027-01-02 Closed for every day from one to the other. Nobody is called on these days.",
    )
    excluded_statuses = forms.MultipleChoiceField(
        label="Lead statuses that are left out",
        choices=STATUSES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    min_gap_minutes = SpanField(label="Minimum gap", help_text="Between two calls to a lead: 30 min, 4 h, 2 days.")
    retry_outcomes = forms.MultipleChoiceField(
        label="Outcomes after which the dialer tries again",
        choices=outcome_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    steps = StepsField(label="Steps", required=False)
    voicemail_message = TextWithNewlines(
        label="Message",
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Variables work as in prompts: {{first_name}}.",
    )
    first_action = forms.ChoiceField(
        label="When a lead comes in for the first time",
        choices=list(FIRST_ACTIONS.items()),
        widget=forms.RadioSelect,
    )
    first_action_endpoint = EndpointChoice(
        WebhookEndpoint.objects.none(), label="Endpoint", required=False, empty_label="Choose one"
    )

    class Meta:
        model = Campaign
        fields = (
            *("hours_zone", "holidays", "excluded_statuses"),
            *("max_attempts", "max_attempts_per_day", "min_gap_minutes", "retry_outcomes"),
            *("dialer_concurrency", "calls_per_minute", "daily_cap", "ring_timeout_seconds", "new_first"),
            *("voicemail_action", "voicemail_message"),
            *("first_action", "review_priority", "review_reason", "first_action_endpoint"),
        )
        labels = {
            "max_attempts": "Attempts in all",
            "max_attempts_per_day": "Attempts in 24 hours",
            "dialer_concurrency": "Calls at a time",
            "calls_per_minute": "Calls a minute",
            "daily_cap": "Calls a day",
            "ring_timeout_seconds": "Let it ring, in seconds",
            "new_first": "Call new leads before retries",
            "voicemail_action": "When a voicemail answers",
            "review_priority": "Priority",
            "review_reason": "Why it is reviewed",
        }
        help_texts = {
            "max_attempts": "To each lead, all calls of this campaign together.",
            "max_attempts_per_day": "To each lead. Empty: only the gap limits them.",
            "dialer_concurrency": "Of the dialer. Empty: as many as the provider account has lines.",
            "calls_per_minute": "How many it begins. Empty: as fast as the provider account may.",
            "daily_cap": "From midnight to midnight of the workspace's time zone.",
            "review_reason": "Shown to whoever reviews, e.g. “Check the address first”.",
        }
        widgets = {
            "max_attempts_per_day": NO_LIMIT,
            "dialer_concurrency": NO_LIMIT,
            "calls_per_minute": NO_LIMIT,
            "daily_cap": NO_LIMIT,
            "ring_timeout_seconds": forms.NumberInput({"min": SHORTEST_RING, "placeholder": "as usual"}),
        }

    def __init__(
        self, data: QueryDict | None, *, workspace: Workspace, instance: Campaign, steps: Sequence[StepValues]
    ) -> None:
        super().__init__(data, workspace=workspace, instance=instance, initial={"steps": steps_text(steps)})
        self.rows = StepRows(data, steps, Callers(instance, steps))
        self._join_rows(steps)
        say_limits(self)
        longest = settings.RING_TIMEOUT_SECONDS
        self.fields["ring_timeout_seconds"].help_text = f"{SHORTEST_RING} to {longest}. Empty: {longest}."
        zone = instance.hours_zone
        zones = timezone_choices()
        # One that the list leaves out, such as EST5EDT, may have come by API.
        own = [(zone, zone)] if zone and zone not in dict(zones) else []
        self._choose("hours_zone", [("", "Where the lead is"), *own, *zones])
        endpoint = self.fields["first_action_endpoint"]
        assert isinstance(endpoint, forms.ModelChoiceField)
        offered = endpoints_of(workspace).filter(campaign_code__in=("", instance.code)).exclude(url="")
        endpoint.queryset = offered.order_by("description", "id")

    def _join_rows(self, stored: Sequence[StepValues]) -> None:
        field = self.fields["steps"]
        assert isinstance(field, StepsField)
        field.rows, field.stored = self.rows, list(stored)

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def fill(self, preset: Preset) -> None:
        """Shown, not saved; what the form compares itself with stays what is stored."""
        columns = preset.columns_for(self.instance.production_agent, first_action=self.instance.first_action)
        self.initial.update(columns)
        for name, value in columns.items():
            setattr(self.instance, name, value)
        self.rows.show(preset.steps)

    def add_error(self, field: str | None, error: Any) -> None:
        """What the service says is said at the fields and rows that this form has, the rest above them."""
        if field is None and hasattr(error, "error_dict"):
            for name, faults in error.error_dict.items():
                self._add_one(name, faults)
            return
        super().add_error(field, error)

    def _add_one(self, name: str, faults: Any) -> None:
        first, _, rest = name.partition(".")
        place, _, part = rest.partition(".")
        if first == "steps" and place.isdecimal() and int(place) < len(self.rows.rows):
            row = self.rows.rows[int(place)]
            row.add_error(part if part in row.fields else None, faults)
            faults = [] if "steps" in self.errors else [WRONG_ROWS]
        if faults:
            super().add_error(first if first in self.fields else None, faults)

    def _shown(self, name: str) -> str:
        value = self.stored[name]
        field = self.fields[name]
        if isinstance(field, forms.MultipleChoiceField):
            labels = dict(field.choices)  # type: ignore[arg-type]
            return ", ".join(str(labels.get(word, word)) for word in value or []) or "none"
        if isinstance(field, SpanField | HolidaysField):
            return str(field.prepare_value(value)) or "none"
        return super()._shown(name)

    @property
    def excluded_labels(self) -> str:
        chosen = set(self["excluded_statuses"].value() or [])
        return ", ".join(label for status, label in STATUSES if status in chosen) or "none"
