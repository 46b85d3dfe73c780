from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.access import role_required, workspace_of
from accounts.models import Role, Workspace
from calls.cards import ShownCall
from calls.forms.listing import DAYS, ConversationFilter
from calls.models import Interaction
from calls.search import Excerpt, TookTooLong, excerpts_of, find_calls, search_limit
from common.paging import Page, page_of
from leads.queries import zones_of

COLUMNS = ("lead", "campaign", "agent", "user", "api_key")


@dataclass(frozen=True)
class ConversationRow(ShownCall):
    zone: str
    excerpt: Excerpt | None


@dataclass(frozen=True)
class Chip:
    label: str
    without: str
    """The address that this one part is taken from."""


@dataclass(frozen=True)
class Preset:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class ConversationList:
    form: ConversationFilter
    rows: list[ConversationRow]
    chips: list[Chip]
    presets: list[Preset]
    previous_url: str
    next_url: str
    took_too_long: bool


@role_required(Role.VIEWER)
@require_safe
def conversation_list(request: HttpRequest) -> HttpResponse:
    form = ConversationFilter(request.GET, workspace=workspace_of(request))
    listing = _list(workspace_of(request), form, request.GET.get("after", ""), request.GET.get("before", ""))
    is_partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "calls/_conversations.html" if is_partial else "calls/conversations.html"
    response = render(request, template, {"listing": listing, "is_partial": is_partial})
    # The address is the same for the page and for its part: no cache may take one for the other.
    patch_vary_headers(response, ["HX-Request"])
    return push_url(response, _address(request.path, form.asked())) if is_partial else response


def _list(workspace: Workspace, form: ConversationFilter, after: str, before: str) -> ConversationList:
    asked, (since, until) = form.asked(), form.moments()
    equal = {name: form.value(name) for name in ("campaign", "agent", "direction", "lead")}
    text = asked.get("q", "")
    found = find_calls(workspace, status=asked.get("status", ""), since=since, until=until, text=text, **equal)
    # By days the index that finds them gives their order too.
    order = ("-created_at", "-id") if since or until else ("-id",)
    took_too_long = False
    try:
        page = _page(found.select_related(*COLUMNS), order, after, before, text=text)
    except TookTooLong:
        page, took_too_long = Page([]), True
    excerpts = excerpts_of(page.rows, text)
    return ConversationList(
        form=form,
        rows=[
            ConversationRow(call, next(iter(zones_of(call.lead)), "UTC"), excerpts.get(call.pk)) for call in page.rows
        ],
        chips=_chips(form),
        presets=_presets(asked),
        previous_url=page.previous_url(asked),
        next_url=page.next_url(asked),
        took_too_long=took_too_long,
    )


def _page(
    calls: QuerySet[Interaction], order: tuple[str, ...], after: str, before: str, *, text: str
) -> Page[Interaction]:
    with search_limit(text):
        return page_of(calls, order=order, after=after, before=before)


def _address(path: str, asked: dict[str, str]) -> str:
    return f"{path}?{urlencode(asked)}" if asked else path


def _without(asked: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name not in names}


def _chips(form: ConversationFilter) -> list[Chip]:
    asked = form.asked()
    return [Chip(_label(form, name), f"?{urlencode(_without(asked, name))}") for name in asked]


def _label(form: ConversationFilter, name: str) -> str:
    value: Any = form.value(name)
    if name in ("status", "direction"):
        return str(dict(form.fields[name].choices)[value])  # type: ignore[attr-defined]
    if name == "days":
        return DAYS[value]
    if name == "q":
        return f"“{value}”"
    if name == "hour":
        return f"{int(value):02}:00 to {int(value) + 1:02}:00"
    return f"{name.capitalize()} {value:%a} {value.day} {value:%b %Y}" if isinstance(value, date) else str(value)


def _presets(asked: dict[str, str]) -> list[Preset]:
    rest = _without(asked, "days", "from", "to", "hour")
    any_day = Preset("Any day", f"?{urlencode(rest)}", not {"days", "from", "to"} & asked.keys())
    return [
        any_day,
        *(
            Preset(label, f"?{urlencode(rest | {'days': str(days)})}", asked.get("days") == str(days))
            for days, label in DAYS.items()
        ),
    ]
