"""POST /voice/calls/check: what the gate would say, with nothing placed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.scopes import SCOPES
from calls.models import Interaction
from campaigns.models import CallerNumber, Campaign
from leads.models import Lead, LeadPhone
from leads.services import add_to_do_not_call
from tests import world
from tests.api.asking import data_of, error_of, send
from tests.network import FakeNetwork
from tests.travel import Clock


def ask(api: Client, lead: Lead, **body: Any) -> Any:
    return send(api, "post", "voice/calls/check", {"leadId": lead.public_id, **body})


def check(api: Client, lead: Lead, **body: Any) -> dict[str, Any]:
    return data_of(ask(api, lead, **body))


def initiate(api: Client, lead: Lead, **body: Any) -> Any:
    return send(api, "post", "voice/calls/initiate", {"leadId": lead.public_id, **body})


def test_an_allowed_call_is_told_whole_and_not_placed(
    api: Client, lead: Lead, campaign: Campaign, network: FakeNetwork, clock: Clock
) -> None:
    clock.at("2026-11-20T15:00:00Z")
    agent = campaign.production_agent
    assert agent
    assert agent.caller_number
    assert check(api, lead) == {
        "allowed": True,
        "code": None,
        "message": None,
        "reasons": [],
        "nextAllowedAt": "2026-11-20T15:00:00.000Z",
        "warnings": [],
        "phone": lead.phone,
        "from": "+14155550100",
        "callerNumberId": agent.caller_number.public_id,
        "leadId": lead.public_id,
        "campaignId": campaign.code,
        "agentId": agent.public_id,
        "interactionId": None,
    }
    assert Interaction.objects.count() == 0
    assert network.asked == []


def test_a_refusal_is_an_answer_in_the_words_of_the_call(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T03:00:00-08:00")
    Campaign.objects.update(status="inactive", hours={"fri": [["09:00", "17:00"]]})
    found, error = check(api, lead), error_of(initiate(api, lead))
    assert not found["allowed"]
    assert [reason["code"] for reason in found["reasons"]] == ["CAMPAIGN_INACTIVE", "OUTSIDE_OPERATING_HOURS"]
    assert {name: found[name] for name in ("code", "message", "reasons", "nextAllowedAt")} == {
        name: error[name] for name in ("code", "message", "reasons", "nextAllowedAt")
    }


def test_it_says_when_the_call_would_be_allowed(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T03:00:00-08:00")
    Campaign.objects.update(hours={"fri": [["09:00", "17:00"]]})
    assert check(api, lead)["nextAllowedAt"] == "2026-11-20T17:00:00.000Z"


def test_the_call_that_is_under_way_is_named(api: Client, lead: Lead) -> None:
    running = data_of(initiate(api, lead))["interactionId"]
    found = check(api, lead)
    assert (found["code"], found["interactionId"]) == ("CALL_IN_PROGRESS", running)


def test_another_number_is_judged_with_its_warning(api: Client, lead: Lead) -> None:
    found = check(api, lead, phone="+15551234567")
    assert (found["allowed"], found["phone"], len(found["warnings"])) == (True, "+15551234567", 1)


def test_what_the_workspace_has_not_set_up_is_null(api: Client, lead: Lead) -> None:
    Campaign.objects.update(production_agent=None)
    Lead.objects.update(phone="")
    found = check(api, lead)
    assert found["code"] == "INVALID_PHONE_NUMBER"
    assert [found[name] for name in ("phone", "from", "callerNumberId", "agentId")] == [None] * 4


def test_the_campaign_may_be_another_one_and_a_test_may_call_for_an_inactive_one(
    api: Client, lead: Lead, campaign: Campaign
) -> None:
    other = world.make_campaign(campaign.production_agent, name="Autumn", status="inactive")
    found = check(api, lead, campaignId=other.code.lower())
    assert (found["campaignId"], found["code"]) == (other.code, "CAMPAIGN_INACTIVE")
    assert check(api, lead, campaignId=other.code, isTest=True)["allowed"]


def test_null_counts_as_not_given(api: Client, lead: Lead) -> None:
    nothing = dict.fromkeys(("phone", "campaignId", "callerNumberId", "isTest", "direction"))
    assert check(api, lead, **nothing)["allowed"]


def test_instructions_are_for_the_call(api: Client, lead: Lead) -> None:
    assert error_of(ask(api, lead, additionalInstructions="Ask"))["details"][0].startswith("additionalInstructions: ")


def test_a_key_that_may_only_read_leads_asks_and_one_that_may_not_is_refused(lead: Lead) -> None:
    def keyed(*scopes: str) -> Client:
        return Client(headers={"X-API-Key": world.make_key(lead.workspace, scopes)})

    assert check(keyed("leads:read"), lead)["allowed"]
    assert ask(keyed(*(scope for scope in SCOPES if scope != "leads:read")), lead).status_code == 403


# --- the number to call from, of both ---
@pytest.fixture
def further(campaign: Campaign) -> CallerNumber:
    assert campaign.production_agent
    return world.make_number(campaign.production_agent.account, "+14155550177")


def test_a_call_may_be_made_from_another_number_of_the_agents_account(
    api: Client, lead: Lead, further: CallerNumber
) -> None:
    found = check(api, lead, callerNumberId=further.public_id)
    assert (found["allowed"], found["from"], found["callerNumberId"]) == (True, further.e164, further.public_id)
    assert initiate(api, lead, callerNumberId=further.public_id).status_code == 200
    call = Interaction.objects.get()
    assert (call.caller_number, call.from_number) == (further, further.e164)


@pytest.mark.parametrize("why", ["of another account", "not active"])
def test_a_number_that_does_not_fit_is_refused(api: Client, lead: Lead, further: CallerNumber, why: str) -> None:
    if why == "not active":
        CallerNumber.objects.filter(pk=further.pk).update(is_active=False)
    else:
        CallerNumber.objects.filter(pk=further.pk).update(account=world.make_account(lead.workspace))
    assert check(api, lead, callerNumberId=further.public_id)["code"] == "MISSING_PHONE_NUMBER"
    assert error_of(initiate(api, lead, callerNumberId=further.public_id))["code"] == "MISSING_PHONE_NUMBER"
    assert Interaction.objects.count() == 0


def test_an_unknown_or_foreign_number_is_a_404(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    assert elsewhere.production_agent
    assert elsewhere.production_agent.caller_number
    for number in (elsewhere.production_agent.caller_number.public_id, "num_nobody"):
        for asked in (ask, initiate):
            assert error_of(asked(api, lead, callerNumberId=number), 404)["code"] == "NOT_FOUND"


# --- no way around the Do-Not-Call list ---
def bar(lead: Lead, *numbers: str) -> None:
    for number in numbers:
        add_to_do_not_call(workspace=lead.workspace, address=number, by=SYSTEM)


def test_another_number_is_no_way_to_a_lead_whose_own_are_all_listed(api: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550144")
    bar(lead, lead.phone, "+14155550144")
    assert check(api, lead, phone="+14155550188")["code"] == "DO_NOT_CALL"
    error = error_of(initiate(api, lead, phone="+14155550188"))
    assert (error["code"], Interaction.objects.count()) == ("DO_NOT_CALL", 0)
    assert "every number of the lead" in error["message"]


@pytest.mark.parametrize("phone", ["+14155550188", "+14155550144"])
def test_a_lead_with_one_number_that_is_not_listed_may_be_called(api: Client, lead: Lead, phone: str) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550144")
    bar(lead, lead.phone)
    assert check(api, lead, phone=phone)["allowed"]
    assert initiate(api, lead, phone=phone).status_code == 200
