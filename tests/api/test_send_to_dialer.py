"""Leads sent to the auto-dialer by the API, each with an answer of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from calls.models import DialerEntry
from campaigns.models import Campaign
from campaigns.services import update_campaign
from common.hours import DAYS
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import world
from tests.api.asking import details_of, post, send
from tests.travel import Clock

PATH = "leads/send-to-auto-dialer"


@pytest.fixture
def dialer(campaign: Campaign, clock: Clock) -> Campaign:
    clock.at("2026-11-20T07:00:00-08:00")
    Campaign.objects.update(dialer="on")
    hours = {day: [["09:00", "18:00"]] for day in DAYS}
    return update_campaign(campaign=campaign, by=SYSTEM, hours=hours)


def make(campaign: Campaign, number: int, **fields: Any) -> Lead:
    return world.make_lead(campaign, f"+141555501{number:02}", **fields)


def sent(api: Client, *ids: str) -> dict[str, Any]:
    return post(api, PATH, {"leadIds": list(ids)})


def test_each_lead_gets_its_next_allowed_time(api: Client, dialer: Campaign) -> None:
    here, there = make(dialer, 1), make(dialer, 2, timezone="America/New_York", timezone_source="user_input")
    assert sent(api, here.public_id, there.public_id) == {
        "succeeded": 2,
        "failed": [],
        "details": [
            {"leadId": here.public_id, "nextCallTime": "2026-11-20T17:00:00.000Z"},
            {"leadId": there.public_id, "nextCallTime": "2026-11-20T15:00:00.000Z"},
        ],
    }


def test_one_that_cannot_be_sent_keeps_back_none_of_the_others(
    api: Client, dialer: Campaign, elsewhere: Campaign
) -> None:
    good, no_phone, listed = make(dialer, 1), world.make_lead(dialer, ""), make(dialer, 3)
    add_to_do_not_call(workspace=dialer.workspace, by=SYSTEM, channel="phone", address=listed.phone, reason="")
    off = make(world.make_campaign(dialer.production_agent), 4)
    theirs = world.make_lead(elsewhere)
    found = sent(
        api, "lead_unknown", no_phone.public_id, theirs.public_id, good.public_id, listed.public_id, off.public_id
    )
    assert found["succeeded"] == 1
    assert [row["leadId"] for row in found["details"]] == [good.public_id]
    assert [(row["leadId"], row["code"]) for row in found["failed"]] == [
        ("lead_unknown", "LEAD_NOT_FOUND"),
        (no_phone.public_id, "INVALID_PHONE_NUMBER"),
        (theirs.public_id, "LEAD_NOT_FOUND"),
        (listed.public_id, "DO_NOT_CALL"),
        (off.public_id, "DIALER_OFF"),
    ]
    assert all(row["error"].endswith(".") for row in found["failed"])
    assert list(DialerEntry.objects.values_list("lead", flat=True)) == [good.pk]


def test_one_whose_status_is_left_out_is_refused_with_its_reason(api: Client, dialer: Campaign) -> None:
    lead = make(dialer, 1, status="qualified")
    found = sent(api, lead.public_id)
    assert (found["succeeded"], found["details"]) == (0, [])
    assert [row["code"] for row in found["failed"]] == ["STATUS_EXCLUDED"]
    assert not DialerEntry.objects.exists()


def test_the_same_id_twice_is_sent_once(api: Client, dialer: Campaign) -> None:
    lead = make(dialer, 1)
    found = sent(api, lead.public_id, lead.public_id, "lead_x", "lead_x")
    assert [row["leadId"] for row in found["details"]] == [lead.public_id]
    assert [row["leadId"] for row in found["failed"]] == ["lead_x"]


def test_one_that_is_in_keeps_its_place(api: Client, dialer: Campaign, clock: Clock) -> None:
    lead = make(dialer, 1)
    first = sent(api, lead.public_id)
    before = DialerEntry.objects.get().sent_at
    clock.move(minutes=5)
    assert sent(api, lead.public_id) == first
    assert DialerEntry.objects.get().sent_at == before


@pytest.mark.parametrize(
    "ids", [[], [f"lead_{number}" for number in range(201)], "lead_1", None, [1], [None], ["a" * 41]]
)
def test_ids_are_one_to_two_hundred(api: Client, dialer: Campaign, ids: Any) -> None:
    assert details_of(send(api, "post", PATH, {"leadIds": ids}))[0].startswith("leadIds")


def test_two_hundred_cost_as_many_queries_as_two(
    api: Client, dialer: Campaign, django_assert_max_num_queries: Any
) -> None:
    sent(api, "lead_unknown")
    counts = []
    for size in (2, 200):
        ids = [world.make_lead(dialer, f"+1415{size:03}{number:04}").public_id for number in range(size)]
        with django_assert_max_num_queries(1000) as counted:
            assert sent(api, *ids)["succeeded"] == size
        counts.append(len(counted.captured_queries))
    assert counts[1] <= counts[0] + 5


def test_the_same_key_sends_once(api: Client, dialer: Campaign) -> None:
    lead = make(dialer, 1)
    headers = {"Idempotency-Key": "once"}
    body = {"leadIds": [lead.public_id]}
    first, second = (
        api.post(f"/api/v1/{PATH}", body, content_type="application/json", headers=headers) for _ in range(2)
    )
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
