from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.access import actor_of
from accounts.actors import Actor
from accounts.services import record
from common.admin import Admin, Inline, ReadOnlyAdmin, ReadOnlyInline, SameWorkspaceForm, adopt
from leads.models import (
    BulkChange,
    BulkItem,
    Channel,
    DoNotCall,
    Lead,
    LeadPhone,
    Note,
    StatusChange,
    Submission,
    Tag,
    validate_custom_fields,
)
from leads.services import (
    add_note,
    add_tag,
    add_to_do_not_call,
    assign_owner,
    create_lead,
    delete_note,
    move_campaign,
    normalize_address,
    remove_from_do_not_call,
    remove_tag,
    set_further_numbers,
    set_status,
    update_lead,
)

# What has a service of its own, and what only that may change.
OWN_SERVICE = ("status", "owner", "campaign", "tags")


def normalize(form: SameWorkspaceForm, data: dict[str, Any], name: str, country: str, **how: str) -> None:
    """Any writing in, E.164 out; what cannot be a number is told at the field."""
    if data.get(name):
        try:
            data[name] = normalize_address(data[name], country=country, **{"channel": Channel.PHONE, **how})
        except ValidationError as error:
            form.add_error(name, error)


class LeadForm(SameWorkspaceForm):
    # Without the model's check for E.164, which would come before the number is brought into that form.
    phone = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(), help_text="In any writing.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        workspace = self.workspace(data)
        normalize(self, data, "phone", data.get("country") or (workspace.country if workspace else "US"))
        owner = data.get("owner")
        if owner and workspace and not workspace.memberships.filter(user=owner).exists():
            self.add_error("owner", f"This is not a member of the workspace {workspace}.")
        return data

    def clean_custom_fields(self) -> dict[str, Any]:
        value = self.cleaned_data["custom_fields"] or {}
        validate_custom_fields(value)
        if "\\u0000" in json.dumps(value):
            raise ValidationError("A value holds a NUL character: remove it.")
        return dict(value)


class PhoneForm(forms.ModelForm):  # type: ignore[type-arg]
    e164 = forms.CharField(label="Number", widget=UnfoldAdminTextInputWidget(), help_text="In any writing.")

    def clean_e164(self) -> str:
        lead = self.cleaned_data.get("lead") or (self.instance.lead if self.instance.lead_id else None)
        country = (lead.country or lead.workspace.country) if lead and lead.workspace_id else "US"
        return normalize_address(self.cleaned_data["e164"], channel=Channel.PHONE, country=country)


class DoNotCallForm(SameWorkspaceForm):
    address = forms.CharField(widget=UnfoldAdminTextInputWidget(), help_text="A number in any writing, or an e-mail.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        workspace = self.workspace(data)
        country = workspace.country if workspace else "US"
        normalize(self, data, "address", country, channel=data.get("channel", Channel.PHONE))
        return data

    def validate_unique(self) -> None:
        """An address that is listed already stays listed: the service says so by giving back its entry."""

    def validate_constraints(self) -> None:
        pass


class DeletesOneByOne(Admin):
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset.select_related("workspace"):
            self.delete_model(request, row)


@transaction.atomic
def delete_recorded(row: Lead | Tag, *, object_id: str, by: Actor, **data: str) -> None:
    kind = str(row._meta.model_name)
    record(
        workspace=row.workspace, by=by, verb=f"{kind}.deleted", object_type=kind, object_id=object_id, data=data or None
    )
    row.delete()


class PhoneInline(Inline):
    model = LeadPhone
    form = PhoneForm


class StatusChangeInline(ReadOnlyInline):
    model = StatusChange
    fields = ("at", "before", "after", "reason", "user", "api_key")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatusChange]:
        rows: QuerySet[StatusChange] = super().get_queryset(request).select_related("user", "api_key")
        return rows


