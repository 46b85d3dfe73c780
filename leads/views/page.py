from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import role_required, workspace_of
from accounts.models import Role
from calls.cards import cards_of, next_step_of
from calls.services import request_look
from leads.access import lead_of
from leads.forms.listing import LeadListForm
from leads.models import Lead
from leads.queries import activity_of, state_of


@role_required(Role.VIEWER)
@require_safe
def lead_page(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    for live in lead.interactions.live():
        request_look(live)
    return render(request, "leads/lead.html", _page(lead, LeadListForm(request.GET).asked().get("older")))


def _page(lead: Lead, older: int | None) -> dict[str, Any]:
    state = state_of(lead)
    return {
        "on": "lead",
        "lead": lead,
        "state": state,
        "tags": lead.tags.order_by("name"),
        "calls": cards_of(lead, zone=state.zone, older=older),
        "activity": activity_of(lead, state.numbers),
        "next": next_step_of(lead),
    }
