from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Workspace
from campaigns.models import Campaign, PromptTemplate, VoiceAgent
from common.paging import PAGE_SIZE
from tests import world

LIST = reverse("prompt_list")


def names(client: Client, url: str = LIST, **asked: str) -> list[str]:
    return [template.name for template in client.get(url, asked).context["templates"]]


@pytest.fixture
def named(workspace: Workspace) -> list[PromptTemplate]:
    PromptTemplate.objects.update(name="Alpha")
    return [world.make_template(workspace, name=name) for name in ("Gamma", "Beta")]


def test_it_lists_by_name_and_searches(vera_client: Client, named: list[PromptTemplate]) -> None:
    assert names(vera_client) == ["Alpha", "Beta", "Gamma"]
    assert names(vera_client, q=" bET ") == ["Beta"]
    assert "No prompt has this name" in vera_client.get(LIST, {"q": "%"}).content.decode()


def test_it_says_who_calls_with_it(vera_client: Client, named: list[PromptTemplate], campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(template=named[0])
    page = vera_client.get(LIST, {"q": "Gamma"}).content.decode()
    assert "<bdi>Spring kitchens</bdi>" in page
    assert "Nobody yet" in vera_client.get(LIST, {"q": "Beta"}).content.decode()


def test_many_users_are_cut(vera_client: Client, named: list[PromptTemplate], campaign: Campaign) -> None:
    for i in range(5):
        world.make_campaign(campaign.production_agent, name=f"Campaign {i}", template=named[0])
    page = vera_client.get(LIST, {"q": "Gamma"}).content.decode()
    assert "Campaign 2" in page
    assert "Campaign 3" not in page
    assert "and more" in page


def test_pages_follow_each_other(vera_client: Client, workspace: Workspace) -> None:
    PromptTemplate.objects.all().update(name="000")
    PromptTemplate.objects.bulk_create(
        PromptTemplate(workspace=workspace, name=f"{i:03}") for i in range(1, PAGE_SIZE + 2)
    )
    first = vera_client.get(LIST)
    following = names(vera_client, LIST + first.context["next_url"])
    assert [template.name for template in first.context["templates"]][-1] == f"{PAGE_SIZE - 1:03}"
    assert following == [f"{PAGE_SIZE:03}", f"{PAGE_SIZE + 1:03}"]


def test_queries_do_not_grow_with_rows(vera_client: Client, workspace: Workspace, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(LIST)
        return len(captured)

    few = queries()
    agent = campaign.production_agent
    assert agent
    for i in range(15):
        template = world.make_template(workspace)
        world.make_campaign(agent, name=f"C{i}", template=template)
        world.make_agent(agent.account, template=template)
    assert queries() == few
    assert few < 12


def test_an_empty_workspace_says_what_to_do_first(
    alice_client: Client, vera_client: Client, workspace: Workspace
) -> None:
    VoiceAgent.objects.update(template=None)
    PromptTemplate.objects.update(workspace=world.make_workspace("Other"))
    assert "New prompt" in alice_client.get(LIST).content.decode()
    page = vera_client.get(LIST).content.decode()
    assert "No prompts yet" in page
    assert reverse("prompt_new") not in page


def test_the_other_workspaces_prompts_are_not_there(mallory_client: Client, named: list[PromptTemplate]) -> None:
    assert "Gamma" not in names(mallory_client)


def test_htmx_gets_the_part(vera_client: Client, named: list[PromptTemplate], htmx: dict[str, str]) -> None:
    part = vera_client.get(LIST, headers=htmx)
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
