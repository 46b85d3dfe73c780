"""POST /leads/submit: the campaign's first submission action begins, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from calls.models import DialerEntry
from campaigns.models import Campaign
from leads.models import DoNotCall, Lead, LeadStatus
from leads.services import add_to_do_not_call, leave_pending_action
from leads.signals import lead_submitted
from tests import world
from tests.api.intake_world import a_lead, heard, listen, submit
from webhooks.models import Delivery, WebhookEndpoint

EVENT = "lead.first_submission_action"
NUMBER = "+14155550133"


def act(campaign: Campaign, action: str, **fields: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(first_action=action, **fields)


def came_in(api: Client, campaign: Campaign, **changes: Any) -> Lead:
    return Lead.objects.get(public_id=submit(api, a_lead(campaign, **changes))["leadId"])


def reasons(lead: Lead) -> list[str]:
    return list(lead.status_changes.order_by("id").values_list("reason", flat=True))


def entry_of(lead: Lead) -> DialerEntry | None:
    return DialerEntry.objects.filter(lead=lead).first()


def an_endpoint(campaign: Campaign, **fields: Any) -> WebhookEndpoint:
    defaults = {"url": "https://act.example.com", "events": ["call.completed"]}
    return WebhookEndpoint.objects.create(workspace=campaign.workspace, **{**defaults, **fields})


@pytest.fixture
def submitted() -> Iterator[list[dict[str, Any]]]:
    """What the signal told, in order."""
    told: list[dict[str, Any]] = []

    def hear(sender: Any, **facts: Any) -> None:
        told.append(facts)

    lead_submitted.connect(hear)
    yield told
    lead_submitted.disconnect(hear)


# --- none ---
def test_without_an_action_the_lead_is_new(api: Client, campaign: Campaign, submitted: list[Any]) -> None:
    listen(campaign, EVENT)
    lead = came_in(api, campaign)
    assert (lead.status, lead.approval_status, submitted) == (LeadStatus.NEW, "", [])
    assert [(told["data"]["action"], told["status"]) for told in heard()] == [("none", "new")]


# --- a call by Voice AI ---
def test_a_voice_ai_campaigns_lead_rests_until_it_is_called(
    api: Client, campaign: Campaign, submitted: list[Any]
) -> None:
    act(campaign, "voice_ai")
    listen(campaign, EVENT)
    answer = submit(api, a_lead(campaign))
    lead = Lead.objects.get(public_id=answer["leadId"])
    assert (answer["status"], lead.status) == ("pending_action", LeadStatus.PENDING_ACTION)
    assert reasons(lead) == ["Waits for its first call"]
    assert [(told["data"]["action"], told["status"]) for told in heard()] == [("voice_ai", "pending_action")]
    assert [(told["lead"], told["submission"]) for told in submitted] == [(lead, lead.submissions.get())]


@pytest.mark.parametrize("is_test", [False, True])
def test_it_stands_in_the_dialer_although_that_is_off(api: Client, campaign: Campaign, is_test: bool) -> None:
    act(campaign, "voice_ai", dialer="off")
    lead = came_in(api, campaign, isTest=is_test)
    entry = entry_of(lead)
    assert entry is not None
    assert (entry.lane, entry.state) == (DialerEntry.Lane.SUBMITTED, "waiting")
    assert entry.due_at is not None
    assert lead.status == LeadStatus.PENDING_ACTION


def test_a_lead_on_the_do_not_call_list_says_so_and_nobody_is_called(
    api: Client, campaign: Campaign, submitted: list[Any]
) -> None:
    act(campaign, "voice_ai")
    add_to_do_not_call(workspace=campaign.workspace, address=NUMBER, by=SYSTEM)
    lead = came_in(api, campaign)
    assert (lead.status, lead.submissions.get().status) == (LeadStatus.DNC, LeadStatus.DNC)
    assert reasons(lead) == ["Its number is on the Do-Not-Call list"]
    assert (entry_of(lead), submitted) == (None, [])
    # Nobody has said no a second time.
    assert DoNotCall.objects.get().confirmed_at is None


def test_a_call_that_is_never_placed_leaves_the_lead_new(api: Client, campaign: Campaign) -> None:
    act(campaign, "voice_ai")
    lead = came_in(api, campaign)
    assert leave_pending_action(lead=lead, by=SYSTEM, reason="No agent")
    lead.refresh_from_db()
    assert (lead.status, lead.submissions.get().status) == (LeadStatus.NEW, LeadStatus.NEW)
    assert reasons(lead)[-1] == "No agent"
    assert not leave_pending_action(lead=lead, by=SYSTEM, reason="Again")


def test_a_lead_that_comes_again_is_called_again(api: Client, campaign: Campaign, submitted: list[Any]) -> None:
    act(campaign, "voice_ai")
    lead = world.make_lead(campaign, status=LeadStatus.CONTACTED)
    answer = submit(api, {"campaignId": campaign.code, "leadId": lead.public_id})
    assert answer["status"] == "pending_action"
    assert reasons(lead) == ["Submitted again", "Waits for its first call"]
    assert len(submitted) == 1
    entry = entry_of(lead)
    assert entry is not None
    assert entry.lane == DialerEntry.Lane.SUBMITTED


def test_one_that_said_no_comes_again_and_is_left_alone(api: Client, campaign: Campaign, submitted: list[Any]) -> None:
    act(campaign, "voice_ai")
    lead = world.make_lead(campaign, status=LeadStatus.DNC)
    assert submit(api, {"campaignId": campaign.code, "leadId": lead.public_id})["status"] == "dnc"
    assert (entry_of(lead), submitted) == (None, [])


def test_a_duplicate_begins_nothing(api: Client, campaign: Campaign, submitted: list[Any]) -> None:
    act(campaign, "voice_ai")
    first = came_in(api, campaign)
    listen(campaign, EVENT)
    assert submit(api, a_lead(campaign))["status"] == "duplicate"
    assert (len(submitted), heard()) == (1, [])
    assert Lead.objects.get() == first


@pytest.mark.parametrize("action", ["voice_ai", "human_review", "webhook"])
def test_a_lead_that_is_made_directly_begins_nothing(
    api: Client, campaign: Campaign, submitted: list[Any], action: str
) -> None:
    act(campaign, action, first_action_endpoint=an_endpoint(campaign))
    listen(campaign, EVENT)
    assert api.post("/api/v1/leads", a_lead(campaign), content_type="application/json").status_code == 200
    assert (Lead.objects.get().status, Lead.objects.get().approval_status) == (LeadStatus.NEW, "")
    assert (heard(), submitted) == ([], [])


# --- human review ---
@pytest.fixture
def reviewed(api: Client, campaign: Campaign) -> Lead:
    act(campaign, "human_review", review_priority="high", review_reason="Large projects")
    return came_in(api, campaign)


def approve(api: Client, lead: Lead, status: str, reason: str = "") -> Any:
    body = {"status": status, "reason": reason}
    return api.post(f"/api/v1/leads/{lead.public_id}/approve", body, content_type="application/json")


def test_a_lead_waits_for_review_with_priority_and_reason(reviewed: Lead) -> None:
    assert (reviewed.status, reviewed.approval_status) == (LeadStatus.PENDING_ACTION, "pending")
    said = reviewed.approval
    assert (said["priority"], said["reason"], said["decidedAt"]) == ("high", "Large projects", None)
    assert said["askedAt"]
    assert reasons(reviewed) == ["Waits for approval"]


def test_the_event_says_that_it_is_reviewed(api: Client, campaign: Campaign) -> None:
    listen(campaign, EVENT)
    act(campaign, "human_review")
    came_in(api, campaign)
    assert [(told["data"]["action"], told["status"]) for told in heard()] == [("human_review", "pending_action")]


def test_an_approved_lead_goes_on_as_new(api: Client, reviewed: Lead) -> None:
    assert approve(api, reviewed, "approved", "Fits").status_code == 200
    reviewed.refresh_from_db()
    assert (reviewed.status, reviewed.submissions.get().status) == (LeadStatus.NEW, LeadStatus.NEW)
    assert reasons(reviewed)[-1] == "Fits"
    assert entry_of(reviewed) is None


@pytest.mark.parametrize("dialer", ["on", "paused"])
def test_an_approved_lead_goes_into_the_dialer(api: Client, reviewed: Lead, dialer: str) -> None:
    Campaign.objects.filter(pk=reviewed.campaign_id).update(dialer=dialer)
    approve(api, reviewed, "approved")
    entry = entry_of(reviewed)
    assert entry is not None
    assert entry.state == "waiting"


def test_an_approval_by_a_change_of_the_lead_takes_the_same_way(api: Client, reviewed: Lead) -> None:
    Campaign.objects.filter(pk=reviewed.campaign_id).update(dialer="on")
    path, body = f"/api/v1/leads/{reviewed.public_id}", {"approval": {"status": "approved"}}
    assert api.patch(path, body, content_type="application/json").status_code == 200
    reviewed.refresh_from_db()
    assert reviewed.status == LeadStatus.NEW
    assert entry_of(reviewed) is not None


def test_an_approval_that_is_taken_back_lets_nobody_call(api: Client, reviewed: Lead) -> None:
    Campaign.objects.filter(pk=reviewed.campaign_id).update(dialer="on")
    approve(api, reviewed, "approved")
    approve(api, reviewed, "pending")
    reviewed.refresh_from_db()
    assert (reviewed.status, reviewed.approval["reason"]) == (LeadStatus.PENDING_ACTION, "Large projects")
    entry = entry_of(reviewed)
    assert entry is not None
    assert (entry.state, entry.due_at) == ("waiting", None)


def test_a_rejected_lead_is_in_no_dialer(api: Client, reviewed: Lead) -> None:
    Campaign.objects.filter(pk=reviewed.campaign_id).update(dialer="on")
    approve(api, reviewed, "rejected", "Too small")
    reviewed.refresh_from_db()
    assert (reviewed.status, entry_of(reviewed)) == (LeadStatus.REJECTED, None)


def test_a_lead_that_waits_and_comes_again_goes_on_waiting(api: Client, reviewed: Lead) -> None:
    submit(api, {"campaignId": reviewed.campaign.code, "leadId": reviewed.public_id})
    reviewed.refresh_from_db()
    assert (reviewed.status, reviewed.approval_status) == (LeadStatus.PENDING_ACTION, "pending")
    assert not leave_pending_action(lead=reviewed, by=SYSTEM, reason="Not this way")


# --- a webhook ---
def test_the_endpoint_hears_of_the_lead_whatever_it_subscribes_to(api: Client, campaign: Campaign) -> None:
    endpoint = an_endpoint(campaign)
    act(campaign, "webhook", first_action_endpoint=endpoint)
    lead = came_in(api, campaign)
    assert lead.status == LeadStatus.PENDING_ACTION
    delivery = Delivery.objects.get()
    told = json.loads(delivery.event.body)
    assert (delivery.endpoint, told["event"], told["data"]["action"]) == (endpoint, EVENT, "webhook")
    assert (told["leadId"], told["status"]) == (lead.public_id, "pending_action")


def test_an_endpoint_that_subscribes_as_well_is_told_once(api: Client, campaign: Campaign) -> None:
    endpoint = an_endpoint(campaign, events=[EVENT])
    listen(campaign, EVENT)
    act(campaign, "webhook", first_action_endpoint=endpoint)
    came_in(api, campaign)
    assert Delivery.objects.count() == 2
    assert Delivery.objects.filter(endpoint=endpoint).count() == 1


def test_a_campaigns_own_endpoint_hears_it_too(api: Client, campaign: Campaign) -> None:
    own = an_endpoint(campaign, campaign_code=campaign.code, events=[EVENT], url="https://own.example.com")
    act(campaign, "webhook", first_action_endpoint=an_endpoint(campaign))
    came_in(api, campaign)
    assert Delivery.objects.filter(endpoint=own).count() == 1
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("left", ["none", "paused", "no url"])
def test_where_nobody_hears_the_lead_does_not_hang(api: Client, campaign: Campaign, left: str) -> None:
    changes = {"paused": {"state": "paused"}, "no url": {"url": ""}}
    endpoint = None if left == "none" else an_endpoint(campaign, **changes[left])
    act(campaign, "webhook", first_action_endpoint=endpoint)
    lead = came_in(api, campaign)
    assert (lead.status, Delivery.objects.count()) == (LeadStatus.NEW, 0)
    event = AuditEvent.objects.get(object_id=lead.public_id, verb="lead.first_action_left_out")
    assert "webhook endpoint" in event.data["reason"]


def test_the_program_that_was_told_sets_the_status(api: Client, campaign: Campaign) -> None:
    act(campaign, "webhook", first_action_endpoint=an_endpoint(campaign))
    lead = came_in(api, campaign)
    body = {"status": "qualified"}
    assert api.patch(f"/api/v1/leads/{lead.public_id}", body, content_type="application/json").status_code == 200
    assert lead.submissions.get().status == LeadStatus.QUALIFIED
