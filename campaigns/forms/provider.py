from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from campaigns.accounts import KEY_NEEDED, SANDBOX, SECRETS, check_secret
from campaigns.models import PROVIDER_HOSTS, Provider, ProviderAccount
from common.forms import WorkspaceForm

HOST_LABELS = {
    "api.elevenlabs.io": "api.elevenlabs.io (worldwide)",
    "api.us.elevenlabs.io": "api.us.elevenlabs.io (United States)",
    "api.eu.residency.elevenlabs.io": "api.eu.residency.elevenlabs.io (data residency: European Union)",
    "api.in.residency.elevenlabs.io": "api.in.residency.elevenlabs.io (data residency: India)",
    "api.sg.residency.elevenlabs.io": "api.sg.residency.elevenlabs.io (data residency: Singapore)",
    SANDBOX: "Built-in sandbox (no phone rings)",
}


def _secret(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=500,
        widget=forms.PasswordInput({"autocomplete": "new-password", "spellcheck": "false"}),
    )


class ProviderAccountForm(WorkspaceForm):
    """Secrets are no fields of the model here: what is stored is neither shown nor compared."""

    host = forms.ChoiceField()
    api_key = _secret("API key")
    webhook_secret = _secret("Webhook secret")

    class Meta:
        model = ProviderAccount
        fields = ("name", "host", "calls_per_second", "concurrency")
        labels = {"concurrency": "Calls at the same time"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(PROVIDER_HOSTS[self.instance.provider or Provider.ELEVENLABS])
        offered = [host for host in known if host != SANDBOX or settings.SANDBOX_URL or self.instance.host == SANDBOX]
        host = self.fields["host"]
        assert isinstance(host, forms.ChoiceField)
        host.choices = [(name, HOST_LABELS.get(name, name)) for name in offered]
        host.help_text = "Keys, agents and numbers exist on one host only: choose the one you log in to."
        self.fields["name"].help_text = "As your colleagues know it, e.g. “Sales line”."
        self.fields["calls_per_second"].help_text = "New calls are started no faster than this."
        self.fields["concurrency"].help_text = "Lines of your plan. What does not fit waits."
        self.fields["api_key"].help_text = self._hint_of_key()
        self.fields["webhook_secret"].help_text = self._hint_of_secret()

    def _hint_of_key(self) -> str:
        if self.instance.pk:
            return "Leave empty to keep the stored one."
        hint = "ElevenLabs, Developers, API keys. It is stored encrypted and never shown again."
        return f"{hint} With the sandbox, leave it empty: one is made." if settings.SANDBOX_URL else hint

    def _hint_of_secret(self) -> str:
        if self.instance.pk and getattr(self.instance, "has_webhook_secret", False):
            return "Leave empty to keep the stored one."
        return "The provider shows it once, when you create the webhook. You can add it later."

    def add_prefix(self, field_name: str) -> str:
        """A form that is kept because the session had ended is kept without what is called a password."""
        name = super().add_prefix(field_name)
        return f"password_{name}" if field_name in SECRETS else name

    def clean_api_key(self) -> str:
        return self._checked("api_key")

    def clean_webhook_secret(self) -> str:
        return self._checked("webhook_secret")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.instance.pk and data.get("api_key") == "" and data.get("host") != SANDBOX:
            self.add_error("api_key", KEY_NEEDED)
        return data

    def _checked(self, name: str) -> str:
        secret: str = self.cleaned_data[name]
        check_secret(secret)
        return secret
