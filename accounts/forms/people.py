from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation

from accounts.forms.entrance import NameField
from accounts.models import Role, User

ROLE_WORDS = {
    Role.VIEWER: "Reads everything, changes nothing.",
    Role.MEMBER: "Works leads, makes calls, adds to the Do-Not-Call list.",
    Role.ADMIN: "Also sets up campaigns, agents, providers and the workspace.",
    Role.OWNER: "Also manages people and API keys.",
}


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "off"}))
    role = forms.ChoiceField(
        choices=[(role, role.label) for role in ROLE_WORDS], initial=Role.MEMBER, widget=forms.RadioSelect
    )

    @property
    def roles(self) -> list[tuple[Any, str]]:
        """Each choice with what it means."""
        return [(choice, ROLE_WORDS[Role(choice.data["value"])]) for choice in self["role"]]


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
    # The role that was shown: somebody else may have changed it meanwhile.
    was = forms.ChoiceField(choices=Role.choices)


class JoinForm(forms.Form):
    """Somebody invited who has no account yet; the e-mail is the invited one."""

    name = NameField(label="Your name", max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            try:
                password_validation.validate_password(password, self._person(data))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data

    def _person(self, data: dict[str, Any]) -> User:
        return User(email=self.email, first_name=data.get("name", ""))
