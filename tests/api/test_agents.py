from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent
from campaigns.models import Campaign, ProviderAccount, VoiceAgent
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send


@pytest.fixture
def agent(campaign: Campaign) -> VoiceAgent:
    assert campaign.production_agent
    return campaign.production_agent


def path(agent: VoiceAgent) -> str:
    return f"agents/{agent.public_id}"


def test_an_agent_is_told_with_the_campaigns_that_call_with_it(
    api: Client, campaign: Campaign, agent: VoiceAgent
) -> None:
    assert agent.template
    assert agent.caller_number
    world.make_campaign(agent, name="Old", status="archived")
    tested = world.make_campaign(None, campaign.workspace, name="Winter", status="inactive", test_agent=agent)
    assert get(api, path(agent)) == {
        "agentId": agent.public_id,
        "name": agent.name,
        "provider": "elevenlabs",
        "providerAgentId": agent.provider_agent_id,
        "accountId": agent.account.public_id,
        "templateId": agent.template.public_id,
        "callerNumberId": agent.caller_number.public_id,
        "active": True,
        "campaignIds": [campaign.code, tested.code],
        "createdAt": agent.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_the_list_has_the_newest_first_and_costs_the_same(api: Client, agent: VoiceAgent) -> None:
    get(api, "agents")
    before = count_queries(api, "agents")
    further = [world.make_agent(world.make_account(agent.workspace), template=agent.template) for _ in range(3)]
    for row in further:
        world.make_campaign(row)
    assert count_queries(api, "agents") == before
    page = get(api, "agents", limit=3)
    assert [row["agentId"] for row in page["agents"]] == [row.public_id for row in reversed(further)]
    assert (page["nextCursor"], page["hasMore"]) == (further[0].public_id, True)
    rest = get(api, "agents", cursor=page["nextCursor"])
    assert [row["agentId"] for row in rest["agents"]] == [agent.public_id]
    assert (rest["nextCursor"], rest["hasMore"]) == (None, False)


def test_an_agent_is_added_and_changed_and_the_key_is_on_record(
    api: Client, agent: VoiceAgent, account: ProviderAccount
) -> None:
    assert agent.template
    assert agent.caller_number
    found = post(
        api,
        "agents",
        {
            "name": "Nora",
            "accountId": account.public_id,
            "providerAgentId": "agent_nora",
            "templateId": agent.template.public_id,
            "callerNumberId": agent.caller_number.public_id,
        },
    )
    assert found["campaignIds"] == []
    changed = patch(api, f"agents/{found['agentId']}", {"active": False, "templateId": None})
    assert changed == found | {"active": False, "templateId": None}
    events = AuditEvent.objects.filter(object_id=found["agentId"]).order_by("id")
    assert [(event.verb, event.api_key) for event in events] == [
        ("agent.created", ApiKey.objects.get()),
        ("agent.changed", ApiKey.objects.get()),
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"name": ""}, "name: "),
        ({"name": None}, "name: "),
        ({"name": "a" * 81}, "name: "),
        ({"providerAgentId": ""}, "providerAgentId: "),
        ({"providerAgentId": 7}, "providerAgentId: "),
        ({"accountId": None}, "accountId: "),
        ({"active": "yes"}, "active: "),
        ({"provider": "elevenlabs"}, "provider: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field(api: Client, agent: VoiceAgent, sent: dict[str, Any], told: str) -> None:
    found = details_of(send(api, "patch", path(agent), sent))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_what_every_agent_needs_is_asked_for(api: Client, agent: VoiceAgent) -> None:
    found = details_of(send(api, "post", "agents", {}))
    assert sorted(line.split(":")[0] for line in found) == ["accountId", "name", "providerAgentId"]


def test_a_name_that_is_taken_is_told(api: Client, agent: VoiceAgent, account: ProviderAccount) -> None:
    other = world.make_agent(account)
    taken = ["name: Another agent has this name: choose one that tells them apart."]
    body = {"name": agent.name, "accountId": account.public_id, "providerAgentId": "x"}
    assert details_of(send(api, "post", "agents", body)) == taken
    assert details_of(send(api, "patch", path(other), {"name": agent.name})) == taken
    assert patch(api, path(agent), {"name": agent.name})["name"] == agent.name


def test_a_number_of_another_account_is_told_at_the_apis_field(api: Client, agent: VoiceAgent) -> None:
    foreign = world.make_number(world.make_account(agent.workspace), "+14155550111")
    found = details_of(send(api, "patch", path(agent), {"callerNumberId": foreign.public_id}))
    assert found[0].startswith("callerNumberId: ")
    assert "choose a number of that account" in found[0]


@pytest.mark.parametrize("name", ["accountId", "templateId", "callerNumberId"])
def test_an_id_of_another_workspace_is_not_there(
    api: Client, agent: VoiceAgent, elsewhere: Campaign, name: str
) -> None:
    theirs = elsewhere.production_agent
    assert theirs
    assert theirs.template
    assert theirs.caller_number
    ids = {
        "accountId": theirs.account.public_id,
        "templateId": theirs.template.public_id,
        "callerNumberId": theirs.caller_number.public_id,
    }
    error = error_of(send(api, "patch", path(agent), {name: ids[name]}), 404)
    assert error["code"] == "NOT_FOUND"
    assert error["details"][0].startswith(f"{name}: There is no ")
