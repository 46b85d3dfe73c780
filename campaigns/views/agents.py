from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from campaigns.access import agent_of
from campaigns.forms.agent import AgentForm
from campaigns.forms.changes import changed_values
from campaigns.forms.choices import has_account, only_account
from campaigns.models import Campaign, VoiceAgent
from campaigns.services import create_agent, update_agent
from campaigns.usage import campaigns_by_agent
from common.forms import answer_form, sent
from common.notices import say
from common.paging import Page, page_of


@dataclass(frozen=True)
class AgentRow:
    agent: VoiceAgent
    campaigns: list[Campaign]


@role_required(Role.VIEWER)
@require_safe
def agent_list(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    page = _page(workspace, request)
    used = campaigns_by_agent(page.rows)
    context = {
        "rows": [AgentRow(agent, used[agent.pk]) for agent in page.rows],
        "previous_url": page.previous_url({}),
        "next_url": page.next_url({}),
        "has_account": bool(page.rows) or has_account(workspace),
    }
    return render(request, "campaigns/agents.html", context)


def _page(workspace: Workspace, request: HttpRequest) -> Page[VoiceAgent]:
    agents = VoiceAgent.objects.filter(workspace=workspace).select_related("account", "template", "caller_number")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    return page_of(agents, order=("name", "id"), after=after, before=before)


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def agent_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    form = AgentForm(sent(request), workspace=workspace, initial=only_account(workspace))

    def save() -> str:
        agent = create_agent(workspace=workspace, by=actor_of(request), **form.cleaned_data)
        say(request, f"{agent.name} is added.")
        return reverse("agent_list")

    return answer_form(request, form, "campaigns/agent.html", save=save, has_account=has_account(workspace))


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def agent_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    agent = agent_of(workspace_of(request), public_id)
    active = request.POST.get("active", request.GET.get("active"))
    if request.method == "POST" and active in ("0", "1"):
        return _set_active(request, agent, is_active=active == "1")
    return _edit(request, agent)


def _edit(request: HttpRequest, agent: VoiceAgent) -> HttpResponse:
    form = AgentForm(sent(request), workspace=agent.workspace, instance=agent)
    campaigns = campaigns_by_agent([agent])[agent.pk]

    def save() -> str:
        saved = update_agent(agent=agent, by=actor_of(request), **changed_values(form))
        say(request, f"{saved.name} is saved.")
        return reverse("agent_list")

    context = {"agent": agent, "stored_name": form.initial["name"], "campaigns": campaigns, "has_account": True}
    return answer_form(request, form, "campaigns/agent.html", save=save, **context)


def _set_active(request: HttpRequest, agent: VoiceAgent, *, is_active: bool) -> HttpResponse:
    update_agent(agent=agent, by=actor_of(request), is_active=is_active)
    done, back = ("activated", "0") if is_active else ("deactivated", "1")
    page = reverse("agent_edit", args=[agent.public_id])
    say(request, f"{agent.name} is {done}.", undo=f"{page}?active={back}")
    return redirect(page)
