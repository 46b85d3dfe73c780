from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from calls.models import Interaction
from campaigns.models import Campaign
from leads.models import Lead
from tests import world


def cancel(api: Client, call: Interaction, **headers: str) -> Any:
    return api.post(
        f"/api/v1/interactions/{call.public_id}/cancel", b"", content_type="application/json", headers=headers
    )


def test_a_waiting_call_is_taken_back(api: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    data = cancel(api, call).json()["data"]
    assert (data["status"], data["errorCode"], data["call"]["dispatch"]) == ("error", "CANCELLED", "withdrawn")
    assert data["errorMessage"] == "Cancelled by API key test."
    call.refresh_from_db()
    assert call.dispatch == "withdrawn"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"dispatch": "placing"}, "on its way"),
        ({"dispatch": "unknown"}, "on its way"),
        ({"dispatch": "placed"}, "on its way"),
        ({"dispatch": "placed", "status": "completed"}, "is over"),
        ({"dispatch": "withdrawn", "status": "error"}, "is over"),
    ],
)
def test_what_a_worker_has_taken_up_is_not_taken_back(
    api: Client, lead: Lead, fields: dict[str, str], word: str
) -> None:
    call = world.make_interaction(lead, **fields)
    answer = cancel(api, call)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NOT_CANCELLABLE")
    assert word in answer.json()["error"]["message"]
    call.refresh_from_db()
    assert call.dispatch == fields["dispatch"]


def test_sent_again_with_its_key_it_answers_the_same(api: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    first, second = (cancel(api, call, **{"Idempotency-Key": "c-1"}) for _ in range(2))
    assert (second.status_code, second.json()) == (200, first.json())


def test_another_workspaces_call_is_unknown(api: Client, elsewhere: Campaign) -> None:
    foreign = world.make_interaction(world.make_lead(elsewhere))
    assert cancel(api, foreign).status_code == 404
    foreign.refresh_from_db()
    assert foreign.dispatch == "queued"


def test_a_key_that_may_only_read_and_dial_cancels_nothing(lead: Lead) -> None:
    key = world.make_key(lead.workspace, ("interactions:read", "calls:write"))
    assert cancel(Client(headers={"X-API-Key": key}), world.make_interaction(lead)).status_code == 403
