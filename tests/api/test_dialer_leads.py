"""Who is in a campaign's auto-dialer, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from calls.models import DialerEntry
from campaigns.models import Campaign
from common.clock import now
from common.shapes import iso
from tests import world
from tests.api.asking import details_of, get
from tests.travel import Clock


@pytest.fixture(autouse=True)
def _noon(clock: Clock) -> None:
    clock.at("2026-11-20T12:00:00Z")


def enter(campaign: Campaign, **fields: Any) -> DialerEntry:
    lead = world.make_lead(campaign, f"+1415555{DialerEntry.objects.count():04}")
    return DialerEntry.objects.create(workspace=campaign.workspace, campaign=campaign, lead=lead, **fields)


def leads(api: Client, campaign: Campaign, **asked: Any) -> list[str]:
    return [row["leadId"] for row in get(api, f"campaigns/{campaign.code}/dialer/leads", **asked)["leads"]]


def test_each_is_told_with_its_time_and_the_reason(api: Client, campaign: Campaign) -> None:
    at = now() + timedelta(hours=5)
    entry = enter(campaign, lane=3, due_at=at, why="RETRY_WAIT", why_text="This is how long to wait.")
    assert get(api, f"campaigns/{campaign.code}/dialer/leads") == {
        "leads": [
            {
                "leadId": entry.lead.public_id,
                "campaignId": campaign.code,
                "state": "waiting",
                "lane": "retry",
                "nextCallTime": iso(at),
                "why": "RETRY_WAIT",
                "whyText": "This is how long to wait.",
                "callbackAt": None,
                "interactionId": None,
                "sentAt": iso(entry.sent_at),
                "updatedAt": iso(entry.updated_at),
            }
        ],
        "nextCursor": None,
        "hasMore": False,
    }


def test_the_soonest_come_first_whatever_their_lane(api: Client, campaign: Campaign) -> None:
    waits = [enter(campaign, lane=lane, due_at=now() + timedelta(hours=5 - lane)) for lane in range(4)]
    assert leads(api, campaign) == [entry.lead.public_id for entry in reversed(waits)]


def test_one_state_is_asked_at_a_time(api: Client, campaign: Campaign) -> None:
    waiting = enter(campaign, due_at=now())
    parked = enter(campaign, due_at=None, why="STATUS_EXCLUDED")
    calling = enter(campaign, state="calling", due_at=now())
    calling.interaction = world.make_interaction(calling.lead)
    calling.save()
    done = enter(campaign, state="done")
    shown = {state: leads(api, campaign, state=state) for state in ("waiting", "parked", "calling", "done")}
    assert shown == {
        "waiting": [waiting.lead.public_id],
        "parked": [parked.lead.public_id],
        "calling": [calling.lead.public_id],
        "done": [done.lead.public_id],
    }
    [row] = get(api, f"campaigns/{campaign.code}/dialer/leads", state="calling")["leads"]
    assert (row["interactionId"], row["nextCallTime"]) == (calling.interaction.public_id, None)


@pytest.mark.parametrize("state", ["waiting", "parked", "calling", "done"])
def test_the_pages_hold_everybody_once(api: Client, campaign: Campaign, state: str) -> None:
    stored = "waiting" if state == "parked" else state
    for number in range(5):
        due_at = now() + timedelta(minutes=number // 2) if state == "waiting" else None
        enter(campaign, lane=number % 4, state=stored, due_at=due_at)
    seen, cursor = [], None
    while True:
        page = get(api, f"campaigns/{campaign.code}/dialer/leads", state=state, limit=2, **_after(cursor))
        seen += [row["leadId"] for row in page["leads"]]
        cursor = page["nextCursor"]
        if not page["hasMore"]:
            break
    assert len(seen) == len(set(seen)) == 5


def _after(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


def test_a_cursor_is_of_one_state_and_nothing_else_is_one(api: Client, campaign: Campaign) -> None:
    for _ in range(2):
        enter(campaign, state="done")
    cursor = get(api, f"campaigns/{campaign.code}/dialer/leads", state="done", limit=1)["nextCursor"]
    for asked in ({"cursor": cursor}, {"cursor": "nonsense"}, {"cursor": "é"}, {"cursor": "a" * 300}):
        told = details_of(api.get(f"/api/v1/campaigns/{campaign.code}/dialer/leads", asked))
        assert told[0].startswith("cursor: The cursor is not one of ours")


def test_another_state_or_too_many_are_told(api: Client, campaign: Campaign) -> None:
    for asked, field in (({"state": "asleep"}, "state"), ({"limit": "101"}, "limit")):
        told = details_of(api.get(f"/api/v1/campaigns/{campaign.code}/dialer/leads", asked))
        assert told[0].startswith(f"{field}: ")
