from __future__ import annotations

from django.test import Client
from django.urls import reverse

from leads.models import Lead
from tests import world


def test_a_queued_call_is_taken_back(bob_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    answer = bob_client.post(reverse("call_cancel", args=[call.public_id]), {"on": "lead"}, follow=True)
    call.refresh_from_db()
    assert (call.status, call.error_code) == ("error", "CANCELLED")
    assert "Cancelled by Bob" in answer.content.decode()


def test_a_call_on_its_way_goes_on_and_says_so(bob_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead, dispatch="placed")
    page = bob_client.post(reverse("call_cancel", args=[call.public_id]), {"on": "conversation"}, follow=True)
    call.refresh_from_db()
    assert call.status == "in_progress"
    assert "already on its way" in page.content.decode()


def test_who_may_not_call_may_not_cancel(vera_client: Client, mallory_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    assert vera_client.post(reverse("call_cancel", args=[call.public_id])).status_code == 403
    assert mallory_client.post(reverse("call_cancel", args=[call.public_id])).status_code == 404
    call.refresh_from_db()
    assert call.status == "in_progress"


def test_the_operator_cancels_those_that_are_still_queued(operator_client: Client, lead: Lead) -> None:
    queued = world.make_interaction(lead)
    ringing = world.make_interaction(world.make_lead(lead.campaign, "+12125550199"), dispatch="placed")
    action = {"action": "cancel", "_selected_action": [queued.pk, ringing.pk]}
    page = operator_client.post(reverse("admin:calls_interaction_changelist"), action, follow=True).content.decode()
    assert "Cancelled 1 of 2" in page
    queued.refresh_from_db()
    ringing.refresh_from_db()
    assert (queued.error_code, ringing.status) == ("CANCELLED", "in_progress")
