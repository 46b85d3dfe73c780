"""A campaign's auto-dialer, switched and watched by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from calls.dialer.entries import send_to_dialer
from calls.models import Interaction
from campaigns.models import Campaign
from leads.services import set_status
from tests import world
from tests.api.asking import details_of, error_of, get, post, send
from tests.travel import Clock


def path(campaign: Campaign) -> str:
    return f"campaigns/{campaign.code}/dialer"


def act(api: Client, campaign: Campaign, what: str) -> str:
    return str(post(api, path(campaign), {"act": what})["state"])


def test_it_starts_pauses_resumes_and_stops(api: Client, campaign: Campaign) -> None:
    acts = ("start", "pause", "pause", "resume", "resume", "start", "pause", "stop", "stop")
    states = [act(api, campaign, what) for what in acts]
    assert states == ["on", "paused", "paused", "on", "on", "on", "paused", "off", "off"]
    assert get(api, f"campaigns/{campaign.code}")["autoDialer"]["state"] == "off"
    events = AuditEvent.objects.filter(verb="campaign.dialer", api_key__isnull=False)
    assert events.count() == 5


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_what_cannot_follow_has_a_code(api: Client, campaign: Campaign, what: str) -> None:
    assert error_of(send(api, "post", path(campaign), {"act": what}))["code"] == "DIALER_STATE"


def test_an_archived_campaign_is_not_started(api: Client, campaign: Campaign) -> None:
    Campaign.objects.update(status="archived", is_default=False)
    assert error_of(send(api, "post", path(campaign), {"act": "start"}))["code"] == "DIALER_STATE"


@pytest.mark.parametrize("body", [{}, {"act": "go"}, {"act": 1}, {"act": None}])
def test_an_act_that_does_not_exist_is_told(api: Client, campaign: Campaign, body: Any) -> None:
    assert [line.split(":")[0] for line in details_of(send(api, "post", path(campaign), body))] == ["act"]


def test_a_pause_withdraws_what_still_waits(api: Client, campaign: Campaign) -> None:
    act(api, campaign, "start")
    lead = world.make_lead(campaign)
    waits = world.make_interaction(lead, origin="auto_dialer")
    by_hand = world.make_interaction(world.make_lead(campaign, "+14155550133"))
    act(api, campaign, "pause")
    states = dict(Interaction.objects.values_list("pk", "dispatch"))
    assert states == {waits.pk: "withdrawn", by_hand.pk: "queued"}


def test_it_tells_who_waits_and_how_fast_it_goes(api: Client, campaign: Campaign, clock: Clock) -> None:
    noon = clock.at("2026-11-20T12:00:00-08:00")
    act(api, campaign, "start")
    Campaign.objects.update(calls_per_minute=10, dialer_concurrency=2, daily_cap=50)
    leads = [world.make_lead(campaign, f"+141555501{number}") for number in (32, 33)]
    leads.append(world.make_lead(campaign, "+14155550134"))
    send_to_dialer(leads=leads, by=SYSTEM)
    set_status(lead=leads[2], status="qualified", by=SYSTEM)
    over: dict[str, Any] = {"status": "completed", "dispatch": "placed", "spoken_to": True}
    world.make_interaction(leads[0], origin="auto_dialer", placed_at=noon, **over)
    world.make_interaction(leads[1])
    assert get(api, path(campaign)) == {
        "campaignId": campaign.code,
        "state": "on",
        "heldWhy": None,
        "heldText": None,
        "calls": {"queued": 1, "ringing": 0, "talking": 0},
        "leads": {
            "due": {"number": 2, "isMore": False},
            "waiting": {"number": 0, "isMore": False},
            "parked": {"number": 1, "isMore": False},
            "done": {"number": 0, "isMore": False},
        },
        "nextCallTime": "2026-11-20T20:00:00.000Z",
        "pace": {
            "startedLastMinute": 1,
            "callsPerMinute": 10,
            "underWay": 0,
            **{"concurrency": 2, "startedToday": 1, "dailyCap": 50},
        },
        "today": {"placed": 1, "answered": 0, "reached": 1},
    }


def test_somebody_due_and_nobody_dialed_has_a_reason(api: Client, campaign: Campaign) -> None:
    act(api, campaign, "start")
    send_to_dialer(leads=[world.make_lead(campaign)], by=SYSTEM)
    Campaign.objects.update(status="inactive")
    found = get(api, path(campaign))
    assert found["heldWhy"] == "CAMPAIGN_INACTIVE"
    assert "launch it" in found["heldText"]
