"""Adding and editing a lead: any writing of a number in, mistakes at the field, custom fields as rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict

from accounts.forms.entrance import country_choices, timezone_choices
from accounts.models import Membership, User, Workspace
from campaigns.models import Campaign, PromptVariable
from common import phones
from common.forms import TextWithNewlines, WorkspaceForm
from leads.models import Lead, LeadPhone, TimezoneSource
from leads.services import TAG_LENGTH

CUSTOM_NAME, CUSTOM_VALUE = "custom_name", "custom_value"
NAME_LENGTH, VALUE_LENGTH = 63, 2000
EMPTY_ROWS = 2
MAX_NUMBERS = 20
LABEL_LENGTH = LeadPhone._meta.get_field("label").max_length or 0
# The number, as far as its digits and marks go; what follows is its label.
NUMBER_LINE = re.compile(r"^(?P<number>[+(]?\d[\d\s()./-]*)(?P<label>.*)$")
PLAIN = (
    *("first_name", "last_name", "email", "phone", "street", "unit", "city", "state", "zip", "country"),
    *("source", "is_test", "custom_fields"),
)


@dataclass(frozen=True)
class CustomRow:
    """One custom field as the form shows it; a new one has no name yet, or one that may still be changed."""

    number: int
    name: str
    text: str
    is_new: bool


class CustomFieldsInput(forms.Widget):
    """Its rows are written by the template; the data are two lists that go side by side."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]] | None:
        if not isinstance(data, QueryDict):
            return None
        texts = [text.replace("\r\n", "\n") for text in data.getlist(CUSTOM_VALUE)]
        return list(zip([name.strip() for name in data.getlist(CUSTOM_NAME)], texts, strict=False))


class CustomFieldsField(forms.Field):
    widget = CustomFieldsInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        shown = {name: text_of(value) for name, value in (initial or {}).items()}
        return {name: text for name, text in data or [] if text or name in shown} != shown


