"""The requests of LeadSail's own documentation, word for word, and the answers that it shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Workspace
from calls.ingest.outcome import LEAD_STATUS
from calls.models import Dispatch, Interaction, Status, Transcript
from campaigns.models import Campaign, VoiceAgent
from common import clock
from leads.models import Lead
from tests import world
from tests.network import FakeNetwork

INITIATE = "/api/v1/voice/calls/initiate"


@pytest.fixture
def lead(campaign: Campaign) -> Lead:
    return world.make_lead(campaign, public_id="lead_abc123")


@pytest.fixture
def key(workspace: Workspace) -> str:
    return world.make_key(workspace)


def post(key: str, body: str) -> Any:
    """The headers of the sample: the content type, and the key in X-API-Key."""
    return Client().post(INITIATE, body, content_type="application/json", headers={"X-API-Key": key})


def test_the_sample_request_is_answered_as_shown(key: str, lead: Lead, network: FakeNetwork) -> None:
    response = post(key, '{    "leadId": "lead_abc123"  }')

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    call = Interaction.objects.get()
    assert response.json() == {
        "success": True,
        "data": {
            "interactionId": call.public_id,
            "leadId": "lead_abc123",
            "campaignId": lead.campaign.code,
            "agentId": call.agent.public_id,
        },
    }
    assert call.public_id.startswith("int_")
    assert network.asked == []  # placed asynchronously


def test_the_request_of_the_guide_is_answered(key: str, lead: Lead, network: FakeNetwork) -> None:
    body = """{
"leadId": "lead_abc123",
"direction": "outbound",
"additionalInstructions": "Ask about their timeline"
}"""
    assert post(key, body).json()["success"] is True
    assert Interaction.objects.get().additional_instructions == "Ask about their timeline"


@pytest.mark.parametrize(
    "more",
    [
        '"direction": "inbound"',
        '"phone": "+14155550133"',
        '"campaignId": "%(campaign)s"',
        '"additionalInstructions": "Speak slowly."',
        '"isTest": true',
    ],
)
def test_every_field_of_the_request_is_taken(key: str, lead: Lead, network: FakeNetwork, more: str) -> None:
    body = '{"leadId": "lead_abc123", ' + more % {"campaign": lead.campaign.code} + "}"
    assert post(key, body).json()["success"] is True


def test_a_mistake_is_answered_as_shown(key: str, lead: Lead) -> None:
    response = post(key, '{"leadId": 1}')
    assert response.status_code == 400
    error = response.json()["error"]
    assert response.json() == {
        "success": False,
        "error": {"code": "VALIDATION_ERROR", "message": "Invalid input data", "details": error["details"]},
    }
    assert all(isinstance(line, str) for line in error["details"])
    assert error["details"]


def test_without_a_key_the_answer_is_as_shown(lead: Lead) -> None:
    response = Client().post(INITIATE, '{"leadId": "lead_abc123"}', content_type="application/json")
    assert response.status_code == 401
    assert response.json() == {
        "success": False,
        "error": {"code": "UNAUTHORIZED", "message": "Authentication required"},
    }


def test_an_unknown_lead_is_answered_as_shown(key: str) -> None:
    response = post(key, '{"leadId": "lead_abc123"}')
    assert response.status_code == 404
    assert response.json() == {
        "success": False,
        "error": {
            "code": "NOT_FOUND",
            "message": "Resource not found",
            "details": ["leadId: There is no lead lead_abc123 in this workspace."],
        },
    }


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("phone", "INVALID_PHONE_NUMBER"),
        ("campaign", "CAMPAIGN_INACTIVE"),
        ("agent", "AGENT_NOT_CONFIGURED"),
        ("number", "MISSING_PHONE_NUMBER"),
        ("listed", "DO_NOT_CALL"),
        ("hours", "OUTSIDE_OPERATING_HOURS"),
        ("gap", "MIN_GAP_NOT_ELAPSED"),
        ("attempts", "MAX_ATTEMPTS_REACHED"),
        ("busy", "CALL_IN_PROGRESS"),
    ],
)
def test_each_check_before_the_call_refuses_by_its_code(
    key: str, lead: Lead, network: FakeNetwork, what: str, code: str
) -> None:
    spoil(lead, what)
    before = Interaction.objects.count()

    response = post(key, '{"leadId": "lead_abc123"}')

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, code)
    assert error["reasons"][0]["code"] == code
    assert set(error["reasons"][0]) == {"code", "message", "rule", "nextAllowedAt"}
    assert error["details"] == [reason["message"] for reason in error["reasons"]]
    assert Interaction.objects.count() == before


def spoil(lead: Lead, what: str) -> None:
    match what:
        case "phone":
            Lead.objects.update(phone="")
        case "campaign":
            Campaign.objects.update(status=Campaign.Status.INACTIVE)
        case "agent":
            Campaign.objects.update(production_agent=None)
        case "number":
            VoiceAgent.objects.update(caller_number=None)
        case "listed":
            lead.workspace.do_not_call.create(channel="phone", address=lead.phone)
        case "hours":
            Campaign.objects.update(hours={})
        case "gap":
            Campaign.objects.update(min_gap_minutes=240)
            ended(lead)
        case "attempts":
            Campaign.objects.update(max_attempts=1)
            ended(lead)
        case "busy":
            world.make_interaction(lead)


def ended(lead: Lead) -> None:
    now = clock.now()
    fields = {"dispatch": Dispatch.PLACED, "placed_at": now, "answered_at": now, "ended_at": now}
    world.make_interaction(lead, status=Status.COMPLETED, sent_at=now, **fields)


def test_a_transcript_has_role_message_timestamp_and_source(key: str, lead: Lead) -> None:
    call = world.make_interaction(lead, status=Status.QUALIFIED, dispatch=Dispatch.PLACED)
    lines = [
        {"timestamp": "2026-11-20T15:04:05Z", "role": "agent", "message": "Hello!", "source": "voice_ai"},
        {"timestamp": "2026-11-20T15:04:09Z", "role": "user", "message": "Hi.", "source": "voice_ai"},
    ]
    Transcript.objects.create(interaction=call, messages=lines)

    found = Client(headers={"X-API-Key": key}).get(f"/api/v1/interactions/{call.public_id}").json()["data"]

    assert found["type"] == "call"
    assert found["status"] == "qualified"
    assert found["transcript"] == lines


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("completed", "contacted"),
        ("incomplete", "contacted"),
        ("voicemail", "voicemail"),
        ("no_answer", "no_answer"),
        ("busy", "no_answer"),
        ("no_contact", "no_contact"),
        ("scheduled_callback", "scheduled_callback"),
        ("follow_up", "contacted"),
        ("qualified", "qualified"),
        ("disqualified", "disqualified"),
        ("dnc", "dnc"),
        ("error", "error"),
    ],
)
def test_each_outcome_gives_the_lead_the_status_of_the_table(outcome: str, status: str) -> None:
    assert LEAD_STATUS[outcome] == status
