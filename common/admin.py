"""What the admin pages of all apps share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from common.models import Lease, ProcessHeartbeat, SentForm


class SameWorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The admin sees every workspace at once: what is put together must be of one."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        workspace = self.workspace(data)
        for name, value in list(data.items()):
            owner = getattr(value, "workspace_id", None) if isinstance(value, models.Model) else None
            if workspace and owner not in (None, workspace.pk):
                self.add_error(name, ValidationError(f"This is not of the workspace {workspace}."))
        return data

    def workspace(self, data: dict[str, Any]) -> Any:
        fixed = self.instance.workspace_id if hasattr(self.instance, "workspace_id") else None
        return data.get("workspace") or (self.instance.workspace if fixed else None)

    def _get_validation_exclusions(self) -> set[str]:
        """Names are unique in a workspace, and the workspace is fixed: Django leaves the rule out with the field."""
        return super()._get_validation_exclusions() - {"workspace"}  # type: ignore[misc, no-any-return]


class Admin(ModelAdmin):  # type: ignore[misc]
    form: type[forms.ModelForm[Any]] = SameWorkspaceForm
    list_per_page = 50
    # Counting every row of a table with millions of them would be the slowest thing on the page.
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What belongs to a workspace stays there: its parts would be left behind."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "workspace") if obj is not None and hasattr(obj, "workspace_id") else fixed


class ReadOnly:
    """For what the product itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, Admin):
    pass


class Inline(TabularInline):  # type: ignore[misc]
    extra = 0


class ReadOnlyInline(ReadOnly, Inline):
    per_page = 20
    show_change_link = False


def adopt(obj: models.Model, saved: models.Model) -> None:
    """A service made the row; the admin goes on with the object it has."""
    obj.__dict__.update({name: value for name, value in saved.__dict__.items() if name != "_state"})
    obj._state.adding = False
    obj._state.db = saved._state.db


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "holder", "expires_at")


@admin.register(SentForm)
class SentFormAdmin(ReadOnlyAdmin):
    list_display = ("url", "sent_at")
    search_fields = ("url",)


@admin.register(ProcessHeartbeat)
class ProcessHeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("kind", "host", "pid", "seen_at")
    list_filter = ("kind",)
