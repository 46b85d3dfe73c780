from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.models import Role
from calls.cards import cards_of, next_step_of
from calls.dialer_board import lead_box
from calls.services import request_look
from common import paging, phones
from leads.access import lead_of
from leads.forms.acts import CampaignForm, DoNotCallForm, LiftForm, NoteForm, OwnerForm, StatusForm, TagForm
from leads.models import DoNotCall, Lead, Note
from leads.queries import LeadState, activity_of, activity_page, state_of, tag_names, zone_sources
from leads.review import review_of

TABS = {"interactions": "Interactions", "details": "Details", "activity": "Activity"}
NOTES, SUBMISSIONS, ANSWERS = 8, 20, 8
LONG_NOTE = 420
LONG_NOTE_LINES = 6
MAX_ID = 2**63 - 1


class AskedForm(forms.Form):
    """What the address asks for; what it asks wrongly is left out."""

    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)
    older = forms.IntegerField(required=False, min_value=1, max_value=MAX_ID)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@dataclass(frozen=True)
class NoteCard:
    note: Note
    is_long: bool
    may_delete: bool


@dataclass(frozen=True)
class Listing:
    """One entry of the Do-Not-Call list, and the form that takes it off again."""

    entry: DoNotCall
    form: LiftForm

    @property
    def key(self) -> str:
        return str(self.entry.pk)


@role_required(Role.VIEWER)
@require_safe
def lead_page(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    for live in lead.interactions.live():
        request_look(live)
    return show_lead(request, lead, AskedForm(request.GET).asked())


def address_of(lead: Lead, tab: str = "") -> str:
    """The lead's page, at the tab that somebody came from."""
    url = reverse("lead", args=[lead.public_id])
    return f"{url}?{urlencode({'tab': tab})}" if tab in TABS and tab != "interactions" else url


def show_lead(
    request: HttpRequest, lead: Lead, asked: dict[str, Any], *, wrong: dict[str, forms.Form] | None = None
) -> HttpResponse:
    """The page; `wrong` are forms that were sent with mistakes, by their names in the templates."""
    tab = asked.get("tab", "interactions")
    state = state_of(lead)
    context = {
        "on": "lead" if tab == "interactions" else "",
        "tab": tab,
        "tabs": [
            {"label": label, "url": address_of(lead, name), "is_current": name == tab} for name, label in TABS.items()
        ],
        "lead": lead,
        "state": state,
        "tags": lead.tags.order_by("name"),
        "next": next_step_of(lead),
        "review": review_of(lead),
        "dialer_box": lead_box(lead),
        "zone": state.zone,
        **_CONTEXTS[tab](request, lead, state, asked),
    }
    if membership_of(request).at_least(Role.MEMBER):
        context |= _controls(lead, state)
    return render(request, "leads/lead.html", context | (wrong or {}), status=422 if wrong else 200)


def _controls(lead: Lead, state: LeadState) -> dict[str, Any]:
    return {
        "status_form": StatusForm(lead=lead),
        "owner_form": OwnerForm(lead=lead),
        "campaign_form": CampaignForm(lead=lead),
        "tag_form": TagForm(),
        "known_tags": tag_names(lead.workspace_id),
        "note_form": NoteForm(),
        "dnc_form": DoNotCallForm(state=state),
    }


def _interactions(request: HttpRequest, lead: Lead, state: LeadState, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "calls": cards_of(lead, zone=state.zone, older=asked.get("older")),
        "answers": answers_of(lead)[:ANSWERS],
        "activity": activity_of(lead, state.numbers),
        **_notes(request, lead),
    }


def _notes(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    notes = lead.notes.select_related("author")
    page = paging.page_of(notes, order=("-created_at", "-id"), after=request.GET.get("notes", ""), size=NOTES)
    may_delete_any = membership_of(request).at_least(Role.ADMIN)
    user = actor_of(request).user
    cards = [NoteCard(note, _is_long(note.text), may_delete_any or note.author == user) for note in page.rows]
    return {"notes": cards, "older_notes": page.after}


def _is_long(text: str) -> bool:
    return len(text) > LONG_NOTE or text.count("\n") >= LONG_NOTE_LINES


def _details(request: HttpRequest, lead: Lead, state: LeadState, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "zone_sources": zone_sources(lead),
        "unassigned": [number for number in state.numbers if not phones.is_valid(number)],
        "listings": [Listing(entry, LiftForm(state=state, entry=entry)) for entry in state.entries],
        "answers": answers_of(lead),
        "submissions": lead.submissions.order_by("-number")[:SUBMISSIONS],
        "attribution": list(_flat(lead.attribution)),
        "compliance": list(_flat(lead.compliance)),
    }


def _flat(facts: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """What an integrator sent in any depth, as lines of a name and a text."""
    if isinstance(facts, dict):
        for key, value in facts.items():
            yield from _flat(value, f"{name} {key}".strip())
    elif isinstance(facts, list):
        for value in facts:
            yield from _flat(value, name)
    elif facts not in (None, ""):
        yield name, _in_words(facts)


def _in_words(value: Any) -> str:
    return {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)


def answers_of(lead: Lead) -> list[tuple[str, str]]:
    """The questionnaire as people read it: the question, and the answer in one text."""
    return [
        (
            str(row.get("question") or row.get("key")),
            ", ".join(text for _, text in _flat(row.get("answer"))) or "No answer",
        )
        for row in lead.questionnaire
    ]


def _activity(request: HttpRequest, lead: Lead, state: LeadState, asked: dict[str, Any]) -> dict[str, Any]:
    return {"history": activity_page(lead, state.numbers, older=request.GET.get("before", ""))}


_CONTEXTS = {"interactions": _interactions, "details": _details, "activity": _activity}
