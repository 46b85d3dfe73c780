from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from campaigns.forms.prompt import VariableForm
from campaigns.models import PromptVariable
from campaigns.prompts import LEAD_VARIABLES, SYSTEM_VARIABLES
from campaigns.queries import VariableGroup, templates_using
from campaigns.variables import create_variable, delete_variable, update_variable
from common.forms import answer_form, sent
from common.notices import say
from common.once import redirect_once
from common.paging import page_of

BUILT_IN_GROUPS = (VariableGroup("The lead", LEAD_VARIABLES), VariableGroup("This call", SYSTEM_VARIABLES))


@role_required(Role.VIEWER)
@require_safe
def variable_list(request: HttpRequest) -> HttpResponse:
    page = page_of(
        PromptVariable.objects.filter(workspace=workspace_of(request)),
        order=("name", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "variables": page.rows,
        "groups": BUILT_IN_GROUPS,
        "previous_url": page.previous_url({}),
        "next_url": page.next_url({}),
    }
    return render(request, "campaigns/variable_list.html", context)


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def variable_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = VariableForm(sent(request), workspace=workspace)

    def save() -> str:
        variable = create_variable(workspace=workspace, by=actor_of(request), **form.cleaned_data)
        say(request, f"Declared. Prompts may say {{{{{variable.name}}}}} from now on.")
        return reverse("variable_list")

    return answer_form(request, form, "campaigns/variable_edit.html", save=save)


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def variable_edit(request: HttpRequest, pk: int) -> HttpResponse:
    variable = _variable_of(request, pk)
    form = VariableForm(sent(request), workspace=workspace_of(request), instance=variable)
    return answer_form(
        request,
        form,
        "campaigns/variable_edit.html",
        save=lambda: _update_and_say(request, form, variable),
        variable=variable,
        used_by=templates_using(variable),
    )


def _update_and_say(request: HttpRequest, form: VariableForm, variable: PromptVariable) -> str:
    default = form.cleaned_data["default"]
    changed = update_variable(variable=variable, by=actor_of(request), **form.cleaned_data)
    if not changed:
        say(request, "Nothing changed.")
    elif default == form.stored["default"]:
        say(request, "Saved.")
    else:
        now = f"“{default}”" if default else "nothing"
        say(request, f"Saved. Calls from now on say {now} where a lead has no {variable.name}.")
    return reverse("variable_list")


@role_required(Role.ADMIN)
@require_POST
def variable_delete(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        return redirect_once(request, lambda: _delete_and_say(request, pk))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("variable_edit", pk)


def _delete_and_say(request: HttpRequest, pk: int) -> str:
    variable = _variable_of(request, pk)
    delete_variable(variable=variable, by=actor_of(request))
    say(request, f"Deleted. No prompt may say {{{{{variable.name}}}}} any more.")
    return reverse("variable_list")


def _variable_of(request: HttpRequest, pk: int) -> PromptVariable:
    rows = PromptVariable.objects.select_related("workspace")
    return get_object_or_404(rows, workspace=workspace_of(request), pk=pk)
