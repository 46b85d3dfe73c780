"""Whatever a program sends to the endpoints of calls, it gets a 4xx in the envelope."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaigns.models import Campaign
from leads.models import Lead
from tests import world

URL = "/api/v1/voice/calls/initiate"


def send(api: Client, body: bytes, content_type: str = "application/json") -> Any:
    return api.post(URL, data=body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"lead"', 400),
        (b"{}", 400),
        (b'{"leadId": null}', 400),
        (b'{"leadId": {"a": 1}}', 400),
        (b'{"leadId": "a\\u0000b"}', 400),
        (b'{"leadId": "' + b"x" * 5000 + b'"}', 400),
        (b'{"leadId": "lead_x", "direction": "sideways"}', 400),
        (b'{"leadId": "lead_x", "isTest": "perhaps"}', 400),
        (b'{"leadId": "lead_x", "phone": ""}', 400),
        (b'{"leadId": "lead_x", "phone": "' + b"5" * 41 + b'"}', 400),
        (b'{"leadId": "lead_x", "phone": 14155550132}', 400),
        (b'{"leadId": "lead_x", "additionalInstructions": "' + b"x" * 5001 + b'"}', 400),
        (b"[" * 3000, 400),
        (b'{"a":' * 3000, 400),
        (b"\xff\xfe\x00", 400),
        (b'{"leadId": "lead_nobody"}', 404),
    ],
)
def test_a_bad_body_is_refused_in_the_envelope(api: Client, body: bytes, status: int) -> None:
    response = send(api, body)
    assert response.status_code == status
    assert response.json()["success"] is False
    assert response.json()["error"]["message"]


def test_a_body_of_twelve_megabytes_is_too_large(api: Client) -> None:
    assert send(api, b'{"leadId": "' + b"x" * 12_000_000 + b'"}').status_code == 413


def test_another_content_type_is_refused(api: Client) -> None:
    assert send(api, b"leadId=x", "application/x-www-form-urlencoded").status_code == 415


@pytest.mark.parametrize("lead_id", ["int_nobody", "x" * 3000, "-"])
def test_an_unknown_interaction_is_a_404(api: Client, lead_id: str) -> None:
    assert api.get(f"/api/v1/interactions/{lead_id}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/v1/interactions/int_%00", "/recordings/%00", "/hooks/elevenlabs/%00/", "/leads/%00/"]
)
def test_a_nul_in_the_address_is_a_404(api: Client, path: str) -> None:
    assert api.get(path).status_code == 404


def test_a_method_that_is_not_there_is_405(api: Client) -> None:
    assert api.get(URL).status_code == 405


def test_hours_that_cannot_be_read_are_closed_hours(api: Client, lead: Lead) -> None:
    Campaign.objects.update(hours={"someday": "maybe"})
    error = api.post(URL, {"leadId": lead.public_id}, content_type="application/json").json()["error"]
    assert error["code"] == "OUTSIDE_OPERATING_HOURS"


def test_another_workspaces_campaign_or_interaction_is_unknown(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    body = {"leadId": lead.public_id, "campaignId": elsewhere.code}
    foreign = world.make_interaction(world.make_lead(elsewhere))
    if Campaign.objects.filter(workspace=lead.workspace, code=elsewhere.code).exists():
        pytest.fail("two random codes met: run it again")
    assert api.post(URL, body, content_type="application/json").status_code == 404
    assert api.get(f"/api/v1/interactions/{foreign.public_id}").status_code == 404
