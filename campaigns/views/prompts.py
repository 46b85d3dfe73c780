from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from campaigns.access import template_of, version_of
from campaigns.forms.prompt import PromptForm
from campaigns.models import PromptTemplate, PromptVersion
from campaigns.queries import find_templates, variable_groups
from campaigns.services import save_template
from campaigns.versions import Change, TextChanged, change_of, diff_lines, difference, restore_version, save_edit
from campaigns.views.preview import Preview, preview_of
from campaigns.views.variables import variable_delete as variable_delete
from campaigns.views.variables import variable_edit as variable_edit
from campaigns.views.variables import variable_list as variable_list
from campaigns.views.variables import variable_new as variable_new
from common.forms import field_errors, wants_check
from common.notices import say
from common.once import redirect_once
from common.paging import page_of

VERSIONS_SHOWN = 10


@role_required(Role.VIEWER)
@require_safe
def prompt_list(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    page = page_of(
        find_templates(workspace_of(request), text=text),
        order=("name", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    asked = {"q": text} if text else {}
    context = {
        "templates": page.rows,
        "text": text,
        "previous_url": page.previous_url(asked),
        "next_url": page.next_url(asked),
    }
    is_partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    name = "campaigns/_prompt_results.html" if is_partial else "campaigns/prompt_list.html"
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = PromptForm(request.POST or None, workspace=workspace)
    if wants_check(request):
        return field_errors(request, form)

    def act() -> str:
        template = save_template(workspace=workspace, by=actor_of(request), **_typed(form))
        say(request, "Saved as version 1. Choose it now in a campaign or in an agent.")
        return _url_of(template)

    if request.method == "POST" and form.is_valid():
        try:
            return redirect_once(request, act)
        except ValidationError as error:
            form.add_error(None, error)
    return _editor(request, form)


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    if request.method == "POST":
        return _save(request, public_id)
    workspace = workspace_of(request)
    template = template_of(workspace, public_id)
    return _editor(request, PromptForm(workspace=workspace, instance=template), template)


@role_required(Role.ADMIN)
def _save(request: HttpRequest, public_id: str) -> HttpResponseBase:
    workspace = workspace_of(request)
    template = template_of(workspace, public_id)
    form = PromptForm(request.POST, workspace=workspace, instance=template)
    if wants_check(request):
        return field_errors(request, form)
    if form.is_valid():
        try:
            return redirect_once(request, lambda: _save_and_say(request, form, template))
        except TextChanged:
            # Somebody was faster by a moment: read again, the form tells it.
            return _save(request, public_id)
        except ValidationError as error:
            form.add_error(None, error)
    return _editor(request, form, template)


def _save_and_say(request: HttpRequest, form: PromptForm, template: PromptTemplate) -> str:
    former = _number_of(template)
    saved = save_edit(template=template, based_on=former, by=actor_of(request), **_typed(form))
    if _number_of(saved) != former:
        undo = _restore_url(saved, former) if former else ""
        say(request, f"Saved as version {_number_of(saved)}. Calls from now on use it.", undo=undo)
    elif saved.name != form.stored["name"]:
        say(request, "Renamed. The text is the same, so there is no new version.")
    else:
        say(request, "Nothing changed, so there is no new version.")
    return _url_of(saved)


@role_required(Role.VIEWER)
@require_POST
def prompt_preview(request: HttpRequest) -> HttpResponse:
    """The part by htmx while somebody types; the whole editor again for a browser without scripts."""
    workspace = workspace_of(request)
    public_id = request.GET.get("template", "")
    template = template_of(workspace, public_id) if public_id else None
    form = PromptForm(request.POST, workspace=workspace, instance=template)
    if not request.htmx:  # type: ignore[attr-defined]
        return _editor(request, form, template, status=200)
    context = {
        "form": form,
        "preview": _preview(request, form),
        "finds": request.htmx.trigger_name == "find",  # type: ignore[attr-defined]
    }
    return render(request, "campaigns/_prompt_previewed.html", context)


@role_required(Role.VIEWER)
@require_safe
def prompt_version(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    template = template_of(workspace_of(request), public_id)
    version = version_of(template, number)
    former = template.versions.filter(number__lt=number).order_by("-number").first()
    with_current = request.GET.get("with") == "current" and template.current_id != version.pk
    old, new = (version, template.current) if with_current else (former, version)
    assert new
    context = {
        "template": template,
        "version": version,
        "former": former,
        "later": template.versions.filter(number__gt=number).order_by("number").first(),
        "is_current": template.current_id == version.pk,
        "with_current": with_current,
        "difference": difference(old, new),
        "restore_url": _restore_url(template, number),
    }
    return render(request, "campaigns/prompt_version.html", context)


@role_required(Role.ADMIN)
@require_POST
def prompt_restore(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    template = template_of(workspace_of(request), public_id)
    version = version_of(template, number)
    try:
        return redirect_once(request, lambda: _restore_and_say(request, version))
    except TextChanged:
        messages.error(request, "Nothing was restored: somebody has saved another version meanwhile. Look at it first.")
    except ValidationError as error:
        reason = " ".join(error.messages)
        messages.error(request, f"Version {number} cannot come back as it was. {reason}")
    return redirect(_url_of(template))


def _restore_and_say(request: HttpRequest, version: PromptVersion) -> str:
    asked = request.GET.get("instead_of", "")
    former = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    saved = restore_version(version=version, instead_of=former, by=actor_of(request))
    if _number_of(saved) == former:
        say(request, f"Version {version.number} says the same as the current one: nothing changed.")
    else:
        text = f"The text of version {version.number} is back, as version {_number_of(saved)}."
        say(request, text, undo=_restore_url(saved, former))
    return _url_of(saved)


def _number_of(template: PromptTemplate) -> int:
    return template.current.number if template.current else 0


def _url_of(template: PromptTemplate) -> str:
    return reverse("prompt_edit", args=[template.public_id])


def _restore_url(template: PromptTemplate, number: int) -> str:
    """Brings a version back in place of the one that is current now, and of no later one."""
    return f"{reverse('prompt_restore', args=[template.public_id, number])}?instead_of={_number_of(template)}"


class Typed(TypedDict):
    name: str
    body: str
    first_message: str


def _typed(form: PromptForm) -> Typed:
    data = form.cleaned_data
    return {"name": data["name"], "body": data["body"], "first_message": data["first_message"]}


def _editor(
    request: HttpRequest, form: PromptForm, template: PromptTemplate | None = None, *, status: int = 0
) -> HttpResponse:
    workspace = workspace_of(request)
    context: dict[str, Any] = {
        "form": form,
        "template": template,
        "name": form.stored["name"] if template else "",
        "groups": variable_groups(workspace),
        "preview": _preview(request, form),
        **(_versions(request, template) if template else {}),
    }
    if template and template.current and form.is_stale:
        context["theirs"] = template.current
        context["conflict"] = diff_lines(template.current.body, _text(form, "body"))
        context["first_conflict"] = diff_lines(template.current.first_message, _text(form, "first_message"))
    wrong = 422 if form.is_bound and form.errors else 200
    return render(request, "campaigns/prompt_edit.html", context, status=status or wrong)


def _preview(request: HttpRequest, form: PromptForm) -> Preview:
    asked = (request.POST if request.method == "POST" else request.GET).dict()
    return preview_of(
        workspace_of(request),
        {name: str(value) for name, value in asked.items()},
        body=_text(form, "body"),
        first_message=_text(form, "first_message"),
    )


def _text(form: PromptForm, name: str) -> str:
    return str(form[name].value() or "").replace("\r\n", "\n")


@dataclass(frozen=True)
class VersionRow:
    version: PromptVersion
    change: Change
    is_current: bool


def _versions(request: HttpRequest, template: PromptTemplate) -> dict[str, Any]:
    page = page_of(
        template.versions.select_related("created_by"),
        order=("-number",),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=VERSIONS_SHOWN,
    )
    by_number = {version.number: version for version in page.rows}
    last = template.versions.filter(number=min(by_number) - 1).first() if by_number else None
    if last:
        by_number[last.number] = last
    rows = [
        VersionRow(version, change_of(by_number.get(version.number - 1), version), version.pk == template.current_id)
        for version in page.rows
    ]
    urls = {"previous_url": page.previous_url({}), "next_url": page.next_url({})}
    return {"versions": rows, **{name: f"{url}#versions" if url else "" for name, url in urls.items()}}
