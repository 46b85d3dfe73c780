"""Putting a lead on Do-Not-Call and lifting it again, from the lead's page."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from calls.services import preflight
from leads.models import Channel, DoNotCall, Lead, LeadPhone
from leads.services import add_to_do_not_call, set_status
from tests import world
from tests.travel import Clock

PHONE = "phone:+14155550132"


def bar(client: Client, lead: Lead, *addresses: str, **fields: Any) -> Any:
    data = {"addresses": addresses, **fields}
    return client.post(reverse("lead_dnc_set", args=[lead.public_id]), data)


def lift(client: Client, lead: Lead, entry: DoNotCall, **fields: Any) -> Any:
    data = {"entry": entry.pk, "reason": "Asked for a call", "tab": "details", **fields}
    return client.post(reverse("lead_dnc_lift", args=[lead.public_id]), data)


def toast(response: Any) -> Any:
    return list(get_messages(response.wsgi_request))[-1]


def page_of(client: Client, lead: Lead, query: str = "") -> str:
    return client.get(reverse("lead", args=[lead.public_id]) + query).content.decode()


def test_a_listed_number_is_refused_by_the_call_button(bob_client: Client, lead: Lead) -> None:
    assert preflight(lead=lead).verdict.allowed
    response = bar(bob_client, lead, PHONE, reason="Asked at the door", tab="activity")
    assert response.url.endswith("?tab=activity")
    assert preflight(lead=lead).verdict.code == "DO_NOT_CALL"
    page = page_of(bob_client, lead)
    assert "next-stop" in page
    assert "Asked at the door" in page


def test_each_channel_is_listed_by_itself(bob_client: Client, lead: Lead) -> None:
    bar(bob_client, lead, "sms:+14155550132", "email:anna@example.com")
    assert set(DoNotCall.objects.values_list("channel", flat=True)) == {Channel.SMS, Channel.EMAIL}
    assert preflight(lead=lead).verdict.allowed
    page = page_of(bob_client, lead)
    assert "No SMS" in page
    assert "No e-mail" in page


def test_only_what_is_not_listed_yet_is_offered(bob_client: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    form = bob_client.get(reverse("lead", args=[lead.public_id])).context["dnc_form"]
    keys = [key for key, _ in form.fields["addresses"].choices]
    assert PHONE not in keys
    assert form.initial["addresses"] == ["phone:+14155550177"]


def test_somebody_elses_number_cannot_be_listed_here(bob_client: Client, lead: Lead) -> None:
    assert bar(bob_client, lead, "phone:+14155559999").status_code == 422
    assert bar(bob_client, lead).status_code == 422
    assert not DoNotCall.objects.exists()


def test_undo_takes_off_exactly_what_was_put_on(bob_client: Client, lead: Lead) -> None:
    add_to_do_not_call(workspace=lead.workspace, address="anna@example.com", channel="email", by=SYSTEM)
    undo = toast(bar(bob_client, lead, PHONE)).extra_tags
    assert bob_client.post(undo).status_code == 302
    assert DoNotCall.objects.get().channel == "email"
    assert AuditEvent.objects.filter(verb="dnc.lifted").count() == 1


def test_undo_is_for_whoever_did_it_and_for_ten_minutes(
    bob_client: Client, alice_client: Client, lead: Lead, clock: Clock
) -> None:
    clock.at("2026-11-20T10:00:00-08:00")
    undo = toast(bar(bob_client, lead, PHONE)).extra_tags
    assert alice_client.post(undo).status_code == 403
    clock.at("2026-11-20T10:11:00-08:00")
    assert bob_client.post(undo).status_code == 403
    assert DoNotCall.objects.exists()


def test_what_was_said_again_is_not_taken_back_by_a_click(bob_client: Client, lead: Lead) -> None:
    undo = toast(bar(bob_client, lead, PHONE)).extra_tags
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, source="int_x")
    assert bob_client.post(undo).status_code == 403
    assert DoNotCall.objects.get().confirmed_at


def test_an_admin_lifts_with_a_reason(alice_client: Client, bob_client: Client, lead: Lead) -> None:
    entry = add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert lift(bob_client, lead, entry).status_code == 403
    nameless = lift(alice_client, lead, entry, reason=" ")
    assert nameless.status_code == 422
    assert "Say why" in nameless.content.decode()
    assert lift(alice_client, lead, entry).status_code == 302
    assert preflight(lead=lead).verdict.allowed
    assert AuditEvent.objects.get(verb="dnc.lifted").data["reason"] == "Asked for a call"


def test_the_status_that_still_forbids_calls_is_told_and_offered(alice_client: Client, lead: Lead) -> None:
    set_status(lead=lead, status="dnc", by=SYSTEM)
    entry = DoNotCall.objects.get()
    assert "forbids calls by itself" in page_of(alice_client, lead, "?tab=details")
    assert "status is still Do not contact" in str(toast(lift(alice_client, lead, entry)))
    assert not preflight(lead=lead).verdict.allowed
    entry = add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    lift(alice_client, lead, entry, status="contacted")
    lead.refresh_from_db()
    assert lead.status == "contacted"


def test_an_entry_that_is_gone_or_of_others_is_told(alice_client: Client, lead: Lead) -> None:
    other = add_to_do_not_call(workspace=lead.workspace, address="+14155550199", by=SYSTEM)
    assert "not on the Do-Not-Call list any more" in str(toast(lift(alice_client, lead, other)))
    assert DoNotCall.objects.exists()


def test_who_may_what(vera_client: Client, bob_client: Client, mallory_client: Client, lead: Lead) -> None:
    entry = add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert (bar(vera_client, lead, PHONE).status_code, lift(vera_client, lead, entry).status_code) == (403, 403)
    assert (bar(mallory_client, lead, PHONE).status_code, lift(mallory_client, lead, entry).status_code) == (404, 404)
    assert "Lift it" not in page_of(bob_client, lead, "?tab=details")
    assert "Put on Do-Not-Call" not in page_of(vera_client, lead)


def test_sent_twice_it_is_done_once_and_is_no_mistake(alice_client: Client, lead: Lead) -> None:
    twin = world.make_lead(lead.campaign)
    undo = toast(bar(alice_client, lead, PHONE)).extra_tags
    assert bar(alice_client, lead, PHONE).status_code == 302
    assert not preflight(lead=twin).verdict.allowed
    entry = DoNotCall.objects.get()
    assert [lift(alice_client, lead, entry).status_code for _ in range(2)] == [302, 302]
    assert alice_client.post(undo).status_code == 302
    assert not DoNotCall.objects.exists()
