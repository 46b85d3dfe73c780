"""The sequence of a campaign as rows of a form: added, removed and moved by buttons that save nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict

from campaigns.dialing import MOST_STEPS, StepValues, outcome_text
from campaigns.forms.rules import SpanField
from campaigns.models import RETRYABLE, CallerNumber, Campaign, SequenceStep, VoiceAgent
from common import phones

FEWEST_CHOICES, MOST_CHOICES = 6, 50
WRONG_ROWS = "Correct the steps that are marked."
COUNT, NEW = "steps-count", "steps-new"


def outcome_choices() -> list[tuple[str, str]]:
    return [(outcome, outcome_text(outcome).capitalize()) for outcome in RETRYABLE]


class Callers:
    """Who may call in a step, and from where: read once for all rows."""

    def __init__(self, campaign: Campaign, stored: Sequence[StepValues]) -> None:
        here = {"workspace": campaign.workspace_id}
        agents = Q(is_active=True) | Q(pk__in=[step.agent.pk for step in stored if step.agent])
        numbers = Q(is_active=True) | Q(pk__in=[step.caller_number.pk for step in stored if step.caller_number])
        self.most_attempts = campaign.max_attempts or 0
        self.agents = {
            row.pk: row
            for row in VoiceAgent.objects.select_related("account", "caller_number__account")
            .filter(agents, **here)
            .order_by("name")
        }
        self.numbers = {
            row.pk: row
            for row in CallerNumber.objects.select_related("account").filter(numbers, **here).order_by("e164")
        }

    def attempt_choices(self) -> list[tuple[str, str]]:
        most = min(max(self.most_attempts, FEWEST_CHOICES), MOST_CHOICES)
        numbered = [(str(number), f"After attempt {number}") for number in range(1, most + 1)]
        return [("", "After any attempt"), ("0", "Before the first call"), *numbered]

    def number_choices(self) -> list[tuple[Any, str]]:
        numbers = [(pk, f"{phones.display(row.e164)} {row.label}".strip()) for pk, row in self.numbers.items()]
        return [("", "As usual"), *numbers]


class StepForm(forms.Form):
    after_attempt = forms.TypedChoiceField(label="When", coerce=int, empty_value=None, required=False)
    outcomes = forms.MultipleChoiceField(
        label="After which outcome",
        choices=outcome_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    wait_minutes = SpanField(label="Wait at least", required=False, widget=forms.TextInput({"placeholder": "the gap"}))
    part_of_day = forms.ChoiceField(
        label="Part of the day",
        choices=[("", "Any"), *SequenceStep.Part.choices],
        required=False,
    )
    agent = forms.TypedChoiceField(label="Agent", empty_value=None, required=False)
    caller_number = forms.TypedChoiceField(label="Caller number", empty_value=None, required=False)

    def __init__(self, *args: Any, callers: Callers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents = [("", "As usual"), *((pk, row.name) for pk, row in callers.agents.items())]
        self._offer("after_attempt", callers.attempt_choices(), int)
        self._offer("agent", agents, lambda pk: callers.agents[int(pk)])
        self._offer("caller_number", callers.number_choices(), lambda pk: callers.numbers[int(pk)])

    def _offer(self, name: str, choices: Any, coerce: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices, field.coerce = choices, coerce

    @property
    def narrows(self) -> bool:
        """Says more than when, how long and at which part of the day: what is folded away has to be seen."""
        return any(self[name].value() or self[name].errors for name in ("outcomes", "agent", "caller_number"))

    def values(self) -> StepValues:
        data = self.cleaned_data
        return StepValues(**{**data, "outcomes": tuple(data["outcomes"])})


STEP_FIELDS = tuple(StepForm.base_fields)


class StepRows:
    """The rows as they were sent, or as they stand in the database."""

    def __init__(self, data: QueryDict | None, stored: Sequence[StepValues], callers: Callers) -> None:
        self.callers = callers
        self.is_sent = data is not None and COUNT in data
        if data is not None and self.is_sent:
            self.rows = [StepForm(data, prefix=f"steps-{i}", callers=callers) for i in range(_count(data))]
            self._focus(data.get(NEW, ""))
        else:
            self.show(stored)

    def _focus(self, place: str) -> None:
        """A row that was just added is where one goes on."""
        if place.isdecimal() and len(place) < 5 and int(place) < len(self.rows):
            self.rows[int(place)].fields["after_attempt"].widget.attrs["autofocus"] = True

    def show(self, steps: Sequence[StepValues]) -> None:
        self.stored = list(steps)
        self.rows = [
            StepForm(prefix=f"steps-{i}", callers=self.callers, initial=_initial(step)) for i, step in enumerate(steps)
        ]

    @cached_property
    def is_valid(self) -> bool:
        """Rows that were not sent are no change."""
        return not self.is_sent or not any(row.errors for row in self.rows)

    def values(self) -> list[StepValues]:
        return [row.values() for row in self.rows] if self.is_sent else self.stored

    @property
    def may_grow(self) -> bool:
        return len(self.rows) < MOST_STEPS


def _initial(step: StepValues) -> dict[str, Any]:
    return {
        "after_attempt": step.after_attempt,
        "outcomes": list(step.outcomes),
        "wait_minutes": step.wait_minutes,
        "part_of_day": step.part_of_day,
        "agent": step.agent.pk if step.agent else None,
        "caller_number": step.caller_number.pk if step.caller_number else None,
    }


def _count(data: Mapping[str, Any]) -> int:
    """One more than may be: the service says that it is too many."""
    text = str(data.get(COUNT, ""))
    return min(int(text), MOST_STEPS + 1) if text.isdecimal() and len(text) < 5 else 0


class StepsField(forms.Field):
    """The rows as one field of the campaign's form: changed, stale and refused together."""

    widget = forms.HiddenInput
    rows: StepRows
    stored: Sequence[StepValues]

    def clean(self, value: Any) -> list[StepValues]:
        if not self.rows.is_valid:
            raise ValidationError(WRONG_ROWS)
        return self.rows.values()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.rows.is_valid or self.rows.values() != list(self.stored)