def text_of(value: Any) -> str:
    """A value as it is typed: text as it is, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class LeadForm(WorkspaceForm):
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=60,
        widget=forms.TextInput({"type": "tel", "autocomplete": "off", "dir": "ltr"}),
    )
    further_numbers = TextWithNewlines(
        label="Further numbers",
        required=False,
        max_length=2000,
        help_text="One a line, each followed by what it is: +1 415 555 0132 mobile",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
    )
    country = forms.ChoiceField(label="Country", required=False)
    timezone = forms.ChoiceField(label="Time zone", required=False)
    tag_names = forms.CharField(
        label="Tags",
        required=False,
        max_length=1000,
        help_text="With commas between.",
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )
    custom_fields = CustomFieldsField(label="Custom fields", required=False)

    class Meta:
        model = Lead
        fields = (*PLAIN, "timezone", "campaign", "owner")
        labels = {"state": "State or region"}  # noqa: RUF012
        help_texts = {"is_test": "Called by the campaign's test agent, outside all figures."}  # noqa: RUF012

    def __init__(self, *args: Any, workspace: Workspace, instance: Lead | None = None, **kwargs: Any) -> None:
        self.numbers = _numbers(instance) if instance else {}
        initial = _initial(workspace, instance, self.numbers) | kwargs.pop("initial", {})
        super().__init__(*args, workspace=workspace, instance=instance, initial=initial, **kwargs)
        self.house = workspace
        self._offer_choices()
        for name in ("first_name", "last_name", "street", "unit", "city", "source"):
            self.fields[name].widget.attrs["dir"] = "auto"

    def _offer_choices(self) -> None:
        lead = self.instance
        own = _country_name(self.house.country)
        _choose(self.fields["country"], f"Not given (numbers are read as {own})", country_choices(), lead.country)
        zones = timezone_choices()
        _choose(self.fields["timezone"], _work_it_out(lead), zones, self.initial["timezone"])
        campaigns: Any = self.fields["campaign"]
        campaigns.queryset = campaigns.queryset.filter(
            ~Q(status=Campaign.Status.ARCHIVED) | Q(pk=lead.campaign_id)
        ).order_by("name")
        owners: Any = self.fields["owner"]
        owners.queryset = owners_for(self.house, lead)
        owners.empty_label = "Nobody"

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        country = data.get("country") or self.house.country
        if data.get("phone"):
            self._normalize(data, country)
        if not self.errors and not any(data.get(name) for name in ("first_name", "last_name", "email", "phone")):
            self.add_error("first_name", "Write at least a name, an e-mail or a number.")
        if "further_numbers" in data:
            self._read_numbers(data, country)
        return data

    def _normalize(self, data: dict[str, Any], country: str) -> None:
        try:
            data["phone"] = phones.normalize_phone(data["phone"], country=country)
        except ValidationError as error:
            self.add_error("phone", error)

    def _read_numbers(self, data: dict[str, Any], country: str) -> None:
        try:
            data["further_numbers"] = read_numbers(data["further_numbers"], country=country, main=data.get("phone"))
        except ValidationError as error:
            self.add_error("further_numbers", error)

    def clean_tag_names(self) -> list[str]:
        return split_tags(self.cleaned_data["tag_names"])

    def clean_custom_fields(self) -> dict[str, Any]:
        """A value that nobody touched stays what it was, number or list; an emptied one is taken away."""
        stored = dict(self.initial.get("custom_fields") or {})
        rows = self.cleaned_data["custom_fields"]
        if rows is None:
            return stored
        found: dict[str, Any] = {}
        for name, text in rows:
            is_kept = name in stored and text == text_of(stored[name])
            if not (text.strip() or is_kept):
                continue
            if not is_kept:
                _check_custom(name, text)
            if name in found:
                raise ValidationError(f"“{name}” stands there twice: take one away.")
            found[name] = stored[name] if is_kept else _read_value(text, stored.get(name))
        return found

    def custom_rows(self) -> list[CustomRow]:
        """The lead's fields, those that other leads of the workspace have, and empty ones for new names."""
        stored = dict(self.initial.get("custom_fields") or {})
        offered = [name for name in _known_names(self.house) if name not in stored]
        fixed = [*stored, *offered]
        texts = {name: text_of(stored.get(name)) for name in fixed}
        new: list[tuple[str, str]] = [("", "")] * EMPTY_ROWS
        if self.is_bound and (sent := self["custom_fields"].data):
            texts |= {name: text for name, text in sent if name in texts}
            new = [*((name, text) for name, text in sent if name not in texts and (name or text)), *new]
        rows = [(name, texts[name], False) for name in fixed] + [(name, text, True) for name, text in new]
        return [CustomRow(number, *row) for number, row in enumerate(rows, 1)]

    def _shown(self, name: str) -> str:
        if name == "custom_fields" and (stored := self.stored[name]):
            return ", ".join(f"{name} {text_of(value)}" for name, value in stored.items())
        return super()._shown(name) if self.stored[name] else "empty"

    def changed_fields(self, stored: Lead) -> dict[str, Any]:
        """Of those only what the person touched: somebody may have changed the rest meanwhile."""
        fields = self.lead_fields()
        changed = {name: fields[name] for name in fields if name in self.changed_data or name not in PLAIN}
        if "custom_fields" in changed:
            shown = self.initial["custom_fields"]
            changed["custom_fields"] = _merge(stored.custom_fields, shown, changed["custom_fields"])
        return changed

    def merged_numbers(self, stored: Lead) -> dict[str, str]:
        return _merge(_numbers(stored), self.numbers, self.cleaned_data["further_numbers"])

    def lead_fields(self) -> dict[str, Any]:
        """What the lead itself keeps. A zone that was guessed stays a guess until somebody chooses."""
        fields = {name: self.cleaned_data[name] for name in PLAIN}
        if "timezone" in self.changed_data:
            zone = self.cleaned_data["timezone"]
            fields |= {"timezone": zone, "timezone_source": TimezoneSource.USER_INPUT if zone else ""}
        return fields


