from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.entrance import country_choices
from accounts.models import Workspace
from leads.do_not_call import MAX_BYTES, ReadList, decode, read_address, read_list
from leads.models import Channel

TOO_BIG = f"One upload takes up to {MAX_BYTES // 1024 // 1024} MB: split the file and upload its parts."


class DncListForm(forms.Form):
    """What the address of the list asks for; what it does not understand it ignores."""

    q = forms.CharField(
        label="Search the list",
        max_length=254,
        required=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Number or e-mail", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(choices=[("", "Every channel"), *Channel.choices], required=False)

    def asked(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


def how_read(workspace: Workspace) -> str:
    name = dict(country_choices()).get(workspace.country, workspace.country)
    return f"Without a country code it is read as one of {name}."


def channel_field() -> forms.ChoiceField:
    return forms.ChoiceField(choices=Channel.choices, initial=Channel.PHONE)


def reason_field(**options: Any) -> forms.CharField:
    return forms.CharField(max_length=200, widget=forms.TextInput({"dir": "auto"}), **options)


class DncAddForm(forms.Form):
    channel = channel_field()
    address = forms.CharField(label="Number or e-mail", max_length=254)
    reason = reason_field(required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = workspace.country
        self.fields["address"].help_text = f"Any way to write a number. {how_read(workspace)}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "channel" in data and "address" in data:
            try:
                data["address"] = read_address(data["address"], channel=data["channel"], country=self.country)
            except ValidationError as error:
                self.add_error("address", error)
        return data


class DncLiftForm(forms.Form):
    reason = reason_field(
        label="Why may it be used again?", help_text="Kept in the audit trail, e.g. “wrote to us on 3 May and agreed”."
    )


class DncUploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or text file", required=False, widget=forms.FileInput({"accept": ".csv,.txt,.tsv,text/*"})
    )
    text = forms.CharField(
        label="Or paste them here",
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 6, "dir": "auto", "placeholder": "+1 415 555 0132\n(212) 555-0171"}),
    )
    channel = channel_field()
    reason = reason_field(required=False, help_text="For every row, e.g. “national register, May”.")

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = workspace.country
        self.fields["text"].help_text = f"Any way to write a number. {how_read(workspace)}"

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MAX_BYTES:
            raise ValidationError(TOO_BIG)
        return file

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if len(text.encode()) > MAX_BYTES:
            raise ValidationError(TOO_BIG)
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        name = "file" if data["file"] else "text"
        if data["file"] and data["text"]:
            self.add_error("text", "Choose a file or paste rows, not both.")
            return data
        try:
            data["found"] = self._read(decode(data["file"].read()) if data["file"] else data["text"])
        except ValidationError as error:
            self.add_error(name, error)
        return data

    def _read(self, text: str) -> ReadList:
        found = read_list(text, channel=self.cleaned_data["channel"], country=self.country)
        if not found.rows:
            raise ValidationError("There is no row in it: one number or e-mail per row.")
        return found
