"""When the auto-dialer calls a lead, and taking it out."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from calls.dialer.entries import send_to_dialer
from calls.models import DialerEntry, DialerState, Interaction
from campaigns.models import Campaign
from campaigns.services import update_campaign
from common.hours import DAYS
from leads.models import Lead
from tests import world
from tests.api.asking import data_of, details_of, get
from tests.travel import Clock


@pytest.fixture
def lead(campaign: Campaign, clock: Clock) -> Lead:
    clock.at("2026-11-20T07:00:00-08:00")
    Campaign.objects.update(dialer="on")
    update_campaign(campaign=campaign, by=SYSTEM, hours={day: [["09:00", "18:00"]] for day in DAYS})
    return world.make_lead(Campaign.objects.get(pk=campaign.pk))


def path(lead: Lead) -> str:
    return f"leads/{lead.public_id}/auto-dialer"


def take_out(api: Client, lead: Lead, query: str = "") -> dict[str, object]:
    return data_of(api.delete(f"/api/v1/{path(lead)}{query}"))


def test_one_that_was_never_sent_is_not_in(api: Client, lead: Lead) -> None:
    nothing = {"inDialer": False, "dialer": "on", "heldWhy": None, "heldText": None, "entry": None}
    assert get(api, path(lead)) == take_out(api, lead) == nothing


def test_one_that_waits_has_a_time_by_the_rules_of_now(api: Client, lead: Lead, campaign: Campaign) -> None:
    send_to_dialer(leads=[lead], by=SYSTEM)
    found = get(api, path(lead))
    assert (found["inDialer"], found["entry"]["state"], found["entry"]["lane"]) == (True, "waiting", "new")
    assert found["entry"]["nextCallTime"] == "2026-11-20T17:00:00.000Z"
    assert found["entry"]["why"] == "OPERATING_HOURS"
    Campaign.objects.update(hours={day: [["10:00", "18:00"]] for day in DAYS})
    assert get(api, path(lead))["entry"]["nextCallTime"] == "2026-11-20T18:00:00.000Z"


def test_what_holds_one_whose_time_has_come_is_told(api: Client, lead: Lead, campaign: Campaign, clock: Clock) -> None:
    send_to_dialer(leads=[lead], by=SYSTEM)
    Campaign.objects.update(status="inactive")
    assert get(api, path(lead))["heldWhy"] is None
    clock.at("2026-11-20T12:00:00-08:00")
    found = get(api, path(lead))
    assert (found["heldWhy"], found["heldText"]) == (
        "CAMPAIGN_INACTIVE",
        "The campaign is inactive: launch it first.",
    )
    Campaign.objects.update(status="active")
    assert get(api, path(lead))["heldWhy"] is None
    DialerState.objects.filter(campaign=campaign).update(held_why="DAILY_CAP_REACHED", held_text="All made.")
    assert get(api, path(lead))["heldText"] == "All made."
    Campaign.objects.update(dialer="paused")
    assert get(api, path(lead))["heldWhy"] == "DIALER_NOT_ON"


def test_one_that_is_taken_out_is_done_with_the_reason(api: Client, lead: Lead) -> None:
    send_to_dialer(leads=[lead], by=SYSTEM)
    found = take_out(api, lead, "?reason=Bought+elsewhere")
    assert found["inDialer"] is False
    entry = get(api, path(lead))["entry"]
    assert (entry["state"], entry["why"], entry["nextCallTime"]) == ("done", "TAKEN_OUT", None)
    assert entry["whyText"].endswith(": Bought elsewhere")
    event = AuditEvent.objects.get(verb="lead.taken_out_of_dialer")
    assert (event.object_id, event.data) == (lead.public_id, {"reason": "Bought elsewhere"})
    assert event.api_key


def test_a_call_that_still_waits_is_withdrawn_with_it(api: Client, lead: Lead) -> None:
    send_to_dialer(leads=[lead], by=SYSTEM)
    call = world.make_interaction(lead, origin="auto_dialer")
    DialerEntry.objects.update(state="calling", interaction=call)
    assert get(api, path(lead))["entry"]["interactionId"] == call.public_id
    take_out(api, lead)
    assert Interaction.objects.get().dispatch == "withdrawn"
    assert get(api, path(lead))["entry"]["state"] == "done"


def test_a_reason_has_an_end(api: Client, lead: Lead) -> None:
    assert details_of(api.delete(f"/api/v1/{path(lead)}?reason={'a' * 201}"))[0].startswith("reason: ")
