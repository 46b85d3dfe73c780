"""On a lead's page: that it waits for approval, since when and why, and the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from leads.approval import ask_approval
from leads.models import Lead, LeadStatus
from leads.services import set_status


@pytest.fixture
def waiting(lead: Lead) -> Lead:
    ask_approval(lead=lead, by=SYSTEM, reason="Large projects", priority="high")
    set_status(lead=lead, status=LeadStatus.PENDING_ACTION, by=SYSTEM)
    return lead


def page_of(client: Client, lead: Lead, query: str = "") -> str:
    return client.get(reverse("lead", args=[lead.public_id]) + query).content.decode()


def send(client: Client, lead: Lead, **form: str) -> Any:
    return client.post(reverse("lead_review", args=[lead.public_id]), form)


@pytest.mark.parametrize("tab", ["interactions", "details", "activity"])
def test_the_panel_says_why_and_since_when(bob_client: Client, waiting: Lead, tab: str) -> None:
    page = page_of(bob_client, waiting, f"?tab={tab}")
    for text in ("Waits for approval", "High priority", "Large projects", "Since <time"):
        assert text in page


def test_a_lead_of_which_nothing_is_asked_has_no_panel(bob_client: Client, lead: Lead) -> None:
    assert reverse("lead_review", args=[lead.public_id]) not in page_of(bob_client, lead)


def test_a_decision_leads_back_to_the_tab_and_offers_an_undo(bob_client: Client, waiting: Lead) -> None:
    answer = send(bob_client, waiting, status="approved", reason="Fits", tab="details")
    assert answer["Location"].endswith(f"{waiting.public_id}/?tab=details")
    page = page_of(bob_client, waiting)
    assert "was=approved" in page
    assert "Approved by <bdi>Bob</bdi>" in page
    assert "Set back to waiting" in page
    waiting.refresh_from_db()
    assert (waiting.status, waiting.approval["reason"]) == (LeadStatus.NEW, "Fits")


def test_an_undo_asks_again_with_what_was_said_then(bob_client: Client, waiting: Lead) -> None:
    send(bob_client, waiting, status="rejected", reason="Too small")
    bob_client.post(reverse("lead_review", args=[waiting.public_id]) + "?status=pending&was=rejected")
    waiting.refresh_from_db()
    assert (waiting.approval_status, waiting.status) == ("pending", LeadStatus.PENDING_ACTION)
    assert (waiting.approval["priority"], waiting.approval["askedReason"]) == ("high", "Large projects")


def test_a_reason_that_is_too_long_keeps_the_page(bob_client: Client, waiting: Lead) -> None:
    answer = send(bob_client, waiting, status="approved", reason="x" * 501)
    assert answer.status_code == 422
    assert "500 characters" in answer.content.decode()


def test_a_viewer_sees_it_and_may_not_decide(vera_client: Client, waiting: Lead) -> None:
    page = page_of(vera_client, waiting)
    assert "Waits for approval" in page
    assert "review-acts" not in page
