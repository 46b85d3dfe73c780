"""What calls go through: provider accounts, caller numbers, voice agents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts.access import actor_of
from campaigns.accounts import check_host, check_secret, create_account, update_account
from campaigns.admin.base import KeptAdmin, tell
from campaigns.forms.rules import say_limits
from campaigns.models import CallerNumber, ProviderAccount, VoiceAgent
from campaigns.services import (
    check_caller_number,
    check_number_stays,
    create_agent,
    create_number,
    update_agent,
    update_number,
)
from common.admin import Admin, SameWorkspaceForm, adopt
from common.fields import SecretUnreadable
from common.phones import normalize_phone

SECRETS = ("api_key", "webhook_secret")


def forget_unreadable(account: ProviderAccount | None) -> None:
    """A secret that cannot be decrypted any more is asked for anew: the form is where it is replaced."""
    for name in SECRETS if account else ():
        try:
            getattr(account, name)
        except SecretUnreadable:
            setattr(account, name, "")


class ProviderAccountForm(SameWorkspaceForm):
    """Secrets go in and never come out: an empty field keeps what is stored."""

    api_key = forms.CharField(
        label="API key",
        required=False,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
        help_text="Never shown. Leave it empty to keep the stored one.",
    )
    webhook_secret = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
        help_text="Shown once by the provider when its webhook is made. Leave it empty to keep the stored one.",
    )

    class Meta:
        model = ProviderAccount
        fields = (
            *("workspace", "name", "provider", "host", "api_key", "webhook_secret"),
            *("calls_per_second", "concurrency", "is_active"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        forget_unreadable(kwargs.get("instance"))
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            self.initial.pop(name, None)
        self.stored = {name: getattr(self.instance, name) for name in SECRETS}

    def clean_api_key(self) -> str:
        key = self._checked("api_key")
        if not key:
            raise forms.ValidationError("A new account needs the provider's API key.")
        return key

    def clean_webhook_secret(self) -> str:
        return self._checked("webhook_secret")

    def _checked(self, name: str) -> str:
        secret: str = self.cleaned_data[name]
        check_secret(secret)
        return secret or str(self.stored[name])

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and "host" in self.changed_data:
            tell(self, check_host, self.instance)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(Admin):
    form = ProviderAccountForm
    list_display = ("name", "workspace", "provider", "host", "calls_per_second", "concurrency", "is_active")
    list_filter = ("provider", "is_active")
    list_select_related = ("workspace",)
    search_fields = ("name", "public_id", "workspace__name")
    autocomplete_fields = ("workspace",)
    readonly_fields = ("public_id", "webhook", "created_at")
    fields = (*ProviderAccountForm.Meta.fields, "webhook", "public_id", "created_at")

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        data, by = form.cleaned_data, actor_of(request)
        if not change:
            adopt(obj, create_account(by=by, **data))
            return
        changed = {name: value for name, value in data.items() if value != form.stored.get(name)}
        update_account(account=obj, by=by, **changed)

    @admin.display(description="Webhook address")
    def webhook(self, account: ProviderAccount) -> SafeString | str:
        if not account.pk:
            return "Shown when the account is saved."
        note = "Give it to the provider. Only events signed with the webhook secret are believed."
        return format_html("<code>{}</code><br>{}", account.webhook_url, note)


class CallerNumberForm(SameWorkspaceForm):
    e164 = forms.CharField(label="Number", max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_limits(self)

    def clean_e164(self) -> str:
        workspace = self.workspace(self.cleaned_data)
        return normalize_phone(self.cleaned_data["e164"], country=workspace.country if workspace else "US")

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.instance.pk and not self.errors:
            tell(self, check_number_stays, self.instance)


@admin.register(CallerNumber)
class CallerNumberAdmin(KeptAdmin):
    form = CallerNumberForm
    list_display = ("e164", "label", "account", "workspace", "kind", "daily_cap", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("account", "workspace")
    search_fields = ("e164", "label", "public_id")
    autocomplete_fields = ("workspace", "account")
    readonly_fields = ("public_id", "created_at")

    def save_model(self, request: HttpRequest, obj: CallerNumber, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = (
            update_number(number=obj, by=actor_of(request), **data)
            if change
            else create_number(by=actor_of(request), **data)
        )
        adopt(obj, saved)


class VoiceAgentForm(SameWorkspaceForm):
    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            tell(self, check_caller_number, self.instance.caller_number, self.instance)


@admin.register(VoiceAgent)
class VoiceAgentAdmin(KeptAdmin):
    form = VoiceAgentForm
    list_display = ("name", "account", "template", "caller_number", "workspace", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("account", "template", "caller_number", "workspace")
    search_fields = ("name", "public_id", "provider_agent_id")
    autocomplete_fields = ("workspace", "account", "template", "caller_number")
    readonly_fields = ("public_id", "created_at")

    def save_model(self, request: HttpRequest, obj: VoiceAgent, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = (
            update_agent(agent=obj, by=actor_of(request), **data)
            if change
            else create_agent(by=actor_of(request), **data)
        )
        adopt(obj, saved)
