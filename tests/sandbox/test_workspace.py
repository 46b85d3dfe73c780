from __future__ import annotations

from tests.sandbox.harness import COLLECTED, Tenant


def test_agent_shows_its_settings_and_a_patch_merges_them(tenant: Tenant) -> None:
    path = f"/v1/convai/agents/{tenant.agent_id}"
    before = tenant.ok("GET", path)
    assert before["platform_settings"]["data_collection"] == COLLECTED
    assert before["platform_settings"]["overrides"]["conversation_config_override"]["agent"]["language"] is False
    change = {"name": "Eve", "conversation_config": {"agent": {"prompt": {"prompt": "Be brief."}}}}
    after = tenant.ok("PATCH", path, change)
    assert after["name"] == "Eve"
    assert after["conversation_config"]["agent"]["prompt"]["prompt"] == "Be brief."
    assert after["conversation_config"]["agent"]["first_message"] == "Hello {{first_name}}, this is Ava."


def test_patch_replaces_data_collection_whole(tenant: Tenant) -> None:
    change = {"platform_settings": {"data_collection": {"budget": {"type": "number"}}}}
    after = tenant.ok("PATCH", f"/v1/convai/agents/{tenant.agent_id}", change)
    assert after["platform_settings"]["data_collection"] == {"budget": {"type": "number"}}


def test_agents_are_listed_in_pages_and_searched_by_name(tenant: Tenant) -> None:
    for _ in range(2):
        tenant.create_agent({})
    first = tenant.ok("GET", "/v1/convai/agents", page_size=2)
    rest = tenant.ok("GET", "/v1/convai/agents", page_size=2, cursor=first["next_cursor"])
    assert (len(first["agents"]), len(rest["agents"]), rest["has_more"]) == (2, 1, False)
    assert tenant.ok("GET", "/v1/convai/agents", search="zoe")["agents"] == []


def test_agent_without_conversation_config_gets_422(tenant: Tenant) -> None:
    assert tenant.request("POST", "/v1/convai/agents/create", {"name": "x"}).status_code == 422


def test_phone_numbers_are_a_plain_list(tenant: Tenant) -> None:
    numbers = tenant.ok("GET", "/v1/convai/phone-numbers")
    assert [number["provider"] for number in numbers] == ["twilio", "sip_trunk"]
    assert tenant.ok("GET", f"/v1/convai/phone-numbers/{tenant.sip}")["phone_number"] == "+15550001111"


def test_twilio_number_needs_sid_and_token(tenant: Tenant) -> None:
    body = {"provider": "twilio", "phone_number": "+15550001111", "label": "x"}
    answer = tenant.request("POST", "/v1/convai/phone-numbers", body)
    assert {problem["loc"][-1] for problem in answer.json()["detail"]} == {"sid", "token"}


def test_number_shows_the_agent_it_is_assigned_to(tenant: Tenant) -> None:
    key = tenant.create_number(provider="sip_trunk", agent_id=tenant.agent_id)
    assigned = tenant.ok("GET", f"/v1/convai/phone-numbers/{key}")["assigned_agent"]
    assert assigned == {"agent_id": tenant.agent_id, "agent_name": "Ava"}
