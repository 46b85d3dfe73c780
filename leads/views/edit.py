from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.actors import Actor
from accounts.models import Role, User
from campaigns.models import Campaign
from common import clock, phones
from common.errors import ProblemError
from common.forms import field_errors, sent, wants_check
from common.notices import say
from common.once import redirect_once
from leads.access import UNDO_WITHIN, lead_of, note_of
from leads.forms.acts import CampaignForm, DoNotCallForm, LiftForm, NoteForm, OwnerForm, StatusForm, TagForm
from leads.forms.lead import LeadForm, split_tags
from leads.models import Channel, DoNotCall, Lead, LeadStatus
from leads.queries import LeadState, leads_with_number, state_of
from leads.services import (
    add_note,
    add_tag,
    assign_owner,
    bar_lead,
    create_lead,
    delete_note,
    lock_lead,
    move_campaign,
    remove_from_do_not_call,
    remove_tag,
    set_further_numbers,
    set_status,
    update_lead,
)
from leads.views.page import TABS, address_of, show_lead


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = LeadForm(sent(request), workspace=workspace)
    if wants_check(request):
        return _check(request, form)
    if request.method == "POST" and form.is_valid():
        return redirect_once(request, lambda: _create(request, form))
    has_campaign = Campaign.objects.filter(workspace=workspace).exists()
    return _show_form(request, form, {"has_campaign": has_campaign})


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    workspace = workspace_of(request)
    lead = lead_of(workspace, public_id)
    name = str(lead)
    form = LeadForm(sent(request), workspace=workspace, instance=lead)
    if wants_check(request):
        return _check(request, form)
    if request.method == "POST" and form.is_valid():
        _save(form, lead, actor_of(request))
        say(request, "Saved.")
        return redirect(address_of(lead, _tab(request)))
    return _show_form(request, form, {"lead": lead, "name": name, "has_campaign": True, "tab": _tab(request)})


def _show_form(request: HttpRequest, form: LeadForm, context: dict[str, Any]) -> HttpResponse:
    for name in [name for name in form.fields if name in form.errors][:1]:
        form.fields[name].widget.attrs["autofocus"] = True
    context |= {"form": form, **_number_notes(form)}
    return render(request, "leads/lead_form.html", context, status=422 if form.errors else 200)


def _check(request: HttpRequest, form: LeadForm) -> HttpResponse:
    """The number says more than its mistakes: how it was read, and who else has it."""
    if request.GET["check"] == "phone":
        form.is_valid()
        return render(request, "leads/_number_notes.html", {"form": form, **_number_notes(form)})
    return field_errors(request, form)


def _number_notes(form: LeadForm) -> dict[str, Any]:
    number = form.cleaned_data.get("phone", "") if form.is_bound else form.instance.phone
    if not number or form["phone"].errors:
        return {}
    others = leads_with_number(form.instance, number)
    return {"number": number, "is_assigned": phones.is_valid(number), "others": others}


@transaction.atomic
def _create(request: HttpRequest, form: LeadForm) -> str:
    by, data = actor_of(request), form.cleaned_data
    lead = create_lead(
        workspace=form.house, by=by, campaign=data["campaign"], owner=data["owner"], **form.lead_fields()
    )
    set_further_numbers(lead=lead, numbers=data["further_numbers"], by=by)
    for name in data["tag_names"]:
        add_tag(lead=lead, name=name, by=by)
    say(request, f"{lead} added.")
    return address_of(lead)


@transaction.atomic
def _save(form: LeadForm, lead: Lead, by: Actor) -> None:
    data, stored = form.cleaned_data, lock_lead(lead)
    update_lead(lead=lead, by=by, **form.changed_fields(stored))
    set_further_numbers(lead=lead, numbers=form.merged_numbers(stored), by=by)
    if "owner" in form.changed_data:
        assign_owner(lead=lead, owner=data["owner"], by=by)
    if "campaign" in form.changed_data:
        move_campaign(lead=lead, campaign=data["campaign"], by=by)
    shown, wanted = split_tags(form.initial["tag_names"]), data["tag_names"]
    for name in _without(shown, wanted):
        remove_tag(lead=lead, name=name, by=by)
    for name in _without(wanted, shown):
        add_tag(lead=lead, name=name, by=by)


def _without(names: list[str], others: list[str]) -> list[str]:
    known = {name.casefold() for name in others}
    return [name for name in names if name.casefold() not in known]


