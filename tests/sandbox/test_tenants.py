from __future__ import annotations

from tests.sandbox.harness import Tenant


def test_mallory_sees_nothing_of_alice(tenant: Tenant, mallory: Tenant) -> None:
    conversation_id = tenant.call("+15555550100")
    for path in (
        f"/v1/convai/agents/{tenant.agent_id}",
        f"/v1/convai/phone-numbers/{tenant.twilio}",
        f"/v1/convai/conversations/{conversation_id}",
        f"/v1/convai/conversations/{conversation_id}/audio",
    ):
        assert mallory.request("GET", path).status_code == 404
    assert mallory.ok("GET", "/v1/convai/conversations")["conversations"] == []
    assert [agent["agent_id"] for agent in mallory.ok("GET", "/v1/convai/agents")["agents"]] == [mallory.agent_id]
    hooks = mallory.ok("GET", "/v1/workspace/webhooks")["webhooks"]
    assert [hook["webhook_id"] for hook in hooks] == [mallory.webhook_id]


def test_mallory_changes_nothing_of_alice(tenant: Tenant, mallory: Tenant) -> None:
    conversation_id = tenant.call("+15555550100")
    agent, hook = f"/v1/convai/agents/{tenant.agent_id}", f"/v1/workspace/webhooks/{tenant.webhook_id}"
    assert mallory.request("PATCH", agent, {"name": "x"}).status_code == 404
    assert mallory.request("PATCH", hook, {"name": "x", "is_disabled": True}).status_code == 404
    assert mallory.request("DELETE", hook).status_code == 404
    assert mallory.request("DELETE", f"/v1/convai/conversations/{conversation_id}").status_code == 404
    assert tenant.conversation(conversation_id)["agent_name"] == "Ava"


def test_mallory_cannot_call_with_alices_agent_or_number(tenant: Tenant, mallory: Tenant) -> None:
    for field in ("agent_id", "agent_phone_number_id"):
        body = mallory.body("+15555550100")
        body[field] = tenant.body("+15555550100")[field]
        answer = mallory.post(body)
        assert answer.status_code == 404
        assert answer.json()["detail"]["status"] == "document_not_found"


def test_events_go_only_to_the_tenant_of_the_call(tenant: Tenant, mallory: Tenant) -> None:
    tenant.reported(tenant.call("+15555550100"), 1)
    assert len(tenant.so_far()) == 1
    assert mallory.so_far() == []
