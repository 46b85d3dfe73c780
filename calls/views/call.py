from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.access import interaction_of
from calls.cards import cards_of
from calls.forms.call import CallForm
from calls.gate.rules import Verdict
from calls.models import Interaction, Status
from calls.prompting import RenderedPrompt
from calls.services import (
    MAX_INSTRUCTIONS,
    CallRefused,
    Preflight,
    initiate_call,
    preflight,
    preview_prompt,
)
from calls.views.conversation import follow
from common.errors import ProblemError
from leads.access import lead_of
from leads.models import Lead


@dataclass(frozen=True)
class CallChoice:
    """The Call modal: the choice as it stands, and what the gate says to it."""

    form: CallForm
    checked: Preflight
    verdict: Verdict
    preview: RenderedPrompt
    zone: str
    live: Interaction | None

    @property
    def last_outcome(self) -> str:
        outcome = self.checked.lead.last_outcome
        return Status(outcome).label if outcome else ""

    @property
    def counted(self) -> str:
        length = len(str(self.form["additional_instructions"].value() or ""))
        return f"{length:,} of {MAX_INSTRUCTIONS:,} characters"


def _form_of(lead: Lead, data: Any = None, *, on: str = "") -> CallForm:
    form = CallForm(data, lead=lead, agent=lead.campaign.agent_for(test=lead.is_test), initial={"on": on})
    form.full_clean()
    return form


def _judge(lead: Lead, form: CallForm, verdict: Verdict | None = None) -> CallChoice:
    checked = preflight(lead=lead, **form.choice())
    verdict = verdict or checked.verdict
    is_live = any(reason.code == "CALL_IN_PROGRESS" for reason in verdict.reasons)
    return CallChoice(
        form=form,
        checked=checked,
        verdict=verdict,
        preview=preview_prompt(preflight=checked, additional_instructions=form.instructions()),
        zone=checked.zones[0] if checked.zones else "UTC",
        live=_live_call(lead, checked.number) if is_live else None,
    )


def _live_call(lead: Lead, number: str) -> Interaction | None:
    return Interaction.objects.live().filter(workspace=lead.workspace_id, to_number=number).first()


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def call_modal(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    if request.method == "POST":
        return _place(request, lead)
    return _show_choice(request, lead, _form_of(lead, on=request.GET.get("on", "")))


@role_required(Role.MEMBER)
@require_POST
def call_preflight(request: HttpRequest, public_id: str) -> HttpResponse:
    """Judges the choice again, without placing anything."""
    lead = lead_of(workspace_of(request), public_id)
    form = _form_of(lead, request.POST)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"lead": lead, "choice": _judge(lead, form), "swapped": True}
        return render(request, "calls/check.html", context)
    return _show_choice(request, lead, form)


def _show_choice(
    request: HttpRequest, lead: Lead, form: CallForm, *, verdict: Verdict | None = None, status: int = 200
) -> HttpResponse:
    template = "calls/modal.html" if request.htmx else "calls/call.html"  # type: ignore[attr-defined]
    return render(request, template, {"lead": lead, "choice": _judge(lead, form, verdict)}, status=status)


def _place(request: HttpRequest, lead: Lead) -> HttpResponse:
    form = _form_of(lead, request.POST)
    if form.errors:
        return _show_choice(request, lead, form, status=422)
    try:
        call = initiate_call(
            lead=lead,
            by=actor_of(request),
            origin=Interaction.Origin.MANUAL,
            additional_instructions=form.instructions(),
            **form.choice(),
        )
    except CallRefused as refused:
        return _refuse(request, lead, form, refused)
    except ProblemError as problem:
        form.add_error(None, problem.message)
        return _show_choice(request, lead, form, status=422)
    return _show_call(request, call, on=form.cleaned_data["on"])


def _refuse(request: HttpRequest, lead: Lead, form: CallForm, refused: CallRefused) -> HttpResponse:
    """A second click shows the call that the first one started; everything else says why not."""
    if refused.live_interaction_id:
        running = interaction_of(lead.workspace, refused.live_interaction_id)
        if running.lead_id == lead.pk:
            return _show_call(request, running, on=form.cleaned_data["on"])
    return _show_choice(request, lead, form, verdict=refused.verdict, status=422)


def _show_call(request: HttpRequest, call: Interaction, *, on: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('lead', args=[call.lead.public_id])}#call-{call.public_id}")
    if on != "lead":
        return HttpResponseClientRedirect(reverse("conversation", args=[call.public_id]))
    context = follow(call, on="lead")
    context["calls"] = cards_of(call.lead, zone=context["state"].zone)
    response = render(request, "calls/placed.html", context | {"swapped": True})
    return trigger_client_event(reswap(retarget(response, "#calls"), "innerHTML"), "close-dialog", after="swap")