@role_required(Role.MEMBER)
@require_POST
def lead_status(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    form = StatusForm(_sent(request), lead=lead)
    if not form.is_valid():
        return _show_mistakes(request, lead, "status_form", form)
    _set_status(request, lead, form.cleaned_data["status"], form.cleaned_data["reason"])
    return _back(request, lead)


@transaction.atomic
def _set_status(request: HttpRequest, lead: Lead, status: str, reason: str) -> None:
    before = lock_lead(lead).status
    if _is_overtaken(request, _last_change(lead)):
        return
    if set_status(lead=lead, status=status, reason=reason, by=actor_of(request)):
        undo = _address("lead_status", lead, status=before, sure="1", was=_last_change(lead))
        # Taking back a no needs more than one click: it stands on the Do-Not-Call list too.
        say(request, f"Status: {LeadStatus(status).label}.", undo="" if status == LeadStatus.DNC else undo)


def _last_change(lead: Lead) -> str:
    """The same status may have been set anew since, so the value would not do."""
    change = lead.status_changes.order_by("-id").first()
    return str(change.pk) if change else ""


def _is_overtaken(request: HttpRequest, now: str) -> bool:
    """An undo says what it takes back. When that is no longer so, somebody has decided since, and their word stands."""
    overtaken = request.GET.get("was", now) != now
    if overtaken:
        messages.warning(request, "Somebody has changed this since, so it was not taken back.")
    return overtaken


@role_required(Role.MEMBER)
@require_POST
def lead_owner(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    form = OwnerForm(_sent(request), lead=lead)
    if not form.is_valid():
        return _show_mistakes(request, lead, "owner_form", form)
    try:
        _assign(request, lead, form.cleaned_data["owner"])
    except ProblemError as problem:
        form.add_error("owner", problem.message)
        return _show_mistakes(request, lead, "owner_form", form)
    return _back(request, lead)


@transaction.atomic
def _assign(request: HttpRequest, lead: Lead, owner: User | None) -> None:
    before = _key(lock_lead(lead).owner)
    if not _is_overtaken(request, before) and assign_owner(lead=lead, owner=owner, by=actor_of(request)):
        undo = _address("lead_owner", lead, owner=before, was=_key(owner))
        say(request, f"Owner: {owner or 'nobody'}.", undo=undo)


def _key(row: Model | None) -> str:
    return str(row.pk) if row else ""


@role_required(Role.MEMBER)
@require_POST
def lead_campaign(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    form = CampaignForm(_sent(request), lead=lead)
    if not form.is_valid():
        return _show_mistakes(request, lead, "campaign_form", form)
    _move(request, lead, form.cleaned_data["campaign"])
    return _back(request, lead)


@transaction.atomic
def _move(request: HttpRequest, lead: Lead, campaign: Campaign) -> None:
    before = _key(lock_lead(lead).campaign)
    if not _is_overtaken(request, before) and move_campaign(lead=lead, campaign=campaign, by=actor_of(request)):
        undo = _address("lead_campaign", lead, campaign=before, was=_key(campaign))
        say(request, f"Campaign: {campaign}.", undo=undo)


@role_required(Role.MEMBER)
@require_POST
def lead_tags(request: HttpRequest, public_id: str) -> HttpResponse:
    """Adds what was typed, or removes the one whose cross was clicked."""
    lead = lead_of(workspace_of(request), public_id)
    sent = _sent(request)
    if name := sent.get("remove", ""):
        if remove_tag(lead=lead, name=name, by=actor_of(request)):
            say(request, f"Tag “{name}” removed.", undo=_address("lead_tags", lead, add=name))
        return _back(request, lead)
    form = TagForm(sent)
    if not form.is_valid():
        return _show_mistakes(request, lead, "tag_form", form)
    try:
        _add_tags(request, lead, form.cleaned_data["add"])
    except ValidationError as error:
        form.add_error("add", error)
        return _show_mistakes(request, lead, "tag_form", form)
    return _back(request, lead)


@transaction.atomic
def _add_tags(request: HttpRequest, lead: Lead, names: list[str]) -> None:
    added = [name for name in names if add_tag(lead=lead, name=name, by=actor_of(request))]
    if added:
        undo = _address("lead_tags", lead, remove=added[0]) if len(added) == 1 else ""
        say(request, f"Tagged {', '.join(f'“{name}”' for name in added)}.", undo=undo)


@role_required(Role.MEMBER)
@require_POST
def lead_note(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show_mistakes(request, lead, "note_form", form)

    def act() -> str:
        add_note(lead=lead, text=form.cleaned_data["text"], by=actor_of(request))
        say(request, "Note added.")
        return address_of(lead)

    return redirect_once(request, act)


@role_required(Role.MEMBER)
@require_POST
def lead_note_delete(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    note = note_of(lead, str(pk))
    if note.author != request.user and not membership_of(request).at_least(Role.ADMIN):
        raise PermissionDenied("Only who wrote a note, or an admin, may delete it.")
    delete_note(note=note, by=actor_of(request))
    say(request, "Note deleted.")
    return _back(request, lead)


@role_required(Role.MEMBER)
@require_POST
def lead_dnc_set(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    form = DoNotCallForm(request.POST, state=state_of(lead))
    if not form.is_valid():
        return _show_mistakes(request, lead, "dnc_form", form)

    def act() -> str:
        made = bar_lead(lead=lead, addresses=form.chosen(), reason=form.cleaned_data["reason"], by=actor_of(request))
        if made:
            undo = _address("lead_dnc_lift", lead, undo=[str(entry.pk) for entry in made])
            say(request, f"On the Do-Not-Call list: {_in_words(made)}.", undo=undo)
        return address_of(lead, _tab(request))

    return redirect_once(request, act)


def _in_words(entries: list[DoNotCall]) -> str:
    return ", ".join(
        entry.address if entry.channel == Channel.EMAIL else f"{phones.display(entry.address)} ({entry.channel})"
        for entry in entries
    )


@role_required(Role.MEMBER)
@require_POST
def lead_dnc_lift(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = lead_of(workspace_of(request), public_id)
    state = state_of(lead)
    if undone := request.GET.getlist("undo"):
        _undo_listing(request, state, undone)
        return _back(request, lead)
    if not membership_of(request).at_least(Role.ADMIN):
        raise PermissionDenied("Only an admin takes somebody off the Do-Not-Call list.")
    form = LiftForm(request.POST, state=state)
    if form.has_error("entry"):
        say(request, "This is not on the Do-Not-Call list any more.")
    elif not form.is_valid():
        return _show_mistakes(request, lead, "wrong_lift", form)
    else:
        _lift(request, lead, form)
    return _back(request, lead)


@transaction.atomic
def _undo_listing(request: HttpRequest, state: LeadState, ids: list[str]) -> None:
    """Who has just put addresses on the list by mistake may take these off again, without being an admin."""
    since = clock.now() - UNDO_WITHIN
    mine = DoNotCall.objects.filter(pk__in=[entry.pk for entry in state.entries if str(entry.pk) in ids])
    entries = list(mine.select_for_update(of=("self",)).select_related("workspace", "user").order_by("id"))
    if any(entry.user != request.user or entry.created_at < since or entry.confirmed_at for entry in entries):
        raise PermissionDenied("Whoever did it may take it back for ten minutes, unless it was said again.")
    for entry in entries:
        remove_from_do_not_call(entry=entry, by=actor_of(request), reason="Taken back at once")
    if entries:
        say(request, f"Taken back: {_in_words(entries)}.")


@transaction.atomic
def _lift(request: HttpRequest, lead: Lead, form: LiftForm) -> None:
    entry, reason, by = form.cleaned_data["entry"], form.cleaned_data["reason"], actor_of(request)
    words = _in_words([entry])
    remove_from_do_not_call(entry=entry, by=by, reason=reason)
    if status := form.cleaned_data.get("status"):
        set_status(lead=lead, status=status, by=by, reason=reason)
    blocks = lead.status == LeadStatus.DNC
    still = " The status is still Do not contact: no call is placed until it is another one." if blocks else ""
    say(request, f"Off the Do-Not-Call list: {words}.{still}")


def _sent(request: HttpRequest) -> QueryDict:
    """What a form sent, or what the address of an undo says."""
    sent = request.GET.copy()
    sent.update(request.POST)
    return sent


def _tab(request: HttpRequest) -> str:
    tab = request.POST.get("tab") or request.GET.get("tab", "")
    return tab if tab in TABS else ""


def _address(name: str, lead: Lead, **query: str | list[str]) -> str:
    return f"{reverse(name, args=[lead.public_id])}?{urlencode(query, doseq=True)}"


def _back(request: HttpRequest, lead: Lead) -> HttpResponse:
    return redirect(address_of(lead, _tab(request)))


def _show_mistakes(request: HttpRequest, lead: Lead, name: str, form: forms.Form) -> HttpResponse:
    """The page as it was, with the form that was sent open."""
    tab = _tab(request)
    return show_lead(request, lead, {"tab": tab} if tab else {}, wrong={name: form})
