from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User, Workspace
from campaigns.models import Campaign, ProviderAccount, VoiceAgent
from campaigns.services import update_agent
from common.once import new_token
from tests import world

LIST, NEW = reverse("agent_list"), reverse("agent_new")


@pytest.fixture
def agent(campaign: Campaign) -> VoiceAgent:
    return VoiceAgent.objects.get()


def form(account: ProviderAccount, **fields: Any) -> dict[str, Any]:
    return {"name": "Luna", "account": account.pk, "provider_agent_id": "agent_luna"} | fields


def edit_url(agent: VoiceAgent) -> str:
    return reverse("agent_edit", args=[agent.public_id])


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 422
    found: dict[str, list[str]] = response.context["form"].errors
    return found


def test_an_agent_is_made(alice_client: Client, account: ProviderAccount) -> None:
    assert alice_client.post(NEW, form(account)).status_code == 302
    made = VoiceAgent.objects.get(name="Luna")
    assert (made.account, made.provider_agent_id, made.is_active) == (account, "agent_luna", True)
    assert AuditEvent.objects.filter(verb="agent.created", object_id=made.public_id).exists()


def test_sent_twice_it_is_made_once(alice_client: Client, alice: User, account: ProviderAccount, rf: Any) -> None:
    request = rf.get("/")
    request.user = alice
    sent = form(account, once=new_token(request))
    assert [alice_client.post(NEW, sent)["Location"] for _ in range(2)] == [LIST, LIST]
    assert VoiceAgent.objects.filter(name="Luna").count() == 1


def test_the_agents_of_the_provider_are_offered(alice_client: Client, account: ProviderAccount) -> None:
    account.directory = {"agents": [{"id": "agent_7", "name": "<Kirra>"}]}
    account.save()
    page = alice_client.get(NEW).content.decode()
    assert f'<option value="agent_7">&lt;Kirra&gt; ({account})</option>' in page
    assert 'list="provider-agents"' in page


def test_a_taken_name_is_told_at_the_field(alice_client: Client, agent: VoiceAgent) -> None:
    found = errors(alice_client.post(NEW, form(agent.account, name=agent.name)))
    assert "Another agent has this name" in found["name"][0]


def test_a_number_of_another_account_is_told_at_the_field(
    alice_client: Client, account: ProviderAccount, workspace: Workspace
) -> None:
    number = world.make_number(world.make_account(workspace), "+14155550111")
    found = errors(alice_client.post(NEW, form(account, caller_number=number.pk)))
    assert "choose a number of that account" in found["caller_number"][0]
    assert not VoiceAgent.objects.filter(name="Luna").exists()


def test_another_workspaces_parts_are_refused(
    alice_client: Client, account: ProviderAccount, elsewhere: Campaign
) -> None:
    theirs = elsewhere.production_agent
    assert theirs
    asked = {"account": theirs.account_id, "template": theirs.template_id, "caller_number": theirs.caller_number_id}
    assert set(errors(alice_client.post(NEW, form(account) | asked))) == set(asked)
    assert alice_client.get(edit_url(theirs)).status_code == 404
    assert alice_client.post(edit_url(theirs), {"active": "0"}).status_code == 404
    assert theirs.name not in alice_client.get(LIST).content.decode()


def test_a_change_is_saved_and_on_record(alice_client: Client, agent: VoiceAgent) -> None:
    before = agent.name
    sent = form(agent.account, provider_agent_id=agent.provider_agent_id, template=agent.template_id)
    alice_client.post(edit_url(agent), sent | {"caller_number": agent.caller_number_id})
    agent.refresh_from_db()
    assert agent.name == "Luna"
    event = AuditEvent.objects.get(verb="agent.changed")
    assert event.data == {"changes": {"name": [before, "Luna"]}}


def test_a_stale_edit_is_told(alice_client: Client, agent: VoiceAgent) -> None:
    seen = alice_client.get(edit_url(agent)).context["form"]["seen"].value()
    VoiceAgent.objects.update(provider_agent_id="agent_changed")
    found = errors(alice_client.post(edit_url(agent), form(agent.account, seen=seen)))
    assert "agent_changed" in found["__all__"][0]


def test_of_two_changes_at_the_same_moment_both_survive(
    alice_client: Client, agent: VoiceAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_second(**fields: Any) -> VoiceAgent:
        VoiceAgent.objects.update(name="Luna")
        return update_agent(**fields)

    monkeypatch.setattr("campaigns.views.agents.update_agent", save_second)
    page = alice_client.get(edit_url(agent)).context["form"]
    sent = {field.html_name: field.value() or "" for field in page} | {"provider_agent_id": "agent_new"}
    assert alice_client.post(edit_url(agent), sent).status_code == 302
    agent.refresh_from_db()
    assert (agent.name, agent.provider_agent_id) == ("Luna", "agent_new")


def test_deactivating_asks_with_the_campaigns_and_can_be_undone(alice_client: Client, agent: VoiceAgent) -> None:
    page = alice_client.get(edit_url(agent)).content.decode()
    assert "No more calls with it in: Spring kitchens." in page
    after = alice_client.post(edit_url(agent), {"active": "0"}, follow=True).content.decode()
    assert not VoiceAgent.objects.get(pk=agent.pk).is_active
    undo = f"{edit_url(agent)}?active=1"
    assert undo in after
    alice_client.post(undo)
    assert VoiceAgent.objects.get(pk=agent.pk).is_active


@pytest.mark.parametrize("person", ["bob_client", "vera_client"])
def test_who_is_no_admin_reads_and_is_refused(request: Any, agent: VoiceAgent, person: str) -> None:
    client = request.getfixturevalue(person)
    page = client.get(LIST).content.decode()
    assert agent.name in page
    assert NEW not in page
    assert edit_url(agent) not in page
    for url in (NEW, edit_url(agent)):
        assert client.get(url).status_code == 403
        assert client.post(url, form(agent.account)).status_code == 403


def test_queries_do_not_grow_with_rows(vera_client: Client, agent: VoiceAgent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(LIST)
        return len(captured)

    few = queries()
    for _ in range(20):
        world.make_campaign(world.make_agent(world.make_account(agent.workspace)))
    assert queries() == few
    assert few < 12


def test_without_an_account_the_way_leads_there_first(alice_client: Client, campaign: Campaign) -> None:
    campaign.delete()
    VoiceAgent.objects.all().delete()
    ProviderAccount.objects.update(is_active=False)
    for url in (LIST, NEW):
        page = alice_client.get(url).content.decode()
        assert reverse("account_new") in page
