from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.access import role_required, workspace_of
from accounts.models import Role, Workspace
from calls.cards import last_calls
from calls.models import Interaction
from leads.forms.listing import LeadListForm
from leads.models import Lead, LeadStatus
from leads.queries import listed_numbers, zones_of
from leads.search import Page, find_leads, leads_to_start_with, page_of


@dataclass(frozen=True)
class LeadRow:
    lead: Lead
    zone: str
    do_not_call: bool
    last_call: Interaction | None


@dataclass(frozen=True)
class LeadList:
    form: LeadListForm
    rows: list[LeadRow]
    start_with: list[Lead]
    newer_url: str
    older_url: str
    is_filtered: bool


@role_required(Role.VIEWER)
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    listing = _list(workspace_of(request), LeadListForm(request.GET))
    is_partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "leads/_results.html" if is_partial else "leads/list.html", {"listing": listing})
    # The address is the same for the page and for its part: no cache may take one for the other.
    patch_vary_headers(response, ["HX-Request"])
    return response


def _list(workspace: Workspace, form: LeadListForm) -> LeadList:
    asked = form.asked()
    text, status = asked.get("q", ""), asked.get("status", "")
    leads = find_leads(workspace, text=text, status=status)
    page = page_of(leads, older=asked.get("older"), newer=asked.get("newer"))
    is_first = not (text or status or asked.get("older") or asked.get("newer"))
    keep = {name: value for name, value in (("q", text), ("status", status)) if value}
    return LeadList(
        form=form,
        rows=_rows(workspace, page),
        start_with=leads_to_start_with(workspace) if is_first else [],
        newer_url=f"?{urlencode(keep | {'newer': page.newer})}" if page.newer else "",
        older_url=f"?{urlencode(keep | {'older': page.older})}" if page.older else "",
        is_filtered=bool(text or status),
    )


def _rows(workspace: Workspace, page: Page) -> list[LeadRow]:
    calls = last_calls(page.leads)
    listed = listed_numbers(workspace.pk, (lead.phone for lead in page.leads))
    return [
        LeadRow(
            lead=lead,
            zone=next(iter(zones_of(lead)), ""),
            do_not_call=lead.status == LeadStatus.DNC or lead.phone in listed,
            last_call=calls.get(lead.pk),
        )
        for lead in page.leads
    ]
