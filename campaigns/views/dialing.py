"""A campaign's rules for calling. How its dialer does is shown on the campaign's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from campaigns.access import campaign_of
from campaigns.dialing import check_campaign, standing_problems, steps_of
from campaigns.forms.changes import changed_values
from campaigns.forms.dialing import DialerForm
from campaigns.forms.steps import rearranged
from campaigns.forms.words import dialing_words, hours_words, problem_words
from campaigns.models import Campaign
from campaigns.presets import PRESETS
from campaigns.services import update_campaign
from common.forms import answer_form, sent
from common.notices import say

PAGE = "campaigns/dialer.html"


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def dialer_settings(request: HttpRequest, code: str) -> HttpResponse:
    campaign = campaign_of(workspace_of(request), code)
    if request.method == "POST" and "row" in request.POST:
        return _with_other_rows(request, campaign)
    form = _form(campaign, sent(request))
    if request.method == "POST" and "said" in request.GET:
        return render(request, "campaigns/_dialer_words.html", _meaning(form))
    preset = PRESETS.get(request.GET.get("preset", "")) if not form.is_bound else None
    if preset:
        form.fill(preset)

    def save() -> str:
        saved = update_campaign(campaign=campaign, by=actor_of(request), **changed_values(form))
        say(request, f"The rules of {saved.name} are saved.")
        return reverse("campaign", args=[saved.code])

    return answer_form(request, form, PAGE, save=save, **_page_of(campaign, form, preset=preset))


def _form(campaign: Campaign, data: Any) -> DialerForm:
    return DialerForm(data, workspace=campaign.workspace, instance=campaign, steps=steps_of(campaign))


def _page_of(campaign: Campaign, form: DialerForm, **more: Any) -> dict[str, Any]:
    meaning = {} if form.is_bound else {"words": dialing_words(campaign, form.rows.values())}
    return {"campaign": campaign, "hours": hours_words(campaign), "presets": PRESETS.values(), **meaning, **more}


def _meaning(form: DialerForm) -> dict[str, list[str]]:
    """What the settings mean as they are typed, or what contradicts; nothing while a field is wrong."""
    if not form.is_valid():
        return {}
    steps = form.rows.values()
    found = check_campaign(form.instance) | standing_problems(form.instance, steps_of(form.instance), steps)
    problems = problem_words(found)
    return {"problems": problems} if problems else {"words": dialing_words(form.instance, steps)}


def _with_other_rows(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """A row more, less or elsewhere: shown, not saved."""
    form = _form(campaign, rearranged(request.POST, request.POST["row"]))
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "campaigns/_dialer_steps.html", {"form": form, "campaign": campaign, "is_partial": True})
    return render(request, PAGE, {"form": form, **_page_of(campaign, form, **_meaning(form))})