def _merge(stored: Mapping[str, Any], shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody made of what they were shown, done to what is there now."""
    kept = {name: value for name, value in stored.items() if name in wanted or name not in shown}
    touched = {name: value for name, value in wanted.items() if name not in shown or shown[name] != value}
    return kept | touched


def owners_for(workspace: Workspace, lead: Lead) -> Any:
    """The members, and the lead's owner even when no longer one."""
    members = Membership.objects.filter(workspace=workspace).values("user")
    return User.objects.filter(Q(pk__in=members) | Q(pk=lead.owner_id)).order_by("first_name", "email")


def split_tags(text: str) -> list[str]:
    names = {name.casefold(): name for name in (" ".join(part.split()) for part in text.split(",")) if name}
    for name in names.values():
        if len(name) > TAG_LENGTH:
            raise ValidationError(f"A tag has at most {TAG_LENGTH} characters: shorten “{name[:TAG_LENGTH]}…”.")
    return list(names.values())


def read_numbers(text: str, *, country: str, main: str | None) -> dict[str, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_NUMBERS:
        raise ValidationError(f"A lead has at most {MAX_NUMBERS} further numbers.")
    numbers = dict(_read_line(line, country) for line in lines)
    numbers.pop(main or "", None)
    return numbers


def _read_line(line: str, country: str) -> tuple[str, str]:
    found = NUMBER_LINE.match(line)
    number = phones.normalize_phone(found["number"].strip() if found else line, country=country)
    label = found["label"].strip(" ,;:") if found else ""
    if len(label) > LABEL_LENGTH:
        raise ValidationError(f"“{label[:LABEL_LENGTH]}…” is too long: a label has at most {LABEL_LENGTH} characters.")
    return number, label


def _numbers(lead: Lead) -> dict[str, str]:
    return dict(lead.phones.order_by("id").values_list("e164", "label"))


def _initial(workspace: Workspace, lead: Lead | None, further: Mapping[str, str]) -> dict[str, Any]:
    if lead is None:
        default = Campaign.objects.filter(workspace=workspace, is_default=True).first()
        return {"campaign": default, "timezone": ""}
    is_given = lead.timezone_source in ("", TimezoneSource.USER_INPUT)
    numbers = [f"{phones.display(number)} {label}".strip() for number, label in further.items()]
    names = sorted(tag.name for tag in lead.tags.all())
    return {
        "phone": phones.display(lead.phone) if lead.phone else "",
        "further_numbers": "\n".join(numbers),
        "timezone": lead.timezone if is_given else "",
        "tag_names": ", ".join(name for name in names if "," not in name),
    }


def _choose(field: forms.Field, empty: str, choices: list[tuple[str, str]], current: str) -> None:
    known = {value for value, _ in choices}
    own = [(current, current)] if current and current not in known else []
    cast(Any, field).choices = [("", empty), *own, *choices]


def _country_name(code: str) -> str:
    return dict(country_choices()).get(code, code)


def _work_it_out(lead: Lead) -> str:
    if lead.timezone and lead.timezone_source not in ("", TimezoneSource.USER_INPUT):
        return f"Work it out (a guess so far: {lead.timezone})"
    return "Work it out from number and address"


def _known_names(workspace: Workspace) -> list[str]:
    rows = PromptVariable.objects.filter(workspace=workspace, kind=PromptVariable.Kind.CUSTOM_FIELD)
    return list(rows.order_by("name").values_list("name", flat=True)[:50])


def _check_custom(name: str, text: str) -> None:
    if not name:
        raise ValidationError(f"Write the name of the field whose value is “{text[:40]}”.")
    if len(name) > NAME_LENGTH:
        raise ValidationError(f"“{name[:40]}…” is too long: a name has at most {NAME_LENGTH} characters.")
    if len(text) > VALUE_LENGTH:
        raise ValidationError(f"“{name}” has {len(text):,} characters: write at most {VALUE_LENGTH:,}.")
    if "\0" in name + text:
        raise ValidationError(f"“{name.replace(chr(0), '')}” holds a NUL character: remove it.")


def _read_value(text: str, before: Any) -> Any:
    """What was a number stays one when another number is typed."""
    if before is None or isinstance(before, str):
        return text.strip()
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
