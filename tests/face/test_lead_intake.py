"""What an integrator sent with a lead, as the salesperson reads it."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from leads.models import Lead, Submission


def details_of(client: Client, lead: Lead) -> str:
    return client.get(reverse("lead", args=[lead.public_id]), {"tab": "details"}).content.decode()


def test_answers_stand_beside_the_calls(bob_client: Client, lead: Lead) -> None:
    lead.questionnaire = [{"key": "budget", "question": "What is your budget?", "answer": "Up to 20,000"}]
    lead.save()
    page = bob_client.get(reverse("lead", args=[lead.public_id])).content.decode()
    assert "What is your budget?" in page
    assert "Up to 20,000" in page


def test_details_tell_answers_in_any_shape(bob_client: Client, lead: Lead) -> None:
    lead.questionnaire = [
        {"key": "rooms", "question": "Which rooms?", "answer": ["Kitchen", "Bath"]},
        {"key": "owner", "question": "Do you own it?", "answer": True},
        {"key": "when", "question": "", "answer": None},
    ]
    lead.save()
    page = details_of(bob_client, lead)
    for text in ("Which rooms?", "Kitchen, Bath", "Do you own it?", "Yes", "when", "No answer"):
        assert text in page


def test_details_tell_where_the_lead_came_from_and_what_it_agreed_to(bob_client: Client, lead: Lead) -> None:
    lead.attribution = {"params": {"utm_source": "news<b>"}, "adPlatform": "google", "gclid": None}
    lead.compliance = {"tcpaConsent": True, "tcpaText": "I agree to be called"}
    lead.save()
    Submission.objects.create(lead=lead, number=1)
    Submission.objects.create(lead=lead, number=2, status="duplicate", is_test=True)
    page = details_of(bob_client, lead)
    for text in ("news&lt;b&gt;", "google", "I agree to be called", "Submission 2", "Duplicate, test"):
        assert text in page
    assert "gclid" not in page.lower()


def test_a_lead_that_was_typed_in_shows_no_empty_boxes(bob_client: Client, lead: Lead) -> None:
    page = details_of(bob_client, lead)
    assert "Their answers" not in page
    assert "How they came to us" not in page
