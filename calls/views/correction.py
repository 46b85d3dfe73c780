from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.access import interaction_of
from calls.correction import OutcomeChangedError, correct_outcome, why_not_correctable
from calls.forms.correction import CorrectionForm
from calls.ingest.outcome import LEAD_STATUS
from calls.models import Interaction
from calls.views.conversation import page_context
from common.errors import ProblemError
from common.notices import say
from common.once import redirect_once
from leads.models import Lead, LeadStatus
from leads.queries import zones_of


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def conversation_correct(request: HttpRequest, public_id: str) -> HttpResponse:
    call = interaction_of(workspace_of(request), public_id)
    if why_not := why_not_correctable(call):
        messages.warning(request, why_not)
    if why_not or request.method != "POST":
        return redirect("conversation", public_id)
    form = CorrectionForm(request.POST, call=call, zone=next(iter(zones_of(call.lead)), "UTC"))
    if not form.is_valid():
        return _show(request, call, form)
    try:
        return redirect_once(request, lambda: _correct(request, call, form))
    except OutcomeChangedError as changed:
        form.see_again()
        form.add_error(None, changed.message)
    except ProblemError as problem:
        form.add_error(None, problem.message)
    return _show(request, call, form)


def _show(request: HttpRequest, call: Interaction, form: CorrectionForm) -> HttpResponse:
    return render(request, "calls/conversation.html", page_context(call, form=form), status=422)


def _correct(request: HttpRequest, call: Interaction, form: CorrectionForm) -> str:
    chosen = {name: form.cleaned_data[name] for name in ("status", "reason", "callback_at", "seen")}
    say(request, _what_came_of_it(call, correct_outcome(interaction=call, by=actor_of(request), **chosen)))
    return reverse("conversation", args=[call.public_id])


def _what_came_of_it(before: Interaction, call: Interaction) -> str:
    said = f"The outcome is {call.get_status_display()} now."
    lead = Lead.objects.get(pk=call.lead_id)
    if lead.status == LEAD_STATUS[call.status]:
        return said
    if lead.status == LeadStatus.DNC:
        return f"{said} The lead stays on Do-Not-Call: lift it on the lead's page if the no was a mistake."
    if lead.status != before.lead.status:
        return f"{said} The lead is {lead.get_status_display()} again."
    return f"{said} The lead's status stays {lead.get_status_display()}."
