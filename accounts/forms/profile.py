from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms

from accounts.forms.entrance import NEW_PASSWORD, NEW_PASSWORD_HINT, CodeOnce, NameField, OurWords


class NameForm(forms.Form):
    name = NameField(
        label="Your name",
        max_length=150,
        error_messages={"required": "Type a name: colleagues see it beside what you do."},
        help_text="Colleagues see it beside what you do.",
        widget=forms.TextInput({"autocomplete": "name", "dir": "auto"}),
    )


class ChangePasswordForm(OurWords, account_forms.ChangePasswordForm):  # type: ignore[misc]
    words = {"oldpassword": "Your password now", **NEW_PASSWORD}  # noqa: RUF012
    hints = NEW_PASSWORD_HINT


class SetPasswordForm(OurWords, account_forms.SetPasswordForm):  # type: ignore[misc]
    words = NEW_PASSWORD
    hints = NEW_PASSWORD_HINT


class ReauthenticateForm(OurWords, account_forms.ReauthenticateForm):  # type: ignore[misc]
    words = {"password": "Your password"}  # noqa: RUF012


class ReauthenticateByCodeForm(CodeOnce, mfa_forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateTwoFactorForm(OurWords, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    words = {"code": "Code that the app shows"}  # noqa: RUF012
    hints = {"code": "Six digits. They change every 30 seconds."}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"class": "code-input", "inputmode": "numeric"}

    @property
    def secret_in_fours(self) -> str:
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))
