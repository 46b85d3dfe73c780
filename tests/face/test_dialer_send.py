"""Leads sent to the auto-dialer and taken out again: one, a selection, and everything that a filter finds."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import User
from calls.dialer import bulk as dialer_bulk
from calls.dialer.entries import send_to_dialer, take_out
from calls.models import DialerEntry, DialerState
from campaigns.models import Campaign
from leads import bulk
from leads.bulk import work_on
from leads.models import BulkChange, BulkItem, Lead
from tests import world

START = "/leads/bulk/start/"
Items = BulkItem.State


@pytest.fixture
def dialer(campaign: Campaign) -> Campaign:
    Campaign.objects.update(dialer="on")
    campaign.refresh_from_db()
    return campaign


@pytest.fixture
def leads(dialer: Campaign) -> list[Lead]:
    return [world.make_lead(dialer, f"+1415555013{i}", first_name=f"Lead{i}") for i in range(3)]


def box(lead: Lead) -> str:
    return reverse("lead_dialer", args=[lead.public_id])


def page(client: Client, lead: Lead) -> str:
    return client.get(reverse("lead", args=[lead.public_id])).content.decode()


def is_in(lead: Lead) -> bool:
    return DialerEntry.objects.filter(lead=lead).exclude(state="done").exists()


def change_them(client: Client, leads: list[Lead], **more: str) -> BulkChange:
    sent = {"lead": [lead.public_id for lead in leads], "kind": "dialer", **more}
    response = client.post(START, sent)
    assert response.status_code == 302, response.content.decode()
    return BulkChange.objects.latest("id")


def states(change: BulkChange) -> list[str]:
    return list(change.items.order_by("id").values_list("state", flat=True))


def undo(client: Client, change: BulkChange) -> Any:
    return client.post(reverse("bulk_undo", args=[change.public_id]))


def test_a_member_sends_a_lead_and_takes_it_out(bob_client: Client, bob: User, leads: list[Lead]) -> None:
    assert "not in it." in page(bob_client, leads[0])
    bob_client.post(box(leads[0]), {"act": "send"})
    assert is_in(leads[0])
    shown = page(bob_client, leads[0])
    assert "due now." in shown
    assert f"{box(leads[0])}?act=take_out" in shown
    bob_client.post(box(leads[0]), {"act": "take_out"})
    assert not is_in(leads[0])
    assert f"Taken out by {bob}" in page(bob_client, leads[0])


def test_one_that_is_due_and_held_says_why(vera_client: Client, leads: list[Lead], dialer: Campaign) -> None:
    send_to_dialer(leads=leads[:1], by=SYSTEM)
    assert "due now." in page(vera_client, leads[0])
    state = DialerState.objects.create(campaign=dialer, held_why="WAITING_FOR_LINE", held_text="Waiting for a line.")
    assert "due now." in page(vera_client, leads[0])
    state.held_why, state.held_text = "PROVIDER_DOWN", "Main takes no calls."
    state.save()
    shown = page(vera_client, leads[0])
    assert "due, but held." in shown
    assert "Main takes no calls." in shown
    listed = vera_client.get(reverse("dialer", args=[dialer.code])).content.decode()
    assert "Due now" not in listed
    assert listed.count("Main takes no calls.") == 3
    Campaign.objects.update(dialer="paused")
    assert "The auto-dialer is paused" in page(vera_client, leads[0])


@pytest.mark.parametrize(
    ("approval", "sentence"), [("pending", "It waits for approval"), ("rejected", "It was rejected")]
)
def test_one_that_is_not_approved_is_not_offered_to_be_sent(
    bob_client: Client, leads: list[Lead], approval: str, sentence: str
) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(approval_status=approval)
    DialerEntry.objects.create(
        workspace=leads[0].workspace, campaign=leads[0].campaign, lead=leads[0], state="done", why="TAKEN_OUT"
    )
    shown = page(bob_client, leads[0])
    assert sentence in shown
    assert "Send to auto-dialer" not in shown
    done = bob_client.get(reverse("dialer", args=[leads[0].campaign.code]), {"show": "done"}).content.decode()
    assert "Send again" not in done
    Lead.objects.filter(pk=leads[0].pk).update(approval_status="approved")
    assert "Send to auto-dialer" in page(bob_client, leads[0])


def test_from_the_list_of_the_dialer_one_comes_back_to_it(bob_client: Client, leads: list[Lead]) -> None:
    send_to_dialer(leads=leads, by=SYSTEM)
    answer = bob_client.post(box(leads[0]), {"act": "take_out", "on": "dialer"})
    assert answer.headers["Location"] == reverse("dialer", args=[leads[0].campaign.code])


def test_a_refusal_is_said(bob_client: Client, leads: list[Lead]) -> None:
    Campaign.objects.update(dialer="off")
    answer = bob_client.post(box(leads[0]), {"act": "send"}, follow=True)
    assert "is off: start it first." in answer.content.decode()
    assert not is_in(leads[0])


def test_the_box_answers_nothing_while_it_is_the_same(
    vera_client: Client, leads: list[Lead], htmx: dict[str, str]
) -> None:
    send_to_dialer(leads=leads, by=SYSTEM)
    shown = vera_client.get(box(leads[0]), headers=htmx).content.decode()
    version = shown.split("?v=")[1].split('"')[0]
    assert vera_client.get(box(leads[0]), {"v": version}, headers=htmx).status_code == 204
    take_out(lead=leads[0], by=SYSTEM)
    assert "not in it." in vera_client.get(box(leads[0]), {"v": version}, headers=htmx).content.decode()
    assert vera_client.get(box(leads[0])).status_code == 302


def test_a_lead_of_a_campaign_without_dialer_has_no_box(vera_client: Client, lead: Lead) -> None:
    assert "lead-dialer" not in page(vera_client, lead)


def test_a_viewer_sends_nobody(vera_client: Client, leads: list[Lead]) -> None:
    assert vera_client.post(box(leads[0]), {"act": "send"}).status_code == 403
    assert "Send to auto-dialer" not in page(vera_client, leads[0])
    assert vera_client.post(START, {"lead": leads[0].public_id, "kind": "dialer"}).status_code == 403
    assert not DialerEntry.objects.exists()


def test_another_workspaces_lead_is_unknown(mallory_client: Client, leads: list[Lead]) -> None:
    assert mallory_client.get(box(leads[0])).status_code == 404
    assert mallory_client.post(box(leads[0]), {"act": "send"}).status_code == 404


def test_a_selection_is_asked_for_and_sent(bob_client: Client, leads: list[Lead]) -> None:
    asked = bob_client.post("/leads/bulk/", {"lead": [lead.public_id for lead in leads], "kind": "dialer"})
    assert "Send 3 leads to the auto-dialer" in asked.content.decode()
    change = change_them(bob_client, leads)
    assert states(change) == [Items.CHANGED] * 3
    assert all(is_in(lead) for lead in leads)


def test_whoever_is_in_already_keeps_their_place(bob_client: Client, leads: list[Lead]) -> None:
    send_to_dialer(leads=leads[:1], by=SYSTEM)
    before = DialerEntry.objects.get()
    change = change_them(bob_client, leads)
    assert states(change) == [Items.SAME, Items.CHANGED, Items.CHANGED]
    undo(bob_client, change)
    assert [is_in(lead) for lead in leads] == [True, False, False]
    assert DialerEntry.objects.get(pk=before.pk).sent_at == before.sent_at


def test_whoever_cannot_be_sent_is_told_with_the_reason(bob_client: Client, leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[1].pk).update(phone="")
    other = world.make_campaign(leads[0].campaign.production_agent, name="Roofs")
    Lead.objects.filter(pk=leads[2].pk).update(campaign=other)
    change = change_them(bob_client, leads)
    assert states(change) == [Items.CHANGED, Items.FAILED, Items.FAILED]
    shown = bob_client.get(reverse("bulk", args=[change.public_id])).content.decode()
    assert "no phone number" in shown
    assert "The auto-dialer of Roofs is off: start it first." in shown


def test_undo_leaves_alone_who_was_taken_out_or_sent_again_since(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads)
    take_out(lead=leads[0], by=SYSTEM)
    take_out(lead=leads[1], by=SYSTEM)
    send_to_dialer(leads=[leads[1]], by=SYSTEM)
    undo(bob_client, change)
    assert states(change) == [Items.KEPT, Items.KEPT, Items.UNDONE]
    assert [is_in(lead) for lead in leads] == [False, True, False]


def test_a_fault_with_one_stops_nobody_else(
    bob_client: Client, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_for_one(*, leads: list[Lead], by: Any) -> Any:
        if any(lead.first_name == "Lead1" for lead in leads):
            raise ValueError("odd")
        return send_to_dialer(leads=leads, by=by)

    monkeypatch.setattr(dialer_bulk, "send_to_dialer", break_for_one)
    change = change_them(bob_client, leads)
    assert states(change) == [Items.CHANGED, Items.FAILED, Items.CHANGED]
    assert "This lead could not be changed." in [item.before.get("failed") for item in change.items.all()]


def test_everything_a_filter_finds_goes_in_chunks_of_few_queries(
    bob_client: Client, dialer: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: dict[str, Any] = {"workspace": dialer.workspace, "campaign": dialer, "last_name": "Crowd"}
    Lead.objects.bulk_create(Lead(**fields, first_name=str(i), phone=f"+1212555{i:04}") for i in range(230))
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    bob_client.post(START, {"all": "1", "filter": "q=crowd", "kind": "dialer", "count": "230"})
    change = BulkChange.objects.get()
    with CaptureQueriesContext(connection) as captured:
        assert work_on(change.pk)
    assert len(captured) < 60
    while work_on(change.pk):
        pass
    assert DialerEntry.objects.filter(state="waiting").count() == 230
    assert set(states(change)) == {Items.CHANGED}
