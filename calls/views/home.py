from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.board import next_for, now_of, week_of
from calls.guide import home_guide
from common import clock
from leads.access import lead_of
from leads.zones import candidate_zones


@role_required(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    now = {"now": now_of(workspace)}
    if request.htmx and request.GET.get("part") == "now":  # type: ignore[attr-defined]
        return render(request, "calls/_now.html", now)
    user = actor_of(request).user
    assert user
    found = next_for(workspace, user)
    shown = found.now or found.later
    zones = candidate_zones(shown.lead, shown.lead.phone) if shown else ()
    context = {
        "today": clock.now().astimezone(ZoneInfo(workspace.timezone)).date(),
        "week": week_of(workspace),
        "next": found,
        "zone": zones[0] if zones else "UTC",
        "guide": home_guide(workspace),
    }
    return render(request, "calls/home.html", now | context)


@role_required(Role.MEMBER)
@require_safe
def next_lead(request: HttpRequest, public_id: str) -> HttpResponse:
    """From one lead to whom to call after it."""
    workspace, user = workspace_of(request), actor_of(request).user
    assert user
    found = next_for(workspace, user, without=lead_of(workspace, public_id).pk)
    if found.now is None:
        messages.info(request, "Nobody else may be called right now: see who is first, and when.")
        return redirect("home")
    return redirect("lead", found.now.lead.public_id)
