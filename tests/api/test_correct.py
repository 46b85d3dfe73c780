from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from calls.models import Interaction
from campaigns.models import Campaign
from common import clock as business_clock
from leads.models import DoNotCall, Lead
from tests import world
from tests.provider_events import NEXT_WEEK
from tests.travel import Clock


@pytest.fixture
def call(lead: Lead) -> Interaction:
    return world.make_interaction(lead, status="completed", dispatch="placed", placed_at=business_clock.now())


def correct(api: Client, call: Interaction, **body: Any) -> Any:
    sent = {"reason": "I listened to it", **body}
    return api.post(f"/api/v1/interactions/{call.public_id}/correct", sent, content_type="application/json")


def test_the_given_outcome_stands_and_the_lead_follows(api: Client, call: Interaction, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00Z")
    data = correct(api, call, status="qualified").json()["data"]
    assert data["status"] == "qualified"
    assert data["correction"]["reportedStatus"] == "completed"
    assert data["correction"]["reason"] == "I listened to it"
    assert data["correction"]["at"].startswith("2026-11-20T15:00:0")
    assert Lead.objects.get().status == "qualified"


def test_the_reported_outcome_takes_the_correction_back(api: Client, call: Interaction) -> None:
    correct(api, call, status="qualified")
    data = correct(api, call, status="completed").json()["data"]
    assert (data["status"], data["correction"]) == ("completed", None)


def test_a_callback_has_its_time(api: Client, call: Interaction) -> None:
    data = correct(api, call, status="scheduled_callback", callbackAt=NEXT_WEEK).json()["data"]
    assert data["callbackAt"] == NEXT_WEEK.replace("+00:00", ".000Z")


def test_a_time_without_an_offset_is_utc(api: Client, call: Interaction) -> None:
    data = correct(api, call, status="scheduled_callback", callbackAt=NEXT_WEEK.replace("+00:00", "")).json()["data"]
    assert data["callbackAt"] == NEXT_WEEK.replace("+00:00", ".000Z")


def test_a_no_lists_the_number(api: Client, call: Interaction) -> None:
    assert correct(api, call, status="dnc").status_code == 200
    assert DoNotCall.objects.get().address == call.to_number


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "in_progress"}, "status"),
        ({"status": "done"}, "status"),
        ({"status": "qualified", "reason": "  "}, "reason"),
        ({"status": "qualified", "reason": "x" * 301}, "reason"),
        ({"status": "qualified", "reason": None}, "reason"),
        ({"status": "scheduled_callback"}, "callbackAt"),
        ({"status": "scheduled_callback", "callbackAt": None}, "callbackAt"),
        ({"status": "scheduled_callback", "callbackAt": "2001-01-01T10:00:00Z"}, "callbackAt"),
        ({"status": "scheduled_callback", "callbackAt": "next week"}, "callbackAt"),
        ({"status": "scheduled_callback", "callbackAt": "9999-12-31T23:59:59-12:00"}, "callbackAt"),
        ({"status": "qualified", "seen": "x"}, "seen"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    api: Client, call: Interaction, body: dict[str, Any], field: str
) -> None:
    answer = correct(api, call, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert [detail.partition(":")[0] for detail in answer.json()["error"]["details"]] == [field]
    call.refresh_from_db()
    assert call.status == "completed"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "in_progress"}, "NOT_CORRECTABLE"),
        ({"status": "error", "dispatch": "rejected"}, "NOT_CORRECTABLE"),
        ({"status": "qualified"}, "NO_CHANGE"),
    ],
)
def test_what_is_no_correction_is_refused_as_on_the_page(
    api: Client, call: Interaction, fields: dict[str, str], code: str
) -> None:
    Interaction.objects.update(**fields)
    answer = correct(api, call, status="qualified")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_another_workspaces_call_is_unknown(api: Client, elsewhere: Campaign) -> None:
    foreign = world.make_interaction(world.make_lead(elsewhere), status="completed", dispatch="placed")
    assert correct(api, foreign, status="qualified").status_code == 404


def test_a_key_that_may_only_read_corrects_nothing(call: Interaction) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(call.workspace, ("interactions:read", "calls:write"))})
    assert correct(reader, call, status="qualified").status_code == 403
