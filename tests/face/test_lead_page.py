from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from calls.models import Transcript
from leads.models import Lead, LeadPhone
from leads.services import add_note, add_to_do_not_call, set_status
from tests import world
from tests.travel import Clock


def page_of(client: Client, lead: Lead) -> str:
    return client.get(reverse("lead", args=[lead.public_id])).content.decode()


def test_another_workspaces_lead_is_as_unknown_as_none(mallory_client: Client, lead: Lead) -> None:
    assert mallory_client.get(reverse("lead", args=[lead.public_id])).status_code == 404
    assert mallory_client.get(reverse("lead", args=["lead_nothing"])).status_code == 404


def test_a_viewer_reads_but_finds_no_call_button(vera_client: Client, bob_client: Client, lead: Lead) -> None:
    assert "button-call" not in page_of(vera_client, lead)
    assert "Anna Meyer" in page_of(vera_client, lead)
    assert "button-call" in page_of(bob_client, lead)


def test_it_says_what_happened(bob_client: Client, lead: Lead) -> None:
    call = world.make_interaction(
        lead, status="qualified", dispatch="placed", duration=125, summary="Wants a kitchen.", recording_state="stored"
    )
    Transcript.objects.create(interaction=call, messages=[{"role": "user", "message": "Hello?"}])
    set_status(lead=lead, status="qualified", by=SYSTEM, interaction_public_id=call.public_id)
    add_note(lead=lead, text="Likes tea", by=SYSTEM)
    page = page_of(bob_client, lead)
    for text in ("Wants a kitchen.", "2:05", "Hello?", "Likes tea", reverse("recording", args=[call.public_id])):
        assert text in page
    assert "hx-get" not in page.partition('id="calls"')[2], "a call that is over is not asked after"


def test_it_says_whether_and_when_the_lead_may_be_called(bob_client: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T06:00:00-08:00")
    assert "May be called now" in page_of(bob_client, lead)
    lead.campaign.hours = {"fri": [["09:00", "18:00"]]}
    lead.campaign.save()
    page = page_of(bob_client, lead)
    assert "outside the campaign&#x27;s calling hours" in page
    assert "today 09:00 PST" in page


def test_do_not_call_is_seen_at_once(bob_client: Client, lead: Lead) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, reason="Asked by post")
    page = page_of(bob_client, lead)
    assert 'class="dnc"' in page
    assert "Asked by post" in page


def test_a_lead_of_several_numbers_is_barred_only_when_all_are(bob_client: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert 'class="dnc"' not in page_of(bob_client, lead)


def test_a_lead_without_number_and_zone_has_a_page(bob_client: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(phone="", first_name="", last_name="", email="")
    page = page_of(bob_client, lead)
    assert "Time zone not known" in page
    assert lead.public_id in page


def test_text_from_outside_is_text(bob_client: Client, lead: Lead) -> None:
    evil = "<img src=x onerror=alert(1)>"
    call = world.make_interaction(lead, status="completed", dispatch="placed", summary=evil)
    Transcript.objects.create(interaction=call, messages=[{"role": "user", "message": evil, "timestamp": 7}, {}])
    lead.custom_fields = {"note": evil}
    lead.save()
    page = page_of(bob_client, lead)
    assert evil not in page
    assert page.count("&lt;img src=x") == 3


def test_queries_do_not_grow_with_calls(bob_client: Client, lead: Lead) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(bob_client, lead)
        return len(captured)

    def call() -> None:
        made = world.make_interaction(lead, status="completed", dispatch="placed")
        Transcript.objects.create(interaction=made, messages=[])

    call()
    few = queries()
    for _ in range(25):
        call()
    assert queries() == few


def test_older_calls_are_a_page_further(bob_client: Client, lead: Lead) -> None:
    for _ in range(21):
        world.make_interaction(lead, status="completed", dispatch="placed")
    first = bob_client.get(reverse("lead", args=[lead.public_id])).context["calls"]
    assert len(first.cards) == 20
    older = bob_client.get(reverse("lead", args=[lead.public_id]), {"older": first.older}).context["calls"]
    assert (len(older.cards), older.older) == (1, None)
