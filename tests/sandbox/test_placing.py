from __future__ import annotations

import pytest

from tests.sandbox.harness import OVERRIDES, Tenant

TO = "+15555550100"


@pytest.mark.parametrize("via", ["twilio", "sip"])
def test_missing_fields_are_all_named_in_a_422(tenant: Tenant, via: str) -> None:
    answer = tenant.post({}, via)
    assert answer.status_code == 422
    missing = {(tuple(problem["loc"]), problem["type"]) for problem in answer.json()["detail"]}
    fields = ("agent_id", "agent_phone_number_id", "to_number")
    assert missing == {(("body", field), "missing") for field in fields}


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"to_number": 15555550100}, ["body", "to_number"]),
        (
            {"telephony_call_config": {"ringing_timeout_secs": 1000}},
            ["body", "telephony_call_config", "ringing_timeout_secs"],
        ),
        (
            {"conversation_initiation_client_data": {"dynamic_variables": {"x": [1]}}},
            ["body", "conversation_initiation_client_data", "dynamic_variables", "x"],
        ),
        (
            {"conversation_initiation_client_data": {"dynamic_variables": {"system__x": "1"}}},
            ["body", "conversation_initiation_client_data", "dynamic_variables", "system__x"],
        ),
    ],
)
def test_wrong_field_gets_422_with_its_location(tenant: Tenant, change: dict[str, object], location: list[str]) -> None:
    answer = tenant.post({**tenant.body(TO), **change})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == location


def test_body_that_is_not_json_gets_422(tenant: Tenant) -> None:
    answer = tenant.http.post(f"{tenant.box.url}/v1/convai/twilio/outbound-call", data="{", timeout=5)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


def test_unknown_agent_gets_404(tenant: Tenant) -> None:
    answer = tenant.post({**tenant.body(TO), "agent_id": "agent_x"})
    assert answer.status_code == 404
    assert answer.json() == {
        "detail": {"status": "document_not_found", "message": "Document with id agent_x not found."}
    }


def test_twilio_call_from_a_sip_number_gets_400(tenant: Tenant) -> None:
    answer = tenant.post({**tenant.body(TO), "agent_phone_number_id": tenant.sip})
    assert answer.status_code == 400
    assert answer.json()["detail"]["status"] == "invalid_provider_config"


def test_number_that_is_not_e164_gets_400(tenant: Tenant) -> None:
    assert tenant.post(tenant.body("555 0100")).status_code == 400


def test_twilio_answers_with_camel_case_call_sid(tenant: Tenant) -> None:
    answer = tenant.post(tenant.body(TO)).json()
    assert answer["success"] is True
    assert answer["callSid"].startswith("CA")
    assert tenant.conversation(answer["conversation_id"])["metadata"]["phone_call"]["type"] == "twilio"


def test_sip_answers_with_sip_call_id(tenant: Tenant) -> None:
    answer = tenant.post(tenant.body(TO, "sip"), "sip").json()
    assert answer["sip_call_id"].startswith("SCL_")
    assert tenant.conversation(answer["conversation_id"])["metadata"]["phone_call"]["type"] == "sip_trunking"


def test_overridden_first_message_is_spoken_with_its_variables(tenant: Tenant) -> None:
    override = {"agent": {"first_message": "Hi {{ first_name }}, {{vip}} {{balance}}.", "prompt": {"prompt": "Go."}}}
    client_data = {"conversation_config_override": override}
    variables = {"first_name": "Анна", "vip": True, "balance": 12.5}
    client_data["dynamic_variables"] = variables  # type: ignore[assignment]
    done = tenant.finished(tenant.call(TO, client_data=client_data))
    assert done["transcript"][0]["role"] == "agent"
    assert done["transcript"][0]["message"] == "Hi Анна, true 12.5."


@pytest.mark.parametrize("part", [{"first_message": "Hi {{nobody}}"}, {"prompt": {"prompt": "Sell {{nobody}}"}}])
def test_missing_variable_fails_the_call_at_once(tenant: Tenant, part: dict[str, object]) -> None:
    done = tenant.finished(tenant.call(TO, client_data={"conversation_config_override": {"agent": part}}))
    assert done["status"] == "failed"
    assert done["transcript"] == []
    assert done["metadata"]["error"]["reason"].startswith("Missing required dynamic variables in ")
    assert "'nobody'" in done["metadata"]["error"]["reason"]


def test_override_that_is_not_enabled_fails_the_call(tenant: Tenant) -> None:
    override = {"agent": {"first_message": "Hi", "prompt": {"prompt": "x"}}, "tts": {"voice_id": "v"}}
    done = tenant.finished(tenant.call(TO, client_data={"conversation_config_override": override}))
    assert done["metadata"]["error"] == {
        "code": 1008,
        "reason": "Override for field 'voice_id' is not allowed by config.",
    }


def test_override_works_after_it_is_enabled_by_patch(tenant: Tenant) -> None:
    tenant.agent_id = tenant.create_agent({}, overrides={})
    client_data = {"conversation_config_override": {"agent": {"first_message": "Hi"}}}
    assert tenant.finished(tenant.call(TO, client_data=client_data))["status"] == "failed"
    tenant.ok("PATCH", f"/v1/convai/agents/{tenant.agent_id}", {"platform_settings": {"overrides": OVERRIDES}})
    assert tenant.finished(tenant.call(TO, client_data=client_data))["status"] == "done"


def test_client_data_comes_back_with_system_variables(tenant: Tenant) -> None:
    conversation_id = tenant.call(TO)
    data = tenant.conversation(conversation_id)["conversation_initiation_client_data"]
    assert data["user_id"] == "lead-1"
    assert data["dynamic_variables"]["first_name"] == "Anna"
    assert data["dynamic_variables"]["system__conversation_id"] == conversation_id


def test_agent_without_data_collection_collects_nothing(tenant: Tenant) -> None:
    tenant.agent_id = tenant.create_agent({})
    assert tenant.finished(tenant.call("+15555550101"))["analysis"]["data_collection_results"] == {}
