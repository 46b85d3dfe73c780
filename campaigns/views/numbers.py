from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from campaigns.access import number_of
from campaigns.forms.changes import changed_values
from campaigns.forms.choices import has_account, only_account
from campaigns.forms.number import NumberForm
from campaigns.models import CallerNumber
from campaigns.services import create_number, update_number
from campaigns.usage import callers_by_number
from common import phones
from common.forms import answer_form, sent
from common.notices import say
from common.paging import Page, page_of


@dataclass(frozen=True)
class NumberRow:
    number: CallerNumber
    callers: list[str]


@role_required(Role.VIEWER)
@require_safe
def number_list(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    page = _page(workspace, request)
    callers = callers_by_number(page.rows)
    context = {
        "rows": [NumberRow(number, callers[number.pk]) for number in page.rows],
        "previous_url": page.previous_url({}),
        "next_url": page.next_url({}),
        "has_account": bool(page.rows) or has_account(workspace),
    }
    return render(request, "campaigns/numbers.html", context)


def _page(workspace: Workspace, request: HttpRequest) -> Page[CallerNumber]:
    numbers = CallerNumber.objects.filter(workspace=workspace).select_related("account")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    return page_of(numbers, order=("e164", "id"), after=after, before=before)


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def number_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = NumberForm(sent(request), workspace=workspace, initial=only_account(workspace))

    def save() -> str:
        number = create_number(workspace=workspace, by=actor_of(request), **form.cleaned_data)
        say(request, f"{phones.display(number.e164)} is added.")
        return reverse("number_list")

    return answer_form(request, form, "campaigns/number.html", save=save, has_account=has_account(workspace))


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def number_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    number = number_of(workspace_of(request), public_id)
    active = request.POST.get("active", request.GET.get("active"))
    if request.method == "POST" and active in ("0", "1"):
        return _set_active(request, number, is_active=active == "1")
    return _edit(request, number)


def _edit(request: HttpRequest, number: CallerNumber) -> HttpResponse:
    stored = number.e164
    form = NumberForm(sent(request), workspace=number.workspace, instance=number)

    def save() -> str:
        saved = update_number(number=number, by=actor_of(request), **changed_values(form))
        say(request, f"{phones.display(saved.e164)} is saved.")
        return reverse("number_list")

    context = {
        "number": number,
        "stored": stored,
        "callers": callers_by_number([number])[number.pk],
        "has_account": True,
    }
    return answer_form(request, form, "campaigns/number.html", save=save, **context)


def _set_active(request: HttpRequest, number: CallerNumber, *, is_active: bool) -> HttpResponse:
    update_number(number=number, by=actor_of(request), is_active=is_active)
    done, back = ("activated", "0") if is_active else ("deactivated", "1")
    page = reverse("number_edit", args=[number.public_id])
    say(request, f"{phones.display(number.e164)} is {done}.", undo=f"{page}?active={back}")
    return redirect(page)
