from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.access import actor_of
from campaigns.admin.base import KeptAdmin
from campaigns.models import PromptTemplate, PromptVariable, PromptVersion
from campaigns.queries import templates_using
from campaigns.services import check_prompt, save_template
from campaigns.variables import create_variable, delete_variable, update_variable
from common.admin import Admin, ReadOnlyAdmin, ReadOnlyInline, SameWorkspaceForm, adopt


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
