from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import actor
from common import clock
from common.admin import Admin, Inline, ReadOnlyAdmin, ReadOnlyInline, SameWorkspaceForm, adopt
from leads.models import DoNotCall, Lead, LeadPhone, Note, StatusChange, Tag
from leads.services import add_to_do_not_call, create_lead, remove_from_do_not_call, set_status


class PhoneInline(Inline):
    model = LeadPhone


class StatusChangeInline(ReadOnlyInline):
    model = StatusChange
    fields = ("at", "before", "after", "reason", "user", "api_key")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        rows: QuerySet[StatusChange] = super().get_queryset(request).select_related("user", "api_key")
        return rows


@admin.register(Lead)
class LeadAdmin(Admin):
    form = SameWorkspaceForm
    inlines = (PhoneInline, StatusChangeInline)
    list_display = ("__str__", "phone", "status", "campaign", "workspace", "is_test", "created_at")
    list_filter = ("status", "is_test")
    list_select_related = ("campaign", "workspace")
    search_fields = ("first_name", "last_name", "email", "phone", "public_id")
    autocomplete_fields = ("workspace", "campaign", "owner", "tags")
    readonly_fields = ("public_id", "created_at", "updated_at")

    def save_model(self, request: HttpRequest, obj: Lead, form: Any, change: bool) -> None:
        if not change:
            fields = {name: value for name, value in form.cleaned_data.items() if name != "tags"}
            adopt(obj, create_lead(by=actor(request), **fields))
            return
        wanted, obj.updated_at = obj.status, clock.now()
        # The status goes by its service, which writes the history.
        obj.save(update_fields=[name for name in form.changed_data if name not in ("status", "tags")] + ["updated_at"])
        set_status(lead=obj, status=wanted, by=actor(request), reason="Set in the admin")


@admin.register(Tag)
class TagAdmin(Admin):
    list_display = ("name", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)


@admin.register(LeadPhone)
class LeadPhoneAdmin(Admin):
    list_display = ("e164", "label", "lead")
    list_select_related = ("lead",)
    search_fields = ("e164", "label")
    autocomplete_fields = ("lead",)


@admin.register(Note)
class NoteAdmin(Admin):
    list_display = ("__str__", "lead", "author", "created_at")
    list_select_related = ("lead", "author")
    search_fields = ("text",)
    autocomplete_fields = ("lead", "author")
    readonly_fields = ("created_at",)


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "lead", "before", "after", "reason", "user", "api_key")
    list_filter = ("after",)
    list_select_related = ("lead", "user", "api_key")
    search_fields = ("lead__public_id", "interaction_public_id")


@admin.register(DoNotCall)
class DoNotCallAdmin(Admin):
    list_display = ("address", "channel", "reason", "source", "user", "workspace", "created_at")
    list_filter = ("channel",)
    list_select_related = ("user", "workspace")
    search_fields = ("address", "reason")
    autocomplete_fields = ("workspace",)
    fields = ("workspace", "channel", "address", "reason")

    def has_change_permission(self, request: HttpRequest, obj: DoNotCall | None = None) -> bool:
        return obj is None

    def save_model(self, request: HttpRequest, obj: DoNotCall, form: Any, change: bool) -> None:
        adopt(obj, add_to_do_not_call(by=actor(request), source="admin", **form.cleaned_data))

    def delete_model(self, request: HttpRequest, obj: DoNotCall) -> None:
        remove_from_do_not_call(entry=obj, by=actor(request), reason="Removed in the admin")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DoNotCall]) -> None:
        for entry in queryset.select_related("workspace"):
            self.delete_model(request, entry)
