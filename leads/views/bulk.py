from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.models import Role
from common import clock
from common.errors import ProblemError
from common.notices import say
from common.once import redirect_once
from leads.access import UNDO_WITHIN
from leads.bulk import MORE_LEADS, check_size, finish, result_of, start_bulk_change, undo_bulk_change
from leads.forms.bulk import LONGEST_FILTER, WORDS, BulkForm, Kind, Selection
from leads.models import BulkChange, BulkItem
from leads.views.listing import list_form

NAMES = 5
STOP_POLLING = 286
UNKNOWN = "Choose what to do with the leads."


@role_required(Role.MEMBER)
@require_POST
def bulk_confirm(request: HttpRequest) -> HttpResponse:
    selection = _selection(request)
    kind = _kind(request)
    if kind is None or selection.problem:
        return _back(request, selection, selection.problem or UNKNOWN)
    try:
        check_size(selection.count())
    except ProblemError as problem:
        return _back(request, selection, problem.message)
    return _ask(request, selection, BulkForm(workspace=selection.workspace, kind=kind))


@role_required(Role.MEMBER)
@require_POST
def bulk_start(request: HttpRequest) -> HttpResponse:
    selection, kind = _selection(request), _kind(request)
    if kind is None or selection.problem:
        return _back(request, selection, selection.problem or UNKNOWN)
    form = BulkForm(request.POST, workspace=selection.workspace, kind=kind)
    if not form.is_valid():
        return _ask(request, selection, form, status=422)
    started: list[BulkChange] = []

    def act() -> str:
        started.append(_start(request, selection, form))
        return _url("bulk", started[0])

    try:
        response = redirect_once(request, act)
    except ProblemError as problem:
        if problem.code != MORE_LEADS:
            return _back(request, selection, problem.message)
        form.add_error(None, problem.message)
        return _ask(request, selection, form, status=422)
    return _go_on(request, started[0], selection.address) if started else response


def _start(request: HttpRequest, selection: Selection, form: BulkForm) -> BulkChange:
    return start_bulk_change(
        workspace=selection.workspace,
        leads=selection.leads,
        kind=form.kind,
        by=actor_of(request),
        confirmed=_confirmed(request) if selection.everything else None,
        **form.chosen(),
    )


def _confirmed(request: HttpRequest) -> int:
    shown = request.POST.get("count", "")[:9]
    return int(shown) if shown.isdecimal() else 0


def _go_on(request: HttpRequest, change: BulkChange, address: str) -> HttpResponse:
    """Few leads are changed while the person waits, many by a job while they look on."""
    if not result_of(change).is_small:
        return redirect(_url("bulk", change, address))
    finish(change)
    result = result_of(change)
    if result.failed:
        return redirect(_url("bulk", change, address))
    say(request, f"{change}: {result}.", undo=_url("bulk_undo", change, address) if result.changed else "")
    return redirect(_list_url(address))


@role_required(Role.VIEWER)
@require_safe
def bulk_page(request: HttpRequest, public_id: str) -> HttpResponse:
    change = _find(request, public_id)
    result = result_of(change)
    is_over = change.state in (BulkChange.State.DONE, BulkChange.State.UNDONE)
    address = QueryDict(request.GET.get("back", "")[:LONGEST_FILTER]).urlencode()
    context = {
        "change": change,
        "result": result,
        "is_over": is_over,
        "left": _left(change) if is_over else [],
        "may_undo": change.state == BulkChange.State.DONE and result.changed and _may_undo(request, change),
        "list_url": _list_url(address),
        "undo_url": _url("bulk_undo", change, address),
    }
    is_partial = bool(request.htmx)  # type: ignore[attr-defined]
    response = render(request, "leads/bulk_progress.html" if is_partial else "leads/bulk.html", context)
    patch_vary_headers(response, ["HX-Request"])
    response.status_code = STOP_POLLING if is_partial and is_over else 200
    return response


@role_required(Role.MEMBER)
@require_POST
def bulk_undo(request: HttpRequest, public_id: str) -> HttpResponse:
    change = _find(request, public_id)
    if not _may_undo(request, change):
        raise PermissionDenied("Whoever did it may take it back, Do-Not-Call for ten minutes; an admin may always.")
    address = QueryDict(request.GET.get("back", "")[:LONGEST_FILTER]).urlencode()
    if not undo_bulk_change(change=change, by=actor_of(request)) or not result_of(change).is_small:
        return redirect(_url("bulk", change, address))
    finish(change)
    say(request, f"{change}: {result_of(change).undo_words}.")
    return redirect(_list_url(address))


def _selection(request: HttpRequest) -> Selection:
    workspace, asked = workspace_of(request), request.POST.get("filter", "")
    return Selection(
        workspace=workspace,
        # PostgreSQL takes no NUL, and no id has one.
        public_ids=[public_id for public_id in request.POST.getlist("lead") if "\0" not in public_id],
        everything=request.POST.get("all") == "1",
        listing=list_form(request, workspace, QueryDict(asked if len(asked) <= LONGEST_FILTER else "")),
        asked=asked,
    )


def _kind(request: HttpRequest) -> Kind | None:
    kind = request.POST.get("kind")
    return Kind(kind) if kind in Kind.values else None


def _ask(request: HttpRequest, selection: Selection, form: BulkForm, *, status: int = 200) -> HttpResponse:
    count = selection.count()
    context = {
        "selection": selection,
        "form": form,
        "count": count,
        "heading": WORDS[form.kind].format(f"{count:,} lead{'' if count == 1 else 's'}"),
        "first": list(selection.leads.order_by("-id")[:NAMES]),
        "others": f"{count - NAMES:,}" if count > NAMES else "",
        "list_url": _list_url(selection.address),
    }
    return render(request, "leads/bulk_confirm.html", context, status=status)


def _back(request: HttpRequest, selection: Selection, sentence: str) -> HttpResponse:
    messages.warning(request, sentence)
    return redirect(_list_url(selection.address))


def _find(request: HttpRequest, public_id: str) -> BulkChange:
    changes = BulkChange.objects.filter(workspace=workspace_of(request)).select_related("workspace", "user")
    return get_object_or_404(changes, public_id=public_id)


def _may_undo(request: HttpRequest, change: BulkChange) -> bool:
    membership: Any = membership_of(request)
    is_own = change.user_id == membership.user_id and membership.at_least(Role.MEMBER)
    is_in_time = not change.lists_numbers or change.created_at > clock.now() - UNDO_WITHIN
    return (is_own and is_in_time) or bool(membership.at_least(Role.ADMIN))


def _left(change: BulkChange) -> list[BulkItem]:
    """Some of those that are not as the person wanted them."""
    left = [BulkItem.State.KEPT, BulkItem.State.FAILED]
    return list(change.items.filter(state__in=left).select_related("lead").order_by("id")[:20])


def _list_url(address: str) -> str:
    return reverse("lead_list") + (f"?{address}" if address else "")


def _url(name: str, change: BulkChange, address: str = "") -> str:
    query = QueryDict(mutable=True)
    if address:
        query["back"] = address
    return reverse(name, args=[change.public_id]) + (f"?{query.urlencode()}" if query else "")
