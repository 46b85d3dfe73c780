"""What forms share: choices from their own workspace, mistakes said while typing, stale edits told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from common.errors import ProblemError
from common.once import redirect_once


class TextWithNewlines(forms.CharField):
    """A browser counts a line break as one character and sends two."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


def wants_check(request: HttpRequest) -> bool:
    """One field was left and its mistakes are asked for; nothing is to be saved."""
    return bool(request.htmx) and "check" in request.GET  # type: ignore[attr-defined]


def field_errors(request: HttpRequest, form: forms.BaseForm) -> HttpResponse:
    """The answer to it: the mistakes of this field, nothing where there are none."""
    name = request.GET["check"]
    errors = form[name].errors if name in form.fields else []
    return render(request, "parts/_errors.html", {"errors": errors})


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Offers and accepts only what belongs to the workspace; tells when somebody has changed the row meanwhile.

    `seen` is a fingerprint of what the person was shown. When the row differs by now, the first sending says what
    changed and saves nothing; the second one, which has seen that, saves.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, workspace: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        if not self.instance.pk and hasattr(self.instance, "workspace_id"):
            cast(Any, self.instance).workspace = workspace
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and _has_workspace(field):
                field.queryset = cast(Any, field.queryset).filter(workspace=workspace)
        # As they stand in the database: the instance takes on what was typed when the form is validated.
        self.stored = {name: _plain(self.initial.get(name)) for name in self.fields if name != "seen"}
        self.fingerprint = _fingerprint(self.stored) if self.instance.pk else ""
        self.initial["seen"] = self.fingerprint

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen = data.pop("seen", "")
        if self.fingerprint and seen and seen != self.fingerprint:
            # What is shown next has been seen with this message.
            data_again: Any = cast(Any, self.data).copy()
            data_again[self.add_prefix("seen")] = self.fingerprint
            self.data = data_again
            self.add_error(None, self._stale())
        return data

    def _stale(self) -> str:
        theirs = [
            f"{self.fields[name].label or name.replace('_', ' ')}: {self._shown(name)}"
            for name in self.changed_data
            if name in self.stored
        ]
        now = f" Where you differ, it is now {'; '.join(theirs)}." if theirs else ""
        return f"Somebody has changed this since you opened it.{now} Save again to keep what you wrote."

    def _shown(self, name: str) -> str:
        value = self.stored[name]
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField) and value:
            found = cast(Any, field.queryset).filter(pk=value).first()
            return str(found or value)
        return str(value) if value not in (None, "") else "empty"


def _plain(value: Any) -> Any:
    """Many-to-many fields start as rows, in any order."""
    if isinstance(value, list) and value and isinstance(value[0], Model):
        return sorted(row.pk for row in value)
    return value


def _has_workspace(field: forms.ModelChoiceField[Any]) -> bool:
    return any(column.name == "workspace" for column in cast(Any, field.queryset).model._meta.fields)


def _fingerprint(values: dict[str, Any]) -> str:
    text = json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


class _Refused(Exception):
    pass


def sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def answer_form(
    request: HttpRequest, form: WorkspaceForm, template: str, *, save: Callable[[], str], **context: Any
) -> HttpResponse:
    """Saves what is right and goes where `save` says; shows the form, with its mistakes where there are some."""
    if wants_check(request):
        return field_errors(request, form)
    if form.is_bound:
        try:
            return redirect_once(request, lambda: _save_valid(form, save))
        except _Refused:
            pass
    return render(request, template, {"form": form, **context}, status=422 if form.is_bound else 200)


def _save_valid(form: WorkspaceForm, save: Callable[[], str]) -> str:
    """Judged after the token: in a form sent twice, the second would find the first one's name taken."""
    if not form.is_valid():
        raise _Refused
    try:
        return save()
    except ValidationError as error:
        form.add_error(None, error)
    except ProblemError as problem:
        form.add_error(None, problem.message)
    raise _Refused
