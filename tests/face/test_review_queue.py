"""The review queue: who waits, in which order, and decisions in its rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from campaigns.models import Campaign
from leads.approval import ask_approval, decide
from leads.models import Approval, Lead, LeadStatus
from leads.review import PAGE, review_page
from leads.services import set_status
from leads.views import review
from tests import world

QUEUE = "/leads/review/"


def waits(campaign: Campaign, name: str, priority: str = "normal", **fields: Any) -> Lead:
    lead = world.make_lead(campaign, f"+1415555{1000 + Lead.objects.count()}", first_name=name, **fields)
    ask_approval(lead=lead, by=SYSTEM, reason="Large project", priority=priority)
    set_status(lead=lead, status=LeadStatus.PENDING_ACTION, by=SYSTEM)
    return lead


def shown(client: Client, query: str = "") -> list[str]:
    return [row.lead.first_name for row in client.get(QUEUE + query).context["rows"]]


def send(client: Client, lead: Lead, *, htmx: bool = False, **form: str) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("lead_review", args=[lead.public_id]), form, headers=headers)


def test_high_priority_comes_first_and_of_each_the_oldest(bob_client: Client, campaign: Campaign) -> None:
    for name, priority in (("Low", "low"), ("Old", "normal"), ("High", "high"), ("Young", "normal"), ("Top", "high")):
        waits(campaign, name, priority)
    # As it was asked before there were priorities.
    world.make_lead(campaign, approval_status=Approval.PENDING, first_name="Plain")
    decide(lead=waits(campaign, "Done"), status=Approval.APPROVED, by=SYSTEM)
    assert shown(bob_client) == ["High", "Top", "Old", "Young", "Plain", "Low"]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_follow_each_other_without_a_gap(campaign: Campaign, size: int) -> None:
    for number, priority in enumerate(("low", "high", "normal", "high", "normal")):
        waits(campaign, str(number), priority)
    found, after = [], ""
    while True:
        page = review_page(campaign.workspace, after=after, size=size)
        assert 0 < len(page.leads) <= size
        found += [lead.first_name for lead in page.leads]
        after = page.after
        if not after:
            break
    assert found == ["1", "3", "2", "4", "0"]


def test_the_next_page_is_a_link(bob_client: Client, campaign: Campaign) -> None:
    for number in range(PAGE + 1):
        waits(campaign, str(number))
    first = bob_client.get(QUEUE)
    assert len(first.context["rows"]) == PAGE
    assert shown(bob_client, first.context["next_url"]) == [str(PAGE)]


@pytest.mark.parametrize("after", ["x", "9.1", "1", "1.x", "-1.4", "²." + "1", "0." + "9" * 30])
def test_an_unreadable_place_is_the_first_page(bob_client: Client, campaign: Campaign, after: str) -> None:
    waits(campaign, "Anna")
    assert shown(bob_client, f"?after={after}") == ["Anna"]


def test_a_page_that_was_worked_off_leads_back_to_the_first(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    answer = bob_client.get(f"{QUEUE}?after=2.{lead.pk}")
    assert (answer.status_code, answer["Location"]) == (302, QUEUE)


def test_a_row_says_what_is_to_be_known(bob_client: Client, campaign: Campaign) -> None:
    answers = [{"key": "roof", "question": "What roof?", "answer": "Flat"}]
    waits(campaign, "Anna", "high", questionnaire=answers, city="Oakland")
    page = bob_client.get(QUEUE).content.decode()
    for text in ("Anna", "High priority", "Large project", "What roof?", "Flat", "Oakland", "since <time"):
        assert text in page


def test_an_approval_in_a_row_answers_the_row_that_was_decided(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    answer = send(bob_client, lead, htmx=True, status="approved", queue="1")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="review-{lead.public_id}"' in text
    assert "Take it back" in text
    lead.refresh_from_db()
    assert (lead.approval_status, lead.status) == ("approved", LeadStatus.NEW)
    assert lead.approval["decidedBy"] == "Bob"


def test_taking_it_back_brings_the_row_again(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    send(bob_client, lead, htmx=True, status="rejected", reason="Too small", queue="1")
    text = send(bob_client, lead, htmx=True, status="pending", was="rejected", queue="1").content.decode()
    assert 'data-key="a"' in text
    lead.refresh_from_db()
    assert (lead.approval_status, lead.status) == ("pending", LeadStatus.PENDING_ACTION)
    assert shown(bob_client) == ["Anna"]


def test_without_a_script_the_queue_comes_again_with_an_undo(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    answer = bob_client.post(
        reverse("lead_review", args=[lead.public_id]), {"status": "approved", "queue": "1"}, follow=True
    )
    assert answer.redirect_chain[0][0] == QUEUE
    assert f"{reverse('lead_review', args=[lead.public_id])}?status=pending&amp;was=approved" in answer.content.decode()


def test_who_comes_second_is_told_and_changes_nothing(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    decide(lead=lead, status=Approval.REJECTED, by=SYSTEM)
    text = send(bob_client, lead, htmx=True, status="approved", queue="1").content.decode()
    assert review.CHANGED_SINCE in text
    lead.refresh_from_db()
    assert lead.approval_status == "rejected"


def test_an_undo_of_a_decision_that_is_another_by_now_changes_nothing(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    decide(lead=lead, status=Approval.REJECTED, by=SYSTEM)
    send(bob_client, lead, status="pending", was="approved")
    lead.refresh_from_db()
    assert lead.approval_status == "rejected"


def test_a_reason_that_is_too_long_is_said_in_the_row(bob_client: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    text = send(bob_client, lead, htmx=True, status="approved", reason="x" * 501, queue="1").content.decode()
    assert "500 characters" in text
    assert 'data-key="a"' in text


def test_a_viewer_looks_on_and_a_stranger_sees_nothing(
    vera_client: Client, mallory_client: Client, campaign: Campaign
) -> None:
    lead = waits(campaign, "Anna")
    assert shown(vera_client) == ["Anna"]
    assert "data-key" not in vera_client.get(QUEUE).content.decode()
    assert send(vera_client, lead, status="approved").status_code == 403
    assert send(mallory_client, lead, status="approved").status_code == 404
    assert shown(mallory_client) == []


def test_an_empty_queue_says_how_leads_come_here(bob_client: Client) -> None:
    assert "Nobody waits for approval" in bob_client.get(QUEUE).content.decode()


def test_the_home_page_leads_there_only_where_somebody_waits(bob_client: Client, campaign: Campaign) -> None:
    assert QUEUE not in bob_client.get("/").content.decode()
    waits(campaign, "Anna")
    assert bob_client.get("/").context["now"].to_review == 1
    assert QUEUE in bob_client.get("/").content.decode()


def test_the_list_is_narrowed_to_who_waits(bob_client: Client, api: Client, campaign: Campaign) -> None:
    lead = waits(campaign, "Anna")
    world.make_lead(campaign, first_name="Other")
    rows = bob_client.get(reverse("lead_list"), {"approval": "pending"}).context["listing"].rows
    assert [row.lead for row in rows] == [lead]
    listed = api.get("/api/v1/leads", {"approval": "pending"}).json()["data"]["leads"]
    assert [row["leadId"] for row in listed] == [lead.public_id]


def test_queries_do_not_grow_with_rows(bob_client: Client, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            bob_client.get(QUEUE)
        return len(captured)

    for priority in ("high", "normal", "low"):
        waits(campaign, "Anna", priority)
    few = queries()
    for number in range(12):
        waits(campaign, f"Anna{number}", ("high", "normal", "low")[number % 3])
    assert queries() == few
