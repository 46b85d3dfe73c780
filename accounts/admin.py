from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from accounts.actors import Actor
from accounts.models import ApiKey, AuditEvent, Invitation, Membership, OperatorSwitch, User, Workspace
from accounts.scopes import SCOPES
from accounts.services import create_api_key, revoke_api_key, set_calls_stopped, set_operator_stop
from common.admin import Admin, Inline, ReadOnlyAdmin, adopt

# Roles are memberships and addresses stand on the user: two more places to keep would only mislead.
for unused in (Group, EmailAddress, EmailConfirmation):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)


def actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return Actor(user=request.user)


class CreateUserForm(UserCreationForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = ("email",)


class ChangeUserForm(UserChangeForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 — the admin's fieldsets choose


class MembershipInline(Inline):
    model = Membership
    autocomplete_fields = ("user", "workspace")
    fields = ("workspace", "user", "role")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Admin):  # type: ignore[misc, type-arg]
    form = ChangeUserForm
    add_form = CreateUserForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Operator's rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)


@admin.register(Workspace)
class WorkspaceAdmin(Admin):
    inlines = (MembershipInline,)
    list_display = ("name", "public_id", "country", "timezone", "calls_stopped_at", "created_at")
    search_fields = ("name", "public_id")
    readonly_fields = ("public_id", "calls_stopped_at", "created_at")
    fields = ("public_id", "name", "country", "timezone", "calls_stopped_at", "created_at")
    actions = ("stop_calls", "resume_calls")

    @admin.action(description="Stop all calls")
    def stop_calls(self, request: HttpRequest, workspaces: QuerySet[Workspace]) -> None:
        for workspace in workspaces:
            set_calls_stopped(workspace=workspace, stopped=True, by=actor(request))
        self.message_user(request, "No call of these workspaces is placed until they are resumed.")

    @admin.action(description="Resume calls")
    def resume_calls(self, request: HttpRequest, workspaces: QuerySet[Workspace]) -> None:
        for workspace in workspaces:
            set_calls_stopped(workspace=workspace, stopped=False, by=actor(request))
        self.message_user(request, "Calls are allowed again.")


class OperatorSwitchForm(forms.ModelForm):  # type: ignore[type-arg]
    stopped = forms.BooleanField(
        label="Stop calls in every workspace",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="While this is on, nothing is dialled, whatever the workspaces' own switches say.",
    )

    class Meta:
        model = OperatorSwitch
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stopped"].initial = self.instance.calls_stopped_at is not None


@admin.register(OperatorSwitch)
class OperatorSwitchAdmin(Admin):
    form = OperatorSwitchForm
    list_display = ("__str__", "calls_stopped_at")
    fields = ("stopped", "calls_stopped_at")
    readonly_fields = ("calls_stopped_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OperatorSwitch]:
        OperatorSwitch.objects.get_or_create(id=1)
        rows: QuerySet[OperatorSwitch] = super().get_queryset(request)
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: OperatorSwitch, form: Any, change: bool) -> None:
        set_operator_stop(stopped=form.cleaned_data["stopped"])


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "role", "workspace", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email", "workspace__name")
    exclude = ("digest",)


@admin.register(Membership)
class MembershipAdmin(Admin):
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
    autocomplete_fields = ("user", "workspace")
    readonly_fields = ("created_at",)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = ApiKey
        fields = ("workspace", "name", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(Admin):
    """Made and revoked by the services; the key itself is shown once, when it is made."""

    form = ApiKeyForm
    list_display = (
        "name",
        "prefix",
        "workspace",
        "created_by",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = ("revoked_at",)
    list_select_related = ("workspace", "created_by")
    search_fields = ("name", "prefix", "workspace__name")
    autocomplete_fields = ("workspace",)
    fields = ("workspace", "name", "scopes", "expires_at")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        record = ("prefix", "created_by", "created_at", "last_used_at", "revoked_at")
        return (*self.fields, *record) if obj else self.fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in ("workspace", "name", "scopes", "expires_at")}
        row, key = create_api_key(by=actor(request), **wanted)
        adopt(obj, row)
        messages.warning(request, f"Copy the key now, it is shown this once: {key}")

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys.select_related("workspace"):
            revoke_api_key(key=key, by=actor(request))
        self.message_user(request, "The keys are refused from now on.")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "object_type", "object_id", "user", "api_key", "workspace")
    list_filter = ("verb", "object_type")
    list_select_related = ("user", "api_key", "workspace")
    search_fields = ("object_id", "verb", "user__email")
    date_hierarchy = "at"
