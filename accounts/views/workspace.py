from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.forms.workspace import WorkspaceSettingsForm
from accounts.models import AuditEvent, Membership, Role, Workspace
from accounts.queries import BY_KEYS, BY_SYSTEM, NAMES, Detail, audit_of, details_of, last_switch, words_of
from accounts.services import update_workspace
from calls.models import Dispatch, Interaction
from campaigns.models import Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from common.forms import field_errors, wants_check
from common.notices import say
from common.paging import page_of
from common.templatetags.face import SETTINGS_TABS, may
from leads.models import BulkChange, Lead
from webhooks.models import WebhookEndpoint
from webhooks.queries import trouble_of

MOST_PERSONS = 200


@role_required(Role.VIEWER)
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    member = membership_of(request)
    return redirect(next(name for _, name, role in SETTINGS_TABS if may(member, role)))


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def settings_workspace(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    # A copy: the page's frame must not show a name that was refused.
    form = WorkspaceSettingsForm(request.POST or None, instance=copy.copy(workspace), workspace=workspace)
    if wants_check(request):
        return field_errors(request, form)
    if form.is_valid():
        changed = update_workspace(workspace=workspace, by=actor_of(request), **form.cleaned_data)
        say(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return redirect("settings_workspace")
    context = {
        "form": form,
        "switched": last_switch(workspace),
        "calls": _calls_now(workspace),
        "webhook_trouble": trouble_of(workspace),
    }
    return render(request, "accounts/workspace.html", context, status=422 if form.errors else 200)


def _calls_now(workspace: Workspace) -> dict[str, int]:
    waiting = Q(dispatch=Dispatch.QUEUED)
    live = Interaction.objects.filter(workspace=workspace).live()
    return live.aggregate(waiting=Count("id", filter=waiting), running=Count("id", filter=~waiting))


@dataclass(frozen=True)
class AuditRow:
    event: AuditEvent
    what: str
    details: list[Detail]
    thing: str
    url: str

    @property
    def who(self) -> str:
        event = self.event
        if event.api_key:
            return f"API key {event.api_key.name}"
        return str(event.user or "LeadSail")


@role_required(Role.ADMIN)
@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    workspace, person = workspace_of(request), request.GET.get("person", "")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_of(audit_of(workspace, person=person), order=("-id",), after=after, before=before)
    asked = {"person": person} if person else {}
    context = {
        "rows": _audit_rows(workspace, page.rows),
        "persons": _persons(workspace),
        "person": person,
        "next_url": page.next_url(asked),
        "previous_url": page.previous_url(asked),
    }
    return render(request, "accounts/audit.html", context)


def _persons(workspace: Workspace) -> list[tuple[str, str]]:
    members = Membership.objects.filter(workspace=workspace).select_related("user").order_by("id")[:MOST_PERSONS]
    people = [(str(member.user_id), str(member.user)) for member in members]
    return [("", "Everybody"), *people, (BY_KEYS, "API keys"), (BY_SYSTEM, "LeadSail itself")]


Things = dict[tuple[str, str], tuple[str, str]]
# What has a page of its own: its rows, the field an event names it by, and the page.
PAGES: dict[str, tuple[QuerySet[Any], str, str]] = {
    "lead": (Lead.objects.all(), "public_id", "lead"),
    "campaign": (Campaign.objects.all(), "code", "campaign"),
    "agent": (VoiceAgent.objects.all(), "public_id", "agent_edit"),
    "template": (PromptTemplate.objects.all(), "public_id", "prompt_edit"),
    "account": (ProviderAccount.objects.all(), "public_id", "account_edit"),
    "bulk_change": (BulkChange.objects.all(), "public_id", "bulk"),
    "webhook": (WebhookEndpoint.objects.all(), "public_id", "webhook"),
}


def _audit_rows(workspace: Workspace, events: list[AuditEvent]) -> list[AuditRow]:
    things = _calls(workspace, events)
    for kind, (rows, field, page) in PAGES.items():
        for row in rows.filter(workspace=workspace, **{f"{field}__in": _ids(events, kind)}):
            number = getattr(row, field)
            things[kind, number] = (str(row), reverse(page, args=[number]))
    return [_audit_row(event, things) for event in events]


def _calls(workspace: Workspace, events: list[AuditEvent]) -> Things:
    calls = Interaction.objects.filter(workspace=workspace, public_id__in=_ids(events, "interaction"))
    return {
        ("interaction", call.public_id): (f"Call to {call.lead}", reverse("conversation", args=[call.public_id]))
        for call in calls.select_related("lead")
    }


def _ids(events: list[AuditEvent], kind: str) -> set[str]:
    return {event.object_id for event in events if event.object_type == kind}


def _audit_row(event: AuditEvent, things: Things) -> AuditRow:
    told = next((str(event.data[name]) for name in NAMES if event.data.get(name)), "")
    thing, url = things.get((event.object_type, event.object_id), (told, ""))
    return AuditRow(event, words_of(event), details_of(event), thing, url)
