"""POST /voice/calls/initiate, as LeadSail documents it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import KeptAnswer
from calls.dispatch.placing import dial
from calls.ingest.merge import apply_report
from calls.models import Interaction
from calls.providers.elevenlabs import reports
from campaigns.models import CallerNumber, Campaign, VoiceAgent
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import provider_events as events
from tests import world
from tests.network import FakeNetwork
from tests.travel import Clock

URL = "/api/v1/voice/calls/initiate"


def initiate(api: Client, lead: Lead | str, **body: Any) -> Any:
    headers = body.pop("headers", None)
    lead_id = lead if isinstance(lead, str) else lead.public_id
    return api.post(URL, {"leadId": lead_id, **body}, content_type="application/json", headers=headers)


def refused(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 400
    assert Interaction.objects.count() == 0
    error: dict[str, Any] = answer.json()["error"]
    return error


@pytest.fixture
def test_agent(campaign: Campaign) -> VoiceAgent:
    number = CallerNumber.objects.get()
    agent = world.make_agent(number.account, caller_number=number, template=world.make_template(campaign.workspace))
    Campaign.objects.update(test_agent=agent)
    return agent


SEEDS = [
    '{"leadId": "lead_abc123"}',
    '{"leadId": "lead_abc123", "direction": "outbound", "additionalInstructions": "Ask about their timeline"}',
]


@pytest.mark.parametrize("body", SEEDS)
def test_the_bodies_of_the_documentation_make_a_call(api: Client, lead: Lead, campaign: Campaign, body: str) -> None:
    Lead.objects.update(public_id="lead_abc123")
    answer = api.post(URL, data=body, content_type="application/json")
    call = Interaction.objects.get()
    assert campaign.production_agent
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "success": True,
            "data": {
                "interactionId": call.public_id,
                "leadId": "lead_abc123",
                "campaignId": campaign.code,
                "agentId": campaign.production_agent.public_id,
            },
        },
    )
    assert (call.status, call.origin, call.direction, call.is_test) == ("in_progress", "api", "outbound", False)
    assert call.additional_instructions == json.loads(body).get("additionalInstructions", "")


def test_null_counts_as_not_given(api: Client, lead: Lead) -> None:
    nothing = dict.fromkeys(("phone", "campaignId", "additionalInstructions", "isTest", "direction"))
    assert initiate(api, lead, **nothing).status_code == 200
    call = Interaction.objects.get()
    assert (call.to_number, call.direction, call.is_test) == (lead.phone, "outbound", False)


def test_a_refusal_has_the_weightiest_code_and_every_reason(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T03:00:00-08:00")
    Campaign.objects.update(status="inactive", hours={"fri": [["09:00", "17:00"]]})
    error = refused(initiate(api, lead))
    assert error["code"] == "CAMPAIGN_INACTIVE"
    assert [reason["code"] for reason in error["reasons"]] == ["CAMPAIGN_INACTIVE", "OUTSIDE_OPERATING_HOURS"]
    assert error["details"] == [reason["message"] for reason in error["reasons"]]
    assert {tuple(reason) for reason in error["reasons"]} == {("code", "message", "rule", "nextAllowedAt")}
    assert (error["reasons"][1]["nextAllowedAt"], error["nextAllowedAt"]) == ("2026-11-20T17:00:00.000Z", None)


@pytest.mark.parametrize(
    "phone",
    [
        "abc",
        "555",
        "+1",
        "4155550188",
        "+1 415 555 0188",
        "(415) 555-0188",
        "0014155550188",
        " +14155550188",
        "٤١٥",
        " ",
    ],
)
def test_a_text_that_is_no_number_in_e164_is_an_invalid_number(api: Client, lead: Lead, phone: str) -> None:
    error = refused(initiate(api, lead, phone=phone))
    assert error["code"] == "INVALID_PHONE_NUMBER"
    assert "+14155550132" in error["message"]


@pytest.mark.parametrize("phone", [14155550188, True, ["+14155550188"], {}, "", "5" * 41])
def test_a_phone_of_another_type_or_too_long_is_invalid_input(api: Client, lead: Lead, phone: object) -> None:
    error = refused(initiate(api, lead, phone=phone))
    assert error["code"] == "VALIDATION_ERROR"
    assert error["details"][0].startswith("phone: ")


def test_another_number_is_called_and_not_saved(api: Client, lead: Lead) -> None:
    assert initiate(api, lead, phone="+14155550188").status_code == 200
    assert Interaction.objects.get().to_number == "+14155550188"
    assert Lead.objects.get().phone == lead.phone
    assert lead.phones.count() == 0


def test_another_number_passes_the_whole_gate(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T10:00:00-08:00")
    Campaign.objects.update(hours={"fri": [["09:00", "17:00"]]})
    Lead.objects.update(timezone="")
    add_to_do_not_call(workspace=lead.workspace, address="+442079460123", by=SYSTEM)
    error = refused(initiate(api, lead, phone="+442079460123"))
    assert [reason["code"] for reason in error["reasons"]] == ["DO_NOT_CALL", "OUTSIDE_OPERATING_HOURS"]


def test_a_lead_without_a_number_is_called_on_the_given_one(api: Client, lead: Lead) -> None:
    Lead.objects.update(phone="")
    assert initiate(api, lead).json()["error"]["code"] == "INVALID_PHONE_NUMBER"
    assert initiate(api, lead, phone="+14155550188").status_code == 200


@pytest.mark.parametrize("campaign_id", ["ZZZZZ", "x" * 40])
def test_an_unknown_campaign_is_a_404(api: Client, lead: Lead, campaign_id: str) -> None:
    answer = initiate(api, lead, campaignId=campaign_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_the_campaign_may_be_another_one_in_small_letters(api: Client, lead: Lead, campaign: Campaign) -> None:
    other = world.make_campaign(campaign.production_agent, name="Autumn")
    assert initiate(api, lead, campaignId=other.code.lower()).json()["data"]["campaignId"] == other.code
    assert Lead.objects.get().campaign == campaign


def test_a_key_that_may_only_read_makes_no_call(lead: Lead) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(lead.workspace, ("interactions:read", "interactions:write"))})
    assert initiate(reader, lead).status_code == 403
    assert Interaction.objects.count() == 0


@pytest.mark.parametrize("status", ["inactive", "archived"])
def test_a_test_calls_with_the_test_agent_though_the_campaign_is_not_active(
    api: Client, lead: Lead, test_agent: VoiceAgent, status: str
) -> None:
    Campaign.objects.update(status=status)
    assert initiate(api, lead, isTest=True).json()["data"]["agentId"] == test_agent.public_id
    assert Interaction.objects.get().is_test


def test_a_test_without_a_test_agent_calls_with_the_production_agent(
    api: Client, lead: Lead, campaign: Campaign
) -> None:
    assert campaign.production_agent
    data = initiate(api, lead, isTest=True).json()["data"]
    assert data["agentId"] == campaign.production_agent.public_id


def test_a_test_skips_no_other_check(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T03:00:00-08:00")
    Campaign.objects.update(status="inactive", hours={"fri": [["09:00", "17:00"]]})
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    error = refused(initiate(api, lead, isTest=True))
    assert [reason["code"] for reason in error["reasons"]] == ["DO_NOT_CALL", "OUTSIDE_OPERATING_HOURS"]


@pytest.mark.parametrize(("is_test_lead", "status", "attempts"), [(False, "new", 0), (True, "qualified", 1)])
def test_a_test_moves_only_a_test_lead(
    api: Client, lead: Lead, network: FakeNetwork, is_test_lead: bool, status: str, attempts: int
) -> None:
    Lead.objects.update(is_test=is_test_lead)
    network.accept_calls()
    initiate(api, lead, isTest=True)
    call = Interaction.objects.get()
    dial(call.pk, "t1")
    report = reports.read_event(events.transcription(wish="qualified")).report
    assert report
    apply_report(call.pk, report)
    assert (Lead.objects.get().status, Interaction.objects.attempts().count()) == (status, attempts)


def test_inbound_dials_out_and_is_given_to_the_prompt(api: Client, lead: Lead, network: FakeNetwork) -> None:
    agent = VoiceAgent.objects.get()
    agent.template = world.make_template(lead.workspace, body="An {{call_direction}} call by an AI.")
    agent.save()
    network.accept_calls()
    initiate(api, lead, direction="inbound")
    call = Interaction.objects.get()
    dial(call.pk, "t1")
    assert (call.direction, call.to_number) == ("inbound", lead.phone)
    sent = network.dials[0].json["conversation_initiation_client_data"]
    assert sent["conversation_config_override"]["agent"]["prompt"]["prompt"].startswith("An inbound call by an AI.")
    assert sent["dynamic_variables"]["call_direction"] == "inbound"


def test_instructions_stand_word_for_word_at_the_end_of_the_prompt(
    api: Client, lead: Lead, network: FakeNetwork
) -> None:
    """Braces are kept apart on their way out, or the provider would look for variables of its own in them."""
    said = "Frag nach dem Zeitplan 🕰️\n\n- {first_name} is no variable, {{first_name}} neither\n- שלום"
    network.accept_calls()
    initiate(api, lead, additionalInstructions=said)
    call = Interaction.objects.get()
    dial(call.pk, "t1")
    assert call.additional_instructions == said
    assert call.prompt.prompt.endswith(said.replace("{{", "{ {").replace("}}", "} }"))


@pytest.mark.parametrize(("length", "status"), [(5000, 200), (5001, 400)])
def test_instructions_have_at_most_5000_characters(api: Client, lead: Lead, length: int, status: int) -> None:
    assert initiate(api, lead, additionalInstructions="ü" * length).status_code == status


def test_the_second_call_is_told_the_first_ones_id(api: Client, lead: Lead) -> None:
    first = initiate(api, lead).json()["data"]["interactionId"]
    error = initiate(api, lead).json()["error"]
    assert (error["code"], error["interactionId"]) == ("CALL_IN_PROGRESS", first)


def test_sent_again_with_its_key_it_answers_the_same_and_dials_once(api: Client, lead: Lead) -> None:
    first, second = (initiate(api, lead, headers={"Idempotency-Key": "order-17"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Interaction.objects.count() == 1


def test_the_key_with_another_body_is_a_conflict(api: Client, lead: Lead) -> None:
    key = {"Idempotency-Key": "order-17"}
    initiate(api, lead, headers=key)
    assert initiate(api, lead, isTest=True, headers=key).status_code == 409


def test_a_refused_request_keeps_nothing_and_may_be_sent_again(api: Client, lead: Lead) -> None:
    key = {"Idempotency-Key": "order-17"}
    Campaign.objects.update(status="inactive")
    refused(initiate(api, lead, headers=key))
    assert KeptAnswer.objects.count() == 0
    Campaign.objects.update(status="active")
    assert initiate(api, lead, headers=key).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_ten_equal_requests_at_once_with_a_key_make_one_call() -> None:
    answers = ten_at_once({"Idempotency-Key": "order-17"})
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 9


@pytest.mark.django_db(transaction=True)
def test_ten_equal_requests_at_once_without_a_key_make_one_call() -> None:
    answers = ten_at_once({})
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    [made] = [answer.json()["data"] for answer in answers if answer.status_code == 200]
    errors = [answer.json()["error"] for answer in answers if answer.status_code == 400]
    assert {(error["code"], error["interactionId"]) for error in errors} == {
        ("CALL_IN_PROGRESS", made["interactionId"])
    }


def ten_at_once(headers: dict[str, str]) -> list[Any]:
    lead = world.make_lead(world.make_calling_workspace())
    headers = headers | {"X-API-Key": world.make_key(lead.workspace)}
    start, answers = threading.Barrier(10), []

    def ask() -> None:
        try:
            start.wait()
            answers.append(initiate(Client(headers=headers), lead))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Interaction.objects.count() == 1
    return answers
