"""First steps: what exists is done, what is missing has its button, the sandbox makes the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Role, User, Workspace
from calls.guide import guide_of, home_guide
from calls.jobs import set_up_sandbox
from campaigns.models import CallerNumber, Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from campaigns.prompts import find_mistakes
from campaigns.queries import variable_defaults
from common import clock
from common.http import NotSent
from common.once import new_token
from tests import world
from tests.network import FakeNetwork

MADE = (ProviderAccount, VoiceAgent, CallerNumber, PromptTemplate, Campaign)


@pytest.fixture
def empty(db: None, settings: Settings) -> Workspace:
    settings.SANDBOX_URL = "http://127.0.0.1:8010"
    return world.make_workspace("New")


def person(workspace: Workspace, role: Role) -> tuple[User, Client]:
    user, client = world.make_user(role.label, workspace, role), Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return user, client


@pytest.fixture
def owner(empty: Workspace) -> Client:
    return person(empty, Role.OWNER)[1]


def states(workspace: Workspace) -> str:
    workspace.refresh_from_db()
    return " ".join(step.state for step in guide_of(workspace).steps)


def counts() -> list[int]:
    return [model.objects.count() for model in MADE]


def text(client: Client) -> str:
    return client.get(reverse("guide")).content.decode()


def skip(client: Client, step: str, skipped: int = 1) -> Any:
    return client.post(f"{reverse('guide_skip')}?step={step}&skipped={skipped}")


def test_an_empty_workspace_begins_with_the_provider(owner: Client, empty: Workspace) -> None:
    page = text(owner)
    assert "0 of 7 steps done" in page
    assert "Use the built-in sandbox" in page
    assert reverse("account_new") in page
    assert reverse("agent_new") not in page
    assert "After “Connect a voice provider”" in page


def test_what_exists_is_done(campaign: Campaign, workspace: Workspace) -> None:
    assert states(workspace) == "done done done done done open open"
    lead = world.make_lead(campaign)
    assert states(workspace).endswith("done open")
    world.make_interaction(lead, dispatch="rejected", status="error")
    assert states(workspace).endswith("done open")
    world.make_interaction(lead, dispatch="placed")
    assert states(workspace).endswith("done done")
    assert home_guide(workspace) is None


def test_what_is_switched_off_is_open_again(campaign: Campaign, workspace: Workspace) -> None:
    Campaign.objects.update(status="inactive")
    VoiceAgent.objects.update(is_active=False)
    assert states(workspace) == "done open done done open open open"


def test_the_sandbox_button_makes_what_a_call_needs(owner: Client, empty: Workspace) -> None:
    owner.post(reverse("guide_sandbox"))
    assert states(empty) == "done done done done done open open"
    campaign = Campaign.objects.get()
    agent, version = campaign.production_agent, PromptTemplate.objects.get().current
    assert campaign.is_default
    assert agent
    assert version
    assert agent.caller_number
    assert agent.template
    assert agent.account.api_key.startswith("sk_sandbox_")
    known = variable_defaults(empty)
    assert find_mistakes(version.body, known) + find_mistakes(version.first_message, known) == []
    assert "an AI assistant" in version.first_message
    assert "not to be called again" in version.body
    assert "Setting up the sandbox…" in text(owner)


def test_a_double_click_makes_one_of_each(empty: Workspace) -> None:
    user, owner = person(empty, Role.OWNER)
    once = new_token(type("Request", (), {"user": user})())
    for data in ({"once": once}, {"once": once}, {}):
        assert owner.post(reverse("guide_sandbox"), data).status_code == 302
    assert counts() == [1, 1, 1, 1, 1]


def test_what_the_workspace_has_already_is_left_as_it_is(owner: Client, empty: Workspace) -> None:
    real = world.make_account(empty, name="Sandbox")
    world.make_template(empty, name="Ours")
    default = world.make_campaign(world.make_agent(real, name="Ava"), name="Try-out", is_default=True)
    owner.post(reverse("guide_sandbox"))
    assert counts() == [2, 2, 1, 1, 2]
    assert set(ProviderAccount.objects.values_list("name", flat=True)) == {"Sandbox", "Sandbox 2"}
    new = VoiceAgent.objects.get(name="Ava 2")
    assert new.template
    assert new.template.name == "Ours"
    default.refresh_from_db()
    assert default.is_default
    assert Campaign.objects.get(production_agent=new).name == "Try-out 2"


def test_a_set_up_that_fails_is_told_with_a_way_to_try_again(
    owner: Client, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.sandbox_setup.PATIENCE_SECONDS", 0)
    network.on("/v1/", NotSent("the host did not accept the connection"))
    owner.post(reverse("guide_sandbox"))
    set_up_sandbox(ProviderAccount.objects.get().pk)
    page = text(owner)
    assert "The sandbox is not ready" in page
    assert "the host did not accept the connection" in page
    assert "Try again" in page


def test_polling_ends_with_the_set_up_and_says_when_nobody_works(owner: Client, htmx: dict[str, str]) -> None:
    owner.post(reverse("guide_sandbox"))
    poll = f"{reverse('guide')}?part=body"
    assert owner.get(f"{poll}&v=waiting", headers=htmx).status_code == 204
    accounts = ProviderAccount.objects.all()
    accounts.update(check_asked_at=clock.real_now() - timedelta(seconds=31))
    silent = owner.get(f"{poll}&v=waiting", headers=htmx)
    assert silent.status_code == 200
    assert "No worker has answered" in silent.content.decode()
    accounts.update(checked_at=clock.real_now(), check_results=[{"name": "API key", "state": "ok", "text": "."}])
    done = owner.get(f"{poll}&v=silent", headers=htmx)
    assert done.status_code == 286
    assert "+1 415-555-0101" in done.content.decode()


def test_a_step_can_be_left_out_and_taken_up_again(owner: Client, empty: Workspace) -> None:
    assert skip(owner, "template").headers["Location"] == f"{reverse('guide')}#template"
    assert states(empty).split()[3] == "skipped"
    skip(owner, "template", 0)
    assert states(empty).split()[3] == "open"
    assert skip(owner, "coffee").status_code == 404


def test_the_guide_ends_when_every_step_is_done_or_left_out(owner: Client, empty: Workspace) -> None:
    for step in ("account", "agent", "number", "template", "campaign", "lead", "call"):
        skip(owner, step)
    page = text(owner)
    assert "What comes next" in page
    assert "Nothing is left to do" in page
    empty.refresh_from_db()
    assert home_guide(empty) is None


def test_the_guide_can_be_put_away_and_brought_back(owner: Client, empty: Workspace) -> None:
    answer = owner.post(f"{reverse('guide_close')}?closed=1")
    assert answer.headers["Location"] == reverse("home")
    empty.refresh_from_db()
    assert home_guide(empty) is None
    assert "Show on the home page again" in text(owner)
    owner.post(f"{reverse('guide_close')}?closed=0")
    empty.refresh_from_db()
    assert home_guide(empty)


def test_a_member_sees_only_what_they_may_do(empty: Workspace) -> None:
    member = person(empty, Role.MEMBER)[1]
    page = text(member)
    assert "An admin is still setting up" in page
    assert [step.key for step in member.get(reverse("guide")).context["steps"]] == ["lead", "call"]
    for url in (reverse("guide_sandbox"), reverse("guide_skip"), reverse("guide_close")):
        assert url not in page
        assert member.post(url).status_code == 403
    assert counts() == [0, 0, 0, 0, 0]


def test_a_viewer_has_no_guide(empty: Workspace) -> None:
    assert person(empty, Role.VIEWER)[1].get(reverse("guide")).status_code == 403


def test_another_workspaces_account_is_not_set_up(owner: Client, mallory_client: Client) -> None:
    owner.post(reverse("guide_sandbox"))
    account = ProviderAccount.objects.get(host="sandbox")
    assert mallory_client.post(reverse("guide_sandbox"), {"account": account.public_id}).status_code == 404


def test_without_a_sandbox_none_is_offered(owner: Client, settings: Settings) -> None:
    settings.SANDBOX_URL = ""
    assert "built-in sandbox" not in text(owner)
    assert owner.post(reverse("guide_sandbox")).status_code == 404


def test_the_page_costs_few_queries_whatever_there_is(owner: Client, empty: Workspace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(owner)
        return len(captured)

    assert queries() <= 8
    owner.post(reverse("guide_sandbox"))
    for number in range(5):
        world.make_lead(Campaign.objects.get(), phone=f"+1415555013{number}")
    assert queries() <= 8