def rearranged(data: QueryDict, act: str) -> QueryDict:
    """What was typed, with one row more, one less, or two changed places: `add`, `remove-1`, `up-1`, `down-1`."""
    rows = [{name: data.getlist(f"steps-{i}-{name}") for name in STEP_FIELDS} for i in range(_count(data))]
    changed = data.copy()
    for key in [key for key in changed if key.startswith("steps-")]:
        del changed[key]
    if act == "add" and len(rows) < MOST_STEPS:
        changed[NEW] = str(_add(rows))
    else:
        rows = _moved(rows, act)
    for place, row in enumerate(rows):
        for name, values in row.items():
            changed.setlist(f"steps-{place}-{name}", values)
    changed[COUNT] = str(len(rows))
    return changed


def _moved(rows: list[dict[str, list[str]]], act: str) -> list[dict[str, list[str]]]:
    verb, _, text = act.partition("-")
    place = int(text) if text.isdecimal() and len(text) < 5 else len(rows)
    other = place - 1 if verb == "up" else place + 1
    if verb == "remove":
        return rows[:place] + rows[place + 1 :]
    if verb in ("up", "down") and 0 <= place < len(rows) and 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    return rows


def _add(rows: list[dict[str, list[str]]]) -> int:
    """Before steps that fit always: behind them it would never decide."""
    place = len(rows)
    while place and not any(rows[place - 1].get("after_attempt", [])) and not rows[place - 1].get("outcomes"):
        place -= 1
    rows.insert(place, {"after_attempt": [_next_attempt(rows)]})
    return place


def _next_attempt(rows: Sequence[Mapping[str, list[str]]]) -> str:
    taken = [int(text) for row in rows for text in row["after_attempt"] if text.isdecimal() and len(text) < 5]
    return str(max(taken, default=0) + 1)
