from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.access import interaction_of
from calls.api.interactions import recording_of
from calls.cards import card_of, history_of, neighbours_of, next_step_of
from calls.correction import why_not_correctable
from calls.forms.correction import CorrectionForm
from calls.models import Interaction
from calls.services import cancel_call, request_look
from leads.queries import activity_of, state_of

STOP_POLLING = 286


@role_required(Role.VIEWER)
@require_safe
def conversation(request: HttpRequest, public_id: str) -> HttpResponse:
    call = interaction_of(workspace_of(request), public_id)
    request_look(call)
    return render(request, "calls/conversation.html", page_context(call))


@role_required(Role.VIEWER)
@require_safe
def call_live(request: HttpRequest, public_id: str) -> HttpResponse:
    """The card as it stands, with what else changes on the page; polling ends when nothing more is expected."""
    call = interaction_of(workspace_of(request), public_id)
    request_look(call)
    on = "lead" if request.GET.get("on") == "lead" else "conversation"
    card = card_of(call, zone="UTC")
    if request.GET.get("v") == card.version and not card.is_settled:
        return HttpResponse(status=204)
    status = STOP_POLLING if card.is_settled else 200
    return render(request, "calls/live.html", follow(call, on=on) | {"swapped": True}, status=status)


@role_required(Role.VIEWER)
@require_safe
def recording(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return recording_of(interaction_of(workspace_of(request), public_id), request.headers.get("Range", ""))


def page_context(call: Interaction, *, form: CorrectionForm | None = None) -> dict[str, Any]:
    """`form` is a correction that could not be made: shown again with what is wrong."""
    context = follow(call, on="conversation") | {"call": call, "neighbours": neighbours_of(call)}
    return context | {"correction": form} if form else context


def follow(call: Interaction, *, on: str) -> dict[str, Any]:
    """What a page shows of a call and of its lead, on its first rendering and with every change."""
    state = state_of(call.lead)
    if on == "lead":
        extra: dict[str, Any] = {"activity": activity_of(call.lead, state.numbers)}
    else:
        extra = {"history": history_of(call), "correction": _correction_of(call, state.zone)}
    return {
        "on": on,
        "lead": call.lead,
        "state": state,
        "card": card_of(call, zone=state.zone),
        "next": next_step_of(call.lead),
        **extra,
    }


def _correction_of(call: Interaction, zone: str) -> CorrectionForm | None:
    return None if why_not_correctable(call) else CorrectionForm(call=call, zone=zone)


@role_required(Role.MEMBER)
@require_POST
def call_cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    call = interaction_of(workspace_of(request), public_id)
    if not cancel_call(interaction=call, by=actor_of(request)):
        messages.warning(request, "The call was already on its way and could not be taken back.")
    if request.POST.get("on") == "conversation":
        return redirect("conversation", call.public_id)
    return redirect("lead", call.lead.public_id)
