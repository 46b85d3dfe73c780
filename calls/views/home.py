from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.board import board_of, live_calls, next_for
from calls.guide import home_guide
from leads.zones import candidate_zones


@role_required(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    context = {"board": board_of(workspace), "live": live_calls(workspace)}
    if request.htmx and request.GET.get("part") == "now":  # type: ignore[attr-defined]
        return render(request, "calls/_now.html", context)
    user = actor_of(request).user
    assert user
    found = next_for(workspace, user)
    shown = found.now or found.later
    zones = candidate_zones(shown.lead, shown.lead.phone) if shown else ()
    zone = zones[0] if zones else "UTC"
    context |= {"next": found, "zone": zone, "guide": home_guide(workspace)}
    return render(request, "calls/home.html", context)
