from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import Workspace
from campaigns.models import Campaign
from leads.changes import change_leads
from leads.do_not_call import judge, upload_list
from leads.models import Lead, LeadPhone, Submission
from leads.services import add_to_do_not_call, bar_lead, set_status
from tests import world
from webhooks.events import EVENTS
from webhooks.models import WebhookEndpoint, WebhookEvent


@pytest.fixture
def listener(workspace: Workspace) -> WebhookEndpoint:
    url = "https://hooks.example.com/in"
    return WebhookEndpoint.objects.create(workspace=workspace, url=url, events=list(EVENTS))


def told(event: str = "") -> list[dict[str, Any]]:
    rows = WebhookEvent.objects.order_by("id")
    return [json.loads(row.body) for row in (rows.filter(type=event) if event else rows)]


def test_a_change_of_status_is_told(lead: Lead, listener: WebhookEndpoint) -> None:
    submission = Submission.objects.create(lead=lead, number=1)
    set_status(lead=lead, status="qualified", by=SYSTEM, reason="Has a roof", interaction_public_id="int_1")
    [event] = told()
    assert event["event"] == "lead.status_changed"
    assert (event["leadId"], event["campaignId"]) == (lead.public_id, lead.campaign.code)
    assert (event["status"], event["submissionId"]) == ("qualified", submission.public_id)
    assert event["data"] == {
        "firstName": "Anna",
        "lastName": "Meyer",
        "email": "anna@example.com",
        "phone": lead.phone,
        "previousStatus": "new",
        "reason": "Has a roof",
        "interactionId": "int_1",
    }


@pytest.mark.parametrize("status", ["delivered", "failed", "queued", "disqualified"])
def test_some_statuses_have_an_event_of_their_own(lead: Lead, listener: WebhookEndpoint, status: str) -> None:
    set_status(lead=lead, status=status, by=SYSTEM)
    assert [event["event"] for event in told()] == ["lead.status_changed", f"lead.{status}"]
    assert {event["status"] for event in told()} == {status}


def test_the_same_status_again_is_not_told(lead: Lead, listener: WebhookEndpoint) -> None:
    set_status(lead=lead, status="new", by=SYSTEM)
    assert told() == []


def test_what_is_rolled_back_was_never_told(lead: Lead, listener: WebhookEndpoint) -> None:
    with transaction.atomic():
        set_status(lead=lead, status="qualified", by=SYSTEM)
        assert told()
        transaction.set_rollback(True)
    assert told() == []


def test_the_leads_campaign_hears_it_first(lead: Lead, listener: WebhookEndpoint) -> None:
    own = WebhookEndpoint.objects.create(
        workspace=lead.workspace,
        campaign_code=lead.campaign.code,
        url="https://campaign.example.com",
        events=["lead.status_changed"],
    )
    set_status(lead=lead, status="qualified", by=SYSTEM)
    assert list(WebhookEvent.objects.get().deliveries.values_list("endpoint", flat=True)) == [own.pk]


def test_a_listed_number_is_told_once_for_each_lead_that_has_it(
    lead: Lead, listener: WebhookEndpoint, elsewhere: Campaign
) -> None:
    world.make_lead(elsewhere, lead.phone)
    other = world.make_lead(lead.campaign, "+14155550177")
    LeadPhone.objects.create(lead=other, e164=lead.phone)
    Submission.objects.create(lead=other, number=1)
    add_to_do_not_call(workspace=lead.workspace, address="(415) 555-0132", by=SYSTEM, reason="By post")
    events = told("lead.dnc")
    assert [event["leadId"] for event in events] == [lead.public_id, other.public_id]
    assert [event["submissionId"] for event in events] == [None, other.submissions.get().public_id]
    assert {event["data"]["address"] for event in events} == {lead.phone}
    assert {(event["data"]["channel"], event["data"]["reason"]) for event in events} == {("phone", "By post")}


def test_a_number_that_no_lead_has_is_told_without_a_lead(workspace: Workspace, listener: WebhookEndpoint) -> None:
    add_to_do_not_call(workspace=workspace, address="+14155550188", by=SYSTEM)
    [event] = told()
    assert (event["event"], event["leadId"], event["campaignId"]) == ("lead.dnc", None, None)
    assert event["data"] == {"channel": "phone", "address": "+14155550188", "reason": None}


def test_an_address_that_is_listed_already_is_not_told_again(lead: Lead, listener: WebhookEndpoint) -> None:
    for _ in range(2):
        add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert len(told()) == 1


def test_an_email_finds_its_leads(lead: Lead, listener: WebhookEndpoint) -> None:
    bar_lead(lead=lead, addresses=[("email", lead.email), ("phone", lead.phone)], by=SYSTEM)
    assert [(event["leadId"], event["data"]["channel"]) for event in told()] == [
        (lead.public_id, "email"),
        (lead.public_id, "phone"),
    ]


def test_the_status_dnc_tells_of_the_numbers_too(lead: Lead, listener: WebhookEndpoint) -> None:
    set_status(lead=lead, status="dnc", by=SYSTEM)
    assert [(event["event"], event["status"]) for event in told()] == [
        ("lead.status_changed", "dnc"),
        ("lead.dnc", "dnc"),
    ]


def test_an_upload_tells_of_what_is_new(lead: Lead, listener: WebhookEndpoint) -> None:
    add_to_do_not_call(workspace=lead.workspace, address="+14155550177", by=SYSTEM)
    WebhookEvent.objects.all().delete()
    found = judge([lead.phone, "+14155550177", "+14155550188"], channel="phone", country="US")
    upload_list(workspace=lead.workspace, by=SYSTEM, found=found, channel="phone", reason="Register")
    assert [(event["leadId"], event["data"]["address"]) for event in told()] == [
        (lead.public_id, lead.phone),
        (None, "+14155550188"),
    ]


def test_an_upload_looks_for_no_leads_when_nobody_listens(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    WebhookEndpoint.objects.create(workspace=workspace, url="https://x.example.com", events=["call.started"])

    found = judge([f"+1415555{n:04}" for n in range(900)], channel="phone", country="US")
    with django_assert_max_num_queries(20) as counted:
        upload_list(workspace=workspace, by=SYSTEM, found=found, channel="phone", reason="")
    asked = [query["sql"] for query in counted.captured_queries]
    assert sum('"webhooks_' in sql for sql in asked) == 1
    # The dialer asks for its own entries; for who hears of it, nobody asks.
    assert not any('"leads_lead"' in sql and "dialer" not in sql for sql in asked)


def test_a_change_of_many_leads_tells_of_each(lead: Lead, listener: WebhookEndpoint, api: Client) -> None:
    leads = [lead, world.make_lead(lead.campaign, "+14155550177")]
    ids = [lead.public_id for lead in leads]
    change_leads(workspace=lead.workspace, public_ids=ids, changes={"status": "queued"}, by=SYSTEM)
    assert [event["leadId"] for event in told("lead.queued")] == ids
    assert [event["data"]["previousStatus"] for event in told("lead.status_changed")] == ["new", "new"]
