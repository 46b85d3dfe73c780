from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.models import Workspace
from accounts.services import set_operator_stop
from leads.models import Lead

STOP = {"stopped": "1", "next": "/leads/"}


def test_an_owner_stops_and_resumes_with_a_trace(alice_client: Client, workspace: Workspace) -> None:
    assert alice_client.post(reverse("stop_calls"), STOP).headers["Location"] == "/leads/"
    assert Workspace.objects.filter(calls_stopped_at__isnull=False).exists()
    alice_client.post(reverse("stop_calls"), {"stopped": "0"})
    workspace.refresh_from_db()
    assert workspace.calls_stopped_at is None
    verbs = workspace.audit_events.filter(object_type="workspace").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["calls.stopped", "calls.resumed"]


def test_a_member_sees_the_stop_but_cannot_change_it(
    alice_client: Client, bob_client: Client, workspace: Workspace
) -> None:
    assert "Stop all calls" not in bob_client.get(reverse("lead_list")).content.decode()
    assert bob_client.post(reverse("stop_calls"), STOP).status_code == 403
    alice_client.post(reverse("stop_calls"), STOP)
    page = bob_client.get(reverse("lead_list")).content.decode()
    assert "All calls of Harbour are stopped" in page
    assert "Resume calls" not in page


def test_the_operators_stop_is_shown_in_every_workspace(
    alice_client: Client, mallory_client: Client, lead: Lead
) -> None:
    set_operator_stop(stopped=True)
    for client in (alice_client, mallory_client):
        assert "The operator has stopped calls in every workspace" in client.get(reverse("lead_list")).content.decode()
    modal = alice_client.get(reverse("call_modal", args=[lead.public_id])).content.decode()
    assert "stop switch" in modal


def test_the_way_back_never_leaves_the_site(alice_client: Client) -> None:
    answer = alice_client.post(reverse("stop_calls"), {"stopped": "1", "next": "https://evil.example/"})
    assert answer.headers["Location"] == reverse("home")


def test_looking_at_the_address_changes_nothing(alice_client: Client, workspace: Workspace) -> None:
    assert alice_client.get(reverse("stop_calls")).status_code == 405
    workspace.refresh_from_db()
    assert workspace.calls_stopped_at is None
