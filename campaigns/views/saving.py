"""What the pages that create and edit have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from common.errors import ProblemError
from common.forms import WorkspaceForm, field_errors, wants_check
from common.once import redirect_once


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
