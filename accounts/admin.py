from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from accounts.access import actor_of
from accounts.keys import create_api_key, revoke_api_key
from accounts.models import (
    ApiKey,
    ApiRequest,
    AuditEvent,
    Invitation,
    KeptAnswer,
    Membership,
    OperatorSwitch,
    Role,
    User,
    Workspace,
)
from accounts.people import add_member, change_role, delete_person, is_last_owner, remove_member, sole_ownerships
from accounts.scopes import SCOPE_WORDS
from accounts.security import reset_two_factor
from accounts.services import create_workspace, set_calls_stopped, set_operator_stop, update_workspace
from common.admin import Admin, Inline, ReadOnlyAdmin, SameWorkspaceForm, adopt

# Roles are memberships and addresses stand on the user: two more places to keep would only mislead.
# Authenticators and sessions are their owner's, and full of secrets.
for unused in (Group, EmailAddress, EmailConfirmation, Authenticator, UserSession):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)

# The admin's own login asks for no second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class CreateUserForm(UserCreationForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = ("email",)


class ChangeUserForm(UserChangeForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 — the admin's fieldsets choose

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if self.instance.is_active and not active and (owned := sole_ownerships([self.instance])):
            raise forms.ValidationError([only_owner(member) for member in owned])
        return active


def only_owner(member: Membership) -> str:
    return f"{member.user} is the only owner of {member.workspace}: make somebody else an owner there first."


class MembershipInline(Inline):
    """Adds only: roles are changed where the last owner is protected."""

    model = Membership
    autocomplete_fields = ("user", "workspace")
    fields = ("workspace", "user", "role")
    show_change_link = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AddsMembers(Admin):
    inlines = (MembershipInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            add_member(workspace=row.workspace, user=row.user, role=row.role, by=actor_of(request))


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AddsMembers):  # type: ignore[misc, type-arg]
    form = ChangeUserForm
    add_form = CreateUserForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("turn_off_two_factor",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Operator's rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As for memberships: whoever is needed is protected."""
        deleted, counts, perms, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, perms, [*protected, *map(only_owner, sole_ownerships(objs))]

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_person(user=obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)

    @admin.action(description="Turn off two-factor login")
    def turn_off_two_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        changed = [user.email for user in users if reset_two_factor(user=user, by=actor_of(request))]
        self.message_user(request, f"Their password is enough from now on: {', '.join(changed) or 'nobody used it'}.")


@admin.register(Workspace)
class WorkspaceAdmin(AddsMembers):
    list_display = ("name", "public_id", "country", "timezone", "calls_stopped_at", "created_at")
    search_fields = ("name", "public_id")
    readonly_fields = ("public_id", "calls_stopped_at", "created_at")
    fields = ("public_id", "name", "country", "timezone", "calls_stopped_at", "created_at")
    actions = ("stop_calls", "resume_calls")

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in ("name", "country", "timezone")}
        if change:
            update_workspace(workspace=obj, by=actor_of(request), **wanted)
        else:
            adopt(obj, create_workspace(by=actor_of(request), **wanted))

    @admin.action(description="Stop all calls")
    def stop_calls(self, request: HttpRequest, workspaces: QuerySet[Workspace]) -> None:
        for workspace in workspaces:
            set_calls_stopped(workspace=workspace, stopped=True, by=actor_of(request))
        self.message_user(request, "No call of these workspaces is placed until they are resumed.")

    @admin.action(description="Resume calls")
    def resume_calls(self, request: HttpRequest, workspaces: QuerySet[Workspace]) -> None:
        for workspace in workspaces:
            set_calls_stopped(workspace=workspace, stopped=False, by=actor_of(request))
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


class MembershipForm(SameWorkspaceForm):
    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        stored = Membership.objects.filter(pk=self.instance.pk).first()
        if stored and role != Role.OWNER and is_last_owner(stored):
            raise forms.ValidationError("This is the workspace's only owner: make somebody else an owner first.")
        return role


@admin.register(Membership)
class MembershipAdmin(Admin):
    form = MembershipForm
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
    autocomplete_fields = ("user", "workspace")
    readonly_fields = ("created_at",)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "user") if obj else fixed

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            change_role(member=obj, role=obj.role, by=actor_of(request))
        else:
            adopt(obj, add_member(workspace=obj.workspace, user=obj.user, role=obj.role, by=actor_of(request)))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The last owner is protected: the admin's own page says so and offers no button."""
        deleted, counts, perms, protected = super().get_deleted_objects(objs, request)
        last = [f"{row}, its only owner" for row in objs if is_last_owner(row, leaving=objs)]
        return deleted, counts, perms, [*protected, *last]

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(member=obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for row in queryset.select_related("user"):
            remove_member(member=row, by=actor_of(request))


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {words}") for scope, words in SCOPE_WORDS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = ApiKey
        fields = ("workspace", "name", "expires_at", "requests_per_minute")


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
    fields = ("workspace", "name", "scopes", "expires_at", "requests_per_minute")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        record = ("prefix", "created_by", "created_at", "last_used_at", "revoked_at")
        return (*self.fields, *record) if obj else self.fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in self.fields}
        row, key = create_api_key(by=actor_of(request), **wanted)
        adopt(obj, row)
        messages.warning(request, f"Copy the key now, it is shown this once: {key}")

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys.select_related("workspace"):
            revoke_api_key(key=key, by=actor_of(request))
        self.message_user(request, "The keys are refused from now on.")


@admin.register(ApiRequest)
class ApiRequestAdmin(ReadOnlyAdmin):
    list_display = ("at", "api_key", "method", "path", "status", "milliseconds", "ip")
    list_filter = ("status",)
    list_select_related = ("api_key",)
    search_fields = ("path", "request_id")


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """Without the answer, which may hold a secret."""

    list_display = ("key", "workspace", "status", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("key",)
    exclude = ("body",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "object_type", "object_id", "user", "api_key", "workspace")
    list_filter = ("verb", "object_type")
    list_select_related = ("user", "api_key", "workspace")
    search_fields = ("object_id", "verb", "user__email")
    date_hierarchy = "at"
