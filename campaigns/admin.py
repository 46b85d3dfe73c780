from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.access import actor_of
from calls.launch import launch_campaign
from campaigns.accounts import check_host, check_secret, create_account, update_account
from campaigns.models import (
    CallerNumber,
    Campaign,
    PromptTemplate,
    PromptVariable,
    PromptVersion,
    ProviderAccount,
    VoiceAgent,
)
from campaigns.queries import templates_using
from campaigns.services import (
    check_caller_number,
    check_number_stays,
    check_prompt,
    create_agent,
    create_campaign,
    create_number,
    save_template,
    set_campaign_status,
    update_agent,
    update_campaign,
    update_number,
)
from campaigns.variables import create_variable, delete_variable, update_variable
from common.admin import Admin, ReadOnlyAdmin, ReadOnlyInline, SameWorkspaceForm, adopt
from common.errors import ProblemError
from common.fields import SecretUnreadable
from common.phones import normalize_phone


def tell(form: forms.ModelForm[Any], check: Callable[..., None], *facts: Any) -> None:
    """What the service would refuse is told at the field."""
    try:
        check(*facts)
    except ValidationError as error:
        form.add_error(None, error)


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


class KeptAdmin(Admin):
    """Calls and campaigns name these: agents and numbers are deactivated, templates get new versions."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CallerNumberForm(SameWorkspaceForm):
    e164 = forms.CharField(label="Number", max_length=40, widget=UnfoldAdminTextInputWidget())

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
    list_display = ("e164", "label", "account", "workspace", "kind", "is_active")
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


class PromptTemplateForm(SameWorkspaceForm):
    body = forms.CharField(label="Prompt", widget=UnfoldAdminTextareaWidget({"rows": 16}))
    first_message = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}))

    class Meta:
        model = PromptTemplate
        fields = ("workspace", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if current := self.instance.current:
            self.initial.update(body=current.body, first_message=current.first_message)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        workspace = self.instance.workspace if self.instance.pk else data.get("workspace")
        if workspace:
            check_prompt(workspace=workspace, body=data.get("body", ""), first_message=data.get("first_message", ""))
        return data


class VersionInline(ReadOnlyInline):
    model = PromptVersion
    fields = ("number", "first_message", "created_by", "created_at")
    ordering = ("-number",)


@admin.register(PromptTemplate)
class PromptTemplateAdmin(KeptAdmin):
    """A changed text becomes a new version: calls keep the one they used."""

    form = PromptTemplateForm
    inlines = (VersionInline,)
    list_display = ("name", "workspace", "current", "created_at")
    list_select_related = ("workspace", "current__template")
    search_fields = ("name", "public_id")
    autocomplete_fields = ("workspace",)
    fields = ("workspace", "name", "body", "first_message")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptTemplate]:
        rows: QuerySet[PromptTemplate] = super().get_queryset(request).select_related("current", "workspace")
        return rows

    def save_model(self, request: HttpRequest, obj: PromptTemplate, form: Any, change: bool) -> None:
        texts = {name: form.cleaned_data[name].replace("\r\n", "\n") for name in ("body", "first_message")}
        template = obj if change else None
        saved = save_template(workspace=obj.workspace, name=obj.name, by=actor_of(request), template=template, **texts)
        adopt(obj, saved)


@admin.register(PromptVersion)
class PromptVersionAdmin(ReadOnlyAdmin):
    list_display = ("template", "number", "created_by", "created_at")
    list_select_related = ("template", "created_by")
    search_fields = ("template__name", "body")


@admin.register(PromptVariable)
class PromptVariableAdmin(Admin):
    list_display = ("name", "kind", "default", "example", "workspace")
    list_filter = ("kind",)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)
    readonly_fields = ("kind",)

    def get_readonly_fields(self, request: HttpRequest, obj: PromptVariable | None = None) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "name") if obj else fixed

    def has_delete_permission(self, request: HttpRequest, obj: PromptVariable | None = None) -> bool:
        """One by one, and only what no template says: its calls would have a hole where the name stood."""
        return obj is not None and obj.kind == PromptVariable.Kind.DECLARED and not templates_using(obj)

    def save_model(self, request: HttpRequest, obj: PromptVariable, form: Any, change: bool) -> None:
        by, default, example = actor_of(request), obj.default, obj.example
        if change:
            update_variable(variable=obj, default=default, example=example, by=by)
        else:
            saved = create_variable(workspace=obj.workspace, name=obj.name, default=default, example=example, by=by)
            adopt(obj, saved)

    def delete_model(self, request: HttpRequest, obj: PromptVariable) -> None:
        delete_variable(variable=obj, by=actor_of(request))


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


class CampaignForm(SameWorkspaceForm):
    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            tell(self, check_caller_number, self.instance.caller_number, self.instance.production_agent)


@admin.register(Campaign)
class CampaignAdmin(Admin):
    """Its status is changed by the actions, which ask what the campaign's own page asks."""

    form = CampaignForm
    actions = ("launch", "pause", "archive")
    list_display = ("code", "name", "client_name", "status", "is_default", "production_agent", "workspace")
    list_filter = ("status", "is_default")
    list_select_related = ("production_agent", "workspace")
    search_fields = ("code", "name", "client_name", "offer_name")
    autocomplete_fields = ("workspace", "production_agent", "test_agent", "template", "caller_number")
    readonly_fields = ("code", "status", "created_at")

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = (
            update_campaign(campaign=obj, by=actor_of(request), **data)
            if change
            else create_campaign(by=actor_of(request), **data)
        )
        adopt(obj, saved)

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
