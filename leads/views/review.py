from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from common.errors import ProblemError
from common.notices import say
from leads.access import lead_of
from leads.approval import decide
from leads.forms.acts import ReviewForm
from leads.models import Approval, Lead
from leads.queries import LeadState, states_of
from leads.review import Review, count_waiting, review_page
from leads.views.page import TABS, address_of, answers_of, show_lead

ANSWERS = 3
CHANGED_SINCE = "Somebody has decided this since, so it was left alone."
SAID = {Approval.APPROVED: "Approved", Approval.REJECTED: "Rejected", Approval.PENDING: "Waits for approval again"}


@dataclass(frozen=True)
class ReviewRow:
    review: Review
    state: LeadState
    answers: list[tuple[str, str]]
    problem: str = ""

    @property
    def lead(self) -> Lead:
        return self.review.lead

    @property
    def key(self) -> str:
        return f"review-{self.lead.public_id}"


@role_required(Role.VIEWER)
@require_safe
def review_queue(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    asked = request.GET.get("after", "")
    page = review_page(workspace, after=asked)
    if asked and not page.leads:
        return redirect("review_queue")
    context = {
        "rows": _rows(page.leads),
        "waiting": count_waiting(workspace),
        "is_first": not asked,
        "next_url": f"?{urlencode({'after': page.after})}" if page.after else "",
    }
    return render(request, "leads/review.html", context)


def _rows(leads: list[Lead], *, problem: str = "") -> list[ReviewRow]:
    states = states_of(leads)
    return [ReviewRow(Review(lead), states[lead.pk], answers_of(lead)[:ANSWERS], problem) for lead in leads]


@role_required(Role.MEMBER)
@require_POST
def lead_review(request: HttpRequest, public_id: str) -> HttpResponse:
    """A decision on the lead's page or in a row of the queue, and taking it back."""
    lead = lead_of(workspace_of(request), public_id)
    sent = request.GET.copy()
    sent.update(request.POST)
    form = ReviewForm(sent)
    if not form.is_valid():
        return _show_mistakes(request, lead, form)
    problem = _decide(request, lead, form)
    if request.htmx:  # type: ignore[attr-defined]
        return _show_row(request, lead, problem)
    if problem:
        messages.warning(request, problem)
    else:
        undo = {"undo": _undo_address(lead)} if lead.approval_status != Approval.PENDING else {}
        say(request, f"{SAID[Approval(lead.approval_status)]}: {lead}.", **undo)
    return redirect("review_queue" if form.cleaned_data["queue"] else address_of(lead, _tab(request)))


def _decide(request: HttpRequest, lead: Lead, form: ReviewForm) -> str:
    """Why it was not done; empty when it was."""
    asked = form.cleaned_data
    if asked["was"] and asked["was"] != lead.approval_status:
        return CHANGED_SINCE
    try:
        decide(lead=lead, status=asked["status"], by=actor_of(request), reason=asked["reason"])
    except ProblemError:
        lead.refresh_from_db()
        return CHANGED_SINCE if lead.approval_status else "No approval is asked of this lead any more."
    return ""


def _undo_address(lead: Lead) -> str:
    query = {"status": Approval.PENDING.value, "was": lead.approval_status}
    return f"{reverse('lead_review', args=[lead.public_id])}?{urlencode(query)}"


def _show_row(request: HttpRequest, lead: Lead, problem: str) -> HttpResponse:
    """In the queue the row becomes what was decided, and stays where it is to be taken back."""
    if lead.approval_status == Approval.PENDING:
        return render(request, "leads/_review_row.html", {"row": _rows([lead], problem=problem)[0]})
    return render(request, "leads/_reviewed.html", {"row": _rows([lead], problem=problem)[0]})


def _show_mistakes(request: HttpRequest, lead: Lead, form: forms.Form) -> HttpResponse:
    if request.htmx and lead.approval_status:  # type: ignore[attr-defined]
        words = " ".join(str(text) for errors in form.errors.values() for text in errors)
        return _show_row(request, lead, words)
    tab = _tab(request)
    return show_lead(request, lead, {"tab": tab} if tab else {}, wrong={"review_form": form})


def _tab(request: HttpRequest) -> str:
    tab = request.POST.get("tab", "")
    return tab if tab in TABS else ""
