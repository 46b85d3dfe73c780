from __future__ import annotations

import zoneinfo
from importlib import resources
from typing import Any, ClassVar

from allauth.account import forms as account_forms
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from django import forms
from django.contrib.auth import password_validation
from django.core.cache import cache

from accounts.models import User
from accounts.people import one_line

# As long as the code before, this one and the next are taken.
CODE_USED_SECONDS = 90


class NameField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class OurWords:
    """allauth's forms with this product's labels; hints stand below the fields, not in them."""

    words: ClassVar[dict[str, str]] = {}
    hints: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.label = self.words.get(name, field.label)
            field.help_text = self.hints.get(name, "")


NEW_PASSWORD = {"password1": "New password", "password2": "New password again"}
NEW_PASSWORD_HINT = {"password1": "At least 10 characters, and none of the common ones."}


class LoginForm(OurWords, account_forms.LoginForm):  # type: ignore[misc]
    words = {"login": "E-mail", "password": "Password"}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPasswordForm(OurWords, account_forms.ResetPasswordForm):  # type: ignore[misc]
    words = {"email": "E-mail"}  # noqa: RUF012


class NewPasswordForm(OurWords, account_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    words = NEW_PASSWORD
    hints = NEW_PASSWORD_HINT


class CodeOnce(OurWords):
    words = {"code": "Code"}  # noqa: RUF012
    hints = {"code": "Six digits from your authenticator app, or one of your recovery codes."}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"class": "code-input", "inputmode": "numeric", "autofocus": True}  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """allauth remembers a used code for 30 seconds; with the tolerance it would be valid for longer."""
        code: str = super().clean_code()  # type: ignore[misc]
        digits = "".join(filter(str.isalnum, code))
        if not cache.add(f"two-factor-used:{self.user.pk}:{digits}", 1, CODE_USED_SECONDS):  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(CodeOnce, mfa_forms.AuthenticateForm):  # type: ignore[misc]
    pass


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

    name = NameField(label="Your name", max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text=NEW_PASSWORD_HINT["password1"],
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    workspace_name = NameField(
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
