from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from calls.models import Interaction, Status
from common.paging import Page, page_of
from leads.forms.listing import LeadListForm
from leads.models import BulkChange, Lead, LeadStatus
from leads.queries import listed_numbers, zones_of
from leads.search import ORDERS, leads_to_start_with


@dataclass(frozen=True)
class LeadRow:
    lead: Lead
    zone: str
    do_not_call: bool
    live_call: Interaction | None

    @property
    def outcome(self) -> str:
        """Of the newest call that was placed and is over: the same that the list is filtered by."""
        return str(Status(self.lead.last_outcome).label) if self.lead.last_outcome else ""


@dataclass(frozen=True)
class Chip:
    text: str
    remove_url: str


@dataclass(frozen=True)
class LeadList:
    form: LeadListForm
    rows: list[LeadRow]
    chips: list[Chip]
    start_with: list[Lead]
    previous_url: str
    next_url: str

    @property
    def address(self) -> str:
        return urlencode(self.form.address)

    @property
    def clear_url(self) -> str:
        return _url({name: value for name, value in self.form.address.items() if name == "sort"})

    @property
    def goes_on(self) -> bool:
        return bool(self.previous_url or self.next_url)


@role_required(Role.VIEWER)
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    listing = _list(request, workspace_of(request))
    is_partial = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    context = {"listing": listing, "is_partial": is_partial, "kinds": BulkChange.Kind}
    response = render(request, "leads/_results.html" if is_partial else "leads/list.html", context)
    # The address is the same for the page and for its part: no cache may take one for the other.
    patch_vary_headers(response, ["HX-Request"])
    return push_url(response, _url(listing.form.address)) if is_partial else response


def list_form(request: HttpRequest, workspace: Workspace, asked: object) -> LeadListForm:
    user = actor_of(request).user
    assert user is not None
    return LeadListForm(asked, workspace=workspace, user=user)  # type: ignore[arg-type]


def _list(request: HttpRequest, workspace: Workspace) -> LeadList:
    form = list_form(request, workspace, request.GET)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    leads = form.lead_filter().apply(workspace).select_related("campaign", "owner").prefetch_related("tags")
    page = page_of(leads, order=ORDERS[form.order], after=after, before=before)
    is_first = not (form.address or after or before)
    return LeadList(
        form=form,
        rows=_rows(workspace, page),
        chips=[Chip(form.shown(name), _without(form, name)) for name in form.filters],
        start_with=leads_to_start_with(workspace) if is_first else [],
        previous_url=page.previous_url(form.address),
        next_url=page.next_url(form.address),
    )


def _without(form: LeadListForm, name: str) -> str:
    return _url({other: value for other, value in form.address.items() if other != name})


def _url(address: dict[str, str]) -> str:
    return reverse("lead_list") + (f"?{urlencode(address)}" if address else "")


def _rows(workspace: Workspace, page: Page[Lead]) -> list[LeadRow]:
    live = {call.lead_id: call for call in Interaction.objects.live().filter(lead__in=page.rows)}
    listed = listed_numbers(workspace.pk, (lead.phone for lead in page.rows))
    return [
        LeadRow(
            lead=lead,
            zone=next(iter(zones_of(lead)), ""),
            do_not_call=lead.status == LeadStatus.DNC or lead.phone in listed,
            live_call=live.get(lead.pk),
        )
        for lead in page.rows
    ]
