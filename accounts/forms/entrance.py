from __future__ import annotations

import zoneinfo
from importlib import resources
from typing import Any

from django import forms
from django.contrib.auth import password_validation

from accounts.models import User


def country_choices() -> list[tuple[str, str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return sorted(((code, name) for code, name in rows), key=lambda row: row[1])


def timezone_choices() -> list[tuple[str, str]]:
    places = (
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )
    return [(name, name.replace("_", " ")) for name in ["UTC", *sorted(places)]]


class FirstRunForm(forms.Form):
    """The owner of an empty installation and their workspace."""

    name = forms.CharField(label="Your name", max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    workspace_name = forms.CharField(
        label="Name of your company or team", max_length=120, widget=forms.TextInput({"autocomplete": "organization"})
    )
    country = forms.ChoiceField(
        label="Country", initial="US", help_text="Numbers written without a country code are read as this country's."
    )
    timezone = forms.ChoiceField(label="Time zone", initial="UTC", widget=forms.Select({"data-guess-zone": True}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]
        self.fields["timezone"].choices = timezone_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            user = User(email=data.get("email", ""), first_name=data.get("name", ""))
            try:
                password_validation.validate_password(password, user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
