from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
)

from accounts.access import actor_of
from calls.dialer.control import set_dialer
from calls.launch import launch_campaign
from campaigns.admin.base import tell
from campaigns.dialing import MOST_STEPS, StepValues, check_campaign, standing_problems, steps_of
from campaigns.forms.dialing import STATUSES
from campaigns.forms.rules import HolidaysField, say_limits
from campaigns.forms.steps import outcome_choices
from campaigns.models import Campaign, SequenceStep
from campaigns.services import check_caller_number, create_campaign, set_campaign_status, update_campaign
from common.admin import Admin, Inline, ReadOnlyAdmin, SameWorkspaceForm, adopt
from common.errors import ProblemError


def _words(label: str, choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )


class CampaignForm(SameWorkspaceForm):
    holidays = HolidaysField(
        required=False,
        widget=UnfoldAdminTextareaWidget(),
        help_text="One in a line: 2026-12-25 Christmas, 12-25 Christmas for every year, or a range: "
        "2026-12-24 - 2027-01-02 Company closed.",
    )
    retry_outcomes = _words("Outcomes that are tried again", outcome_choices)
    excluded_statuses = _words("Lead statuses that are left out", STATUSES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_limits(self)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            tell(self, check_caller_number, self.instance.caller_number, self.instance.production_agent)
        if not self.errors:
            tell(self, check_rules, self.instance)


def check_rules(campaign: Campaign) -> None:
    """Without its steps, which are judged with their rows."""
    if problems := check_campaign(campaign):
        raise ValidationError(problems)


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    outcomes = _words("Outcomes", outcome_choices)
    position = forms.IntegerField(required=False, min_value=0, max_value=999, widget=UnfoldAdminIntegerFieldWidget())

    def validate_unique(self) -> None:
        """Two that change places have each other's for a moment: the service counts them anew."""

    def validate_constraints(self) -> None:
        pass


class StepFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def validate_unique(self) -> None:
        pass

    def clean(self) -> None:
        if any(self.errors):
            return
        rows = self.kept()
        wanted = [_values(row) for row in rows]
        for name, sentences in standing_problems(self.instance, steps_of(self.instance), wanted).items():
            place, _, field = name.removeprefix("steps").removeprefix(".").partition(".")
            if not place:
                raise ValidationError(sentences)
            rows[int(place)].add_error(field, sentences)

    def kept(self) -> list[Any]:
        """In the order of their positions; who has none comes last."""
        rows = [row for row in self.forms if row.cleaned_data and row not in self.deleted_forms]
        return sorted(rows, key=lambda row: (row.cleaned_data["position"] is None, row.cleaned_data["position"] or 0))

    def wanted(self) -> list[StepValues]:
        return [_values(row) for row in self.kept()]


def _values(row: Any) -> StepValues:
    data = row.cleaned_data
    return StepValues(
        after_attempt=data["after_attempt"],
        outcomes=tuple(data["outcomes"]),
        wait_minutes=data["wait_minutes"],
        part_of_day=data["part_of_day"],
        agent=data["agent"],
        caller_number=data["caller_number"],
    )


class StepInline(Inline):
    model = SequenceStep
    form = StepForm
    formset = StepFormSet
    max_num = MOST_STEPS
    ordering = ("position",)
    autocomplete_fields = ("agent", "caller_number")
    fields = (
        *("position", "after_attempt", "outcomes", "wait_minutes", "part_of_day"),
        *("agent", "caller_number"),
    )
    verbose_name_plural = "Steps of the sequence: the first that fits decides"


@admin.register(Campaign)
class CampaignAdmin(Admin):
    """Its status and its dialer are changed by the actions, which ask what the campaign's own page asks."""

    form = CampaignForm
    inlines = (StepInline,)
    actions = ("launch", "pause", "archive", "start_dialer", "pause_dialer", "stop_dialer")
    list_display = ("code", "name", "client_name", "status", "dialer", "is_default", "production_agent", "workspace")
    list_filter = ("status", "dialer", "is_default")
    list_select_related = ("production_agent", "workspace")
    search_fields = ("code", "name", "client_name", "offer_name")
    autocomplete_fields = (
        *("workspace", "production_agent", "test_agent", "template", "caller_number"),
        "first_action_endpoint",
    )
    readonly_fields = ("code", "status", "dialer", "created_at")

    def get_inlines(self, request: HttpRequest, obj: Campaign | None) -> tuple[Any, ...]:
        """Once it is made it gets its steps."""
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """A change is saved with its steps, as one."""
        if not change:
            adopt(obj, create_campaign(by=actor_of(request), **form.cleaned_data))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if not change:
            return
        (formset,) = formsets
        # For the admin's log of what changed.
        formset.save(commit=False)
        campaign = form.instance
        steps = formset.wanted()
        adopt(campaign, update_campaign(campaign=campaign, by=actor_of(request), steps=steps, **form.cleaned_data))

    @admin.action(description="Launch", permissions=["change"])
    def launch(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        for campaign in queryset:
            self._try(request, campaign, lambda row: launch_campaign(campaign=row, by=actor_of(request)))

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._set_status(request, queryset, Campaign.Status.INACTIVE)

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._set_status(request, queryset, Campaign.Status.ARCHIVED)

    @admin.action(description="Start the auto-dialer", permissions=["change"])
    def start_dialer(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._set_dialer(request, queryset, "start")

    @admin.action(description="Pause the auto-dialer", permissions=["change"])
    def pause_dialer(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._set_dialer(request, queryset, "pause")

    @admin.action(description="Stop the auto-dialer and empty its list", permissions=["change"])
    def stop_dialer(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self._set_dialer(request, queryset, "stop")

    def _set_dialer(self, request: HttpRequest, queryset: QuerySet[Campaign], act: str) -> None:
        for campaign in queryset:
            self._try(request, campaign, lambda row: set_dialer(campaign=row, act=act, by=actor_of(request)))

    def _set_status(self, request: HttpRequest, queryset: QuerySet[Campaign], status: str) -> None:
        for campaign in queryset:
            self._try(
                request, campaign, lambda row: set_campaign_status(campaign=row, status=status, by=actor_of(request))
            )

    def _try(self, request: HttpRequest, campaign: Campaign, act: Callable[[Campaign], bool]) -> None:
        try:
            act(campaign)
        except ProblemError as problem:
            self.message_user(request, f"{campaign}: {problem.message}", level=messages.ERROR)


@admin.register(SequenceStep)
class SequenceStepAdmin(ReadOnlyAdmin):
    """To find which campaigns use an agent or a number; a step is changed with its campaign."""

    list_display = ("campaign", "position", "after_attempt", "wait_minutes", "part_of_day", "agent", "caller_number")
    list_select_related = ("campaign", "agent", "caller_number")
    search_fields = ("campaign__code", "campaign__name", "agent__name")
