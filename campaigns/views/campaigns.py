from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from calls.dialer_board import situation_of
from calls.figures import count_calls, count_outcomes
from calls.launch import Item, checklist, launch_campaign, missing, warnings
from campaigns.access import campaign_of
from campaigns.forms.campaign import CampaignForm, CampaignListForm
from campaigns.models import Campaign, VoiceAgent
from campaigns.services import create_campaign, set_campaign_status, update_campaign
from common.charts import Bar, share
from common.errors import ProblemError
from common.forms import answer_form, sent
from common.hours import (
    DAY_NAMES,
    Window,
    day_text,
    holidays_or_none,
    hours_or_closed,
    place,
    span_text,
    week_text,
)
from common.notices import say
from common.paging import page_of
from common.templatetags.face import FAMILY_OF
from leads.models import Lead
from webhooks.queries import webhooks_of_campaign

LIST_DAYS, CHART_DAYS = 7, 30


@dataclass(frozen=True)
class CampaignRow:
    campaign: Campaign
    hours: str
    calls: int


@dataclass(frozen=True)
class DayBar:
    """One day of the week with its windows in minutes, as start and length."""

    name: str
    windows: list[str]
    bars: list[Window]


@dataclass(frozen=True)
class ChecklistRow:
    item: Item
    url: str


@dataclass(frozen=True)
class Readiness:
    rows: list[ChecklistRow]
    missing: list[str]
    warnings: list[str]


@role_required(Role.VIEWER)
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = CampaignListForm(request.GET)
    campaigns = form.narrow(Campaign.objects.with_calling().filter(workspace=workspace))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_of(campaigns, order=("name", "id"), after=after, before=before)
    context = {
        "form": form,
        "rows": _rows(workspace, page.rows),
        "previous_url": page.previous_url(form.asked()),
        "next_url": page.next_url(form.asked()),
        "has_any": bool(page.rows) or Campaign.objects.filter(workspace=workspace).exists(),
        "days": LIST_DAYS,
    }
    return render(request, "campaigns/campaigns.html", context)


def _rows(workspace: Workspace, campaigns: list[Campaign]) -> list[CampaignRow]:
    calls = count_calls(workspace, campaigns, days=LIST_DAYS)
    return [CampaignRow(campaign, _hours_in_a_row(campaign), calls.get(campaign.pk, 0)) for campaign in campaigns]


def _hours_in_a_row(campaign: Campaign) -> str:
    """Under a heading that says: where the lead is."""
    hours = week_text(hours_or_closed(campaign.hours))
    return f"{hours} ({place(campaign.hours_zone)} time)" if campaign.hours_zone else hours


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = CampaignForm(sent(request), workspace=workspace, initial=_first_choices(workspace))

    def save() -> str:
        campaign = create_campaign(workspace=workspace, by=actor_of(request), **form.wanted())
        say(request, f"{campaign.name} is made. It calls nobody until you launch it.")
        return reverse("campaign", args=[campaign.code])

    return answer_form(request, form, "campaigns/campaign_form.html", save=save)


def _first_choices(workspace: Workspace) -> dict[str, object]:
    """Where there is one agent, it is meant; the first campaign is the default one."""
    agents = VoiceAgent.objects.filter(workspace=workspace, is_active=True).values_list("pk", flat=True)[:2]
    is_default = not Campaign.objects.filter(workspace=workspace, is_default=True).exists()
    return {"is_default": is_default} | ({"production_agent": agents[0]} if len(agents) == 1 else {})


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: HttpRequest, code: str) -> HttpResponse:
    campaign = campaign_of(workspace_of(request), code)
    form = CampaignForm(sent(request), workspace=campaign.workspace, instance=campaign)

    def save() -> str:
        saved = update_campaign(campaign=campaign, by=actor_of(request), **form.changes())
        say(request, f"{saved.name} is saved.")
        return reverse("campaign", args=[saved.code])

    context = {"campaign": campaign, "stored_name": form.initial["name"]}
    return answer_form(request, form, "campaigns/campaign_form.html", save=save, **context)


@role_required(Role.VIEWER)
@require_safe
def campaign_page(request: HttpRequest, code: str) -> HttpResponse:
    campaign = campaign_of(workspace_of(request), code)
    agent = campaign.production_agent
    context = {
        "campaign": campaign,
        "agent": agent,
        "caller_number": campaign.caller_number_for(agent) if agent else campaign.caller_number,
        "template": campaign.template or (agent.template if agent else None),
        "gap": span_text(campaign.min_gap_minutes),
        "week": _week(campaign),
        "holidays": len(holidays_or_none(campaign.holidays)),
        "outcomes": _outcomes(campaign),
        "board": situation_of(campaign),
        "days": CHART_DAYS,
        "readiness": _readiness(campaign),
        "test_lead": Lead.objects.filter(workspace=campaign.workspace, campaign=campaign, is_test=True).first(),
        "webhooks": webhooks_of_campaign(campaign.workspace, campaign.code),
    }
    return render(request, "campaigns/campaign.html", context)


def _week(campaign: Campaign) -> list[DayBar]:
    hours = hours_or_closed(campaign.hours)
    return [
        DayBar(name, [day_text([window]) for window in windows], [(start, end - start) for start, end in windows])
        for name, windows in zip(DAY_NAMES, hours, strict=True)
    ]


def _outcomes(campaign: Campaign) -> list[Bar]:
    counts = count_outcomes(campaign, days=CHART_DAYS)
    most = counts[0][1] if counts else 0
    asked = {"campaign": campaign.code, "days": CHART_DAYS}
    return [
        Bar(
            label=str(status.label),
            family=FAMILY_OF.get(status, "quiet"),
            count=count,
            share=share(count, most),
            url=f"{reverse('conversation_list')}?{urlencode({**asked, 'status': status.value})}",
        )
        for status, count in counts
    ]


def _readiness(campaign: Campaign) -> Readiness:
    items = checklist(campaign)
    return Readiness([ChecklistRow(item, _mend_url(item)) for item in items], missing(items), warnings(items))


def _mend_url(item: Item) -> str:
    args = [item.url_arg] if item.url_arg else []
    return reverse(item.url_name, args=args) if item.url_name else ""


@role_required(Role.ADMIN)
@require_POST
def campaign_status(request: HttpRequest, code: str) -> HttpResponse:
    campaign = campaign_of(workspace_of(request), code)
    act = request.POST.get("act") or request.GET.get("act", "")
    try:
        _move(request, campaign, act)
    except ProblemError as problem:
        messages.error(request, problem.message)
    return redirect("campaign", campaign.code)


MOVES = {
    "pause": (Campaign.Status.INACTIVE, "is paused: it calls nobody.", "launch"),
    "archive": (Campaign.Status.ARCHIVED, "is archived.", "restore"),
    "restore": (Campaign.Status.INACTIVE, "is back, and paused.", "archive"),
}


def _move(request: HttpRequest, campaign: Campaign, act: str) -> None:
    undo = reverse("campaign_status", args=[campaign.code])
    if act == "launch":
        if launch_campaign(campaign=campaign, by=actor_of(request)):
            say(request, f"{campaign.name} is launched: its leads may be called.", undo=f"{undo}?act=pause")
    elif act in MOVES:
        status, done, back = MOVES[act]
        if set_campaign_status(campaign=campaign, status=status, by=actor_of(request)):
            say(request, f"{campaign.name} {done}", undo=f"{undo}?act={back}")
