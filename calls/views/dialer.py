from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.models import Role
from calls.dialer.control import ACTS, set_dialer
from calls.dialer.entries import send_to_dialer, take_out
from calls.dialer.figures import Live, live_of
from calls.dialer.listing import SHOWS, WAITING
from calls.dialer_board import Board, board_of, entry_list, lead_box
from calls.services import request_look
from campaigns.access import campaign_of
from campaigns.models import Campaign
from common.errors import ProblemError
from common.notices import say
from leads.access import lead_of
from leads.models import Lead
from leads.queries import zones_of

LOOKED_AT = 10
DONE = {
    "start": "The auto-dialer of {} is on.",
    "resume": "The auto-dialer of {} goes on.",
    "pause": "The auto-dialer of {} is paused: it dials nobody until you resume it.",
    "stop": "The auto-dialer of {} is off, and its list is empty.",
}
BACK = {"pause": "resume", "resume": "pause"}


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def dialer(request: HttpRequest, code: str) -> HttpResponse:
    campaign = campaign_of(workspace_of(request), code)
    if request.method == "POST":
        return _act(request, campaign)
    part = request.GET.get("part", "") if request.htmx else ""  # type: ignore[attr-defined]
    response = _PARTS.get(part, _page)(request, campaign)
    # The address is the same for the page and for its parts: no cache may take one for the other.
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    board = _looked_at(campaign)
    context = {"campaign": campaign, "board": board, **_list(request, campaign, board.live)}
    return render(request, "calls/dialer.html", context)


def _live_part(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    board = _looked_at(campaign)
    if request.GET.get("v") == board.version:
        return HttpResponse(status=204)
    # The buttons are left alone while they say the same: somebody may be answering their question.
    with_controls = request.GET.get("state") != _state_of(campaign)
    context = {"campaign": campaign, "board": board, "swapped": True, "with_controls": with_controls}
    return render(request, "calls/dialer_live.html", context)


def _list_part(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    context = _list(request, campaign, live_of(campaign))
    if request.GET.get("v") == context["entries"].version:
        return HttpResponse(status=204)
    return render(request, "calls/_dialer_entries.html", {"campaign": campaign, **context})


_PARTS = {"live": _live_part, "list": _list_part}


def _looked_at(campaign: Campaign) -> Board:
    """Providers tell of no ringing by themselves: they are asked about calls that somebody looks at."""
    board = board_of(campaign)
    for row in board.calls[:LOOKED_AT]:
        request_look(row.call)
    return board


def _list(request: HttpRequest, campaign: Campaign, live: Live) -> dict[str, Any]:
    show, after = request.GET.get("show", ""), request.GET.get("after", "")
    entries = entry_list(campaign, live, show=show if show in SHOWS else WAITING, after=after)
    return {"entries": entries, "here": f"show={entries.show}" + (f"&after={after}" if after else "")}


def _state_of(campaign: Campaign) -> str:
    return f"{campaign.dialer}-{campaign.status}"


def _act(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    if not membership_of(request).at_least(Role.ADMIN):
        raise PermissionDenied("Starting and stopping the auto-dialer needs the role Admin. Ask an owner.")
    act = request.POST.get("act") or request.GET.get("act", "")
    back = "campaign" if request.POST.get("on") == "campaign" else "dialer"
    if act in ACTS:
        try:
            if set_dialer(campaign=campaign, act=act, by=actor_of(request)):
                undo = f"{reverse('dialer', args=[campaign.code])}?act={BACK[act]}" if act in BACK else ""
                say(request, DONE[act].format(campaign.name), undo=undo)
        except ProblemError as problem:
            messages.error(request, problem.message)
    return redirect(back, campaign.code)


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_dialer(request: HttpRequest, public_id: str) -> HttpResponse:
    """The box of the lead's page, and what its buttons do."""
    lead = lead_of(workspace_of(request), public_id)
    if request.method == "POST":
        return _act_on_lead(request, lead)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("lead", lead.public_id)
    box = lead_box(lead)
    if request.GET.get("v") == box.version:
        return HttpResponse(status=204)
    return render(request, "calls/_lead_dialer.html", {"lead": lead, "dialer_box": box, "zone": _zone(lead)})


def _zone(lead: Lead) -> str:
    return next(iter(zones_of(lead)), "UTC")


def _act_on_lead(request: HttpRequest, lead: Lead) -> HttpResponse:
    if not membership_of(request).at_least(Role.MEMBER):
        raise PermissionDenied("Sending leads to the auto-dialer needs the role Member. Ask an owner.")
    act = request.POST.get("act") or request.GET.get("act", "")
    if act == "send":
        _send(request, lead)
    elif act == "take_out":
        _take_out(request, lead)
    if request.POST.get("on") == "dialer":
        return redirect("dialer", lead.campaign.code)
    return redirect("lead", lead.public_id)


def _send(request: HttpRequest, lead: Lead) -> None:
    sent = send_to_dialer(leads=[lead], by=actor_of(request))[0]
    if sent.code:
        messages.error(request, sent.message)
    else:
        say(request, f"{lead} is in the auto-dialer.", undo=_undo(lead, "take_out"))


def _take_out(request: HttpRequest, lead: Lead) -> None:
    if take_out(lead=lead, by=actor_of(request)):
        say(request, f"{lead} is out of the auto-dialer.", undo=_undo(lead, "send"))


def _undo(lead: Lead, act: str) -> str:
    return f"{reverse('lead_dialer', args=[lead.public_id])}?act={act}"