@admin.register(Lead)
class LeadAdmin(DeletesOneByOne):
    form = LeadForm
    inlines = (PhoneInline, StatusChangeInline)
    list_display = ("__str__", "phone", "status", "campaign", "workspace", "is_test", "created_at")
    list_filter = ("status", "is_test")
    list_select_related = ("campaign", "workspace")
    search_fields = ("first_name", "last_name", "email", "phone", "public_id")
    autocomplete_fields = ("workspace", "campaign", "owner", "tags")
    # What integrators send is shown, not typed: it has shapes that the API sees to.
    readonly_fields = (
        *("public_id", "created_at", "updated_at", "approval_status", "client_lead_id"),
        *("questionnaire", "attribution", "compliance", "flags", "reposted_to"),
    )

    def save_model(self, request: HttpRequest, obj: Lead, form: Any, change: bool) -> None:
        if not change:
            fields = {name: value for name, value in form.cleaned_data.items() if name != "tags"}
            adopt(obj, create_lead(by=actor_of(request), **fields))
            return
        by, data = actor_of(request), form.cleaned_data
        update_lead(lead=obj, by=by, **{name: data[name] for name in form.changed_data if name not in OWN_SERVICE})
        assign_owner(lead=obj, owner=data["owner"], by=by)
        move_campaign(lead=obj, campaign=data["campaign"], by=by)
        set_status(lead=obj, status=data["status"], by=by, reason="Set in the admin")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        lead, by = form.instance, actor_of(request)
        wanted = {tag.name for tag in form.cleaned_data["tags"]}
        for name in set(lead.tags.values_list("name", flat=True)) - wanted:
            remove_tag(lead=lead, name=name, by=by)
        for name in sorted(wanted):
            add_tag(lead=lead, name=name, by=by)
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The formset says for the admin's log what changed; the service makes it so."""
        formset.save(commit=False)
        if formset.model is LeadPhone:
            kept = [row.cleaned_data for row in formset.forms if row.cleaned_data and row not in formset.deleted_forms]
            numbers = {data["e164"]: data["label"] for data in kept}
            set_further_numbers(lead=form.instance, numbers=numbers, by=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Lead) -> None:
        # Without the name: it may be deleted because the person asked for that.
        delete_recorded(obj, object_id=obj.public_id, by=actor_of(request))


@admin.register(Tag)
class TagAdmin(DeletesOneByOne):
    list_display = ("name", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name",)
    autocomplete_fields = ("workspace",)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        delete_recorded(obj, object_id=str(obj.pk), by=actor_of(request), name=obj.name)


@admin.register(LeadPhone)
class LeadPhoneAdmin(ReadOnlyAdmin):
    """To find whose a number is; it is changed with its lead."""

    list_display = ("e164", "label", "lead")
    list_select_related = ("lead",)
    search_fields = ("e164", "label")


@admin.register(Note)
class NoteAdmin(Admin):
    list_display = ("__str__", "lead", "author", "created_at")
    list_select_related = ("lead", "author")
    search_fields = ("text",)
    autocomplete_fields = ("lead",)
    fields = ("lead", "text")

    def has_change_permission(self, request: HttpRequest, obj: Note | None = None) -> bool:
        return obj is None

    def save_model(self, request: HttpRequest, obj: Note, form: Any, change: bool) -> None:
        adopt(obj, add_note(by=actor_of(request), **form.cleaned_data))

    def delete_model(self, request: HttpRequest, obj: Note) -> None:
        delete_note(note=obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Note]) -> None:
        for note in queryset.select_related("lead__workspace", "author"):
            self.delete_model(request, note)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "lead", "number", "type", "status", "is_test", "created_at")
    list_filter = ("status", "type")
    list_select_related = ("lead",)
    search_fields = ("public_id", "lead__public_id")
    readonly_fields = ("public_id",)


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "lead", "before", "after", "reason", "user", "api_key")
    list_filter = ("after",)
    list_select_related = ("lead", "user", "api_key")
    search_fields = ("lead__public_id", "interaction_public_id")


@admin.register(BulkChange)
class BulkChangeAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "kind", "label", "reason", "state", "user", "workspace", "created_at")
    list_filter = ("kind", "state")
    list_select_related = ("user", "workspace")
    search_fields = ("public_id", "label")


@admin.register(BulkItem)
class BulkItemAdmin(ReadOnlyAdmin):
    list_display = ("change", "lead", "state")
    list_filter = ("state",)
    list_select_related = ("change", "lead")
    search_fields = ("change__public_id", "lead__public_id")


@admin.register(DoNotCall)
class DoNotCallAdmin(Admin):
    form = DoNotCallForm
    list_display = ("address", "channel", "reason", "source", "user", "workspace", "created_at")
    list_filter = ("channel",)
    list_select_related = ("user", "workspace")
    search_fields = ("address", "reason")
    autocomplete_fields = ("workspace",)
    fields = ("workspace", "channel", "address", "reason")

    def has_change_permission(self, request: HttpRequest, obj: DoNotCall | None = None) -> bool:
        return obj is None

    def save_model(self, request: HttpRequest, obj: DoNotCall, form: Any, change: bool) -> None:
        adopt(obj, add_to_do_not_call(by=actor_of(request), source="admin", **form.cleaned_data))

    def delete_model(self, request: HttpRequest, obj: DoNotCall) -> None:
        remove_from_do_not_call(entry=obj, by=actor_of(request), reason="Removed in the admin")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DoNotCall]) -> None:
        for entry in queryset.select_related("workspace"):
            self.delete_model(request, entry)
