from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from calls.cards import card_of
from calls.models import Interaction, Transcript
from common import clock
from leads.models import Lead
from leads.services import set_status
from tests import world


def look(client: Client, call: Interaction, version: str = "", on: str = "lead") -> tuple[int, str]:
    answer = client.get(reverse("call_live", args=[call.public_id]), {"v": version, "on": on})
    return answer.status_code, answer.content.decode()


def version_of(call: Interaction) -> str:
    return card_of(Interaction.objects.get(pk=call.pk), zone="UTC").version


def test_an_unchanged_call_answers_nothing(vera_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    assert look(vera_client, call, version_of(call)) == (204, "")


def test_each_phase_is_shown_when_it_begins(vera_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    for fields, phase in (
        ({"dispatch": "placing"}, "Queued"),
        ({"dispatch": "placed", "placed_at": clock.now()}, "Ringing"),
        ({"answered_at": clock.now()}, "In progress"),
    ):
        before = version_of(call)
        Interaction.objects.filter(pk=call.pk).update(**fields)
        status, page = look(vera_client, call, before)
        assert status == 200
        assert f"Call: {phase}" in page
        assert 'hx-trigger="every 2s"' in page


def test_the_end_brings_transcript_outcome_and_the_leads_status(vera_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    Transcript.objects.create(interaction=call, messages=[{"role": "user", "message": "Yes, please."}])
    Interaction.objects.filter(pk=call.pk).update(status="qualified", dispatch="placed", recording_state="stored")
    set_status(lead=lead, status="qualified", by=SYSTEM)
    status, page = look(vera_client, call)
    assert status == 286
    for text in ("Yes, please.", "Qualified", "<audio", 'id="lead-state"', 'id="activity"', 'id="next-step"'):
        assert text in page
    assert "every 2s" not in page


def test_it_goes_on_until_the_recording_is_settled(vera_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead, status="completed", dispatch="placed", recording_state="due")
    status, page = look(vera_client, call)
    assert status == 200
    assert "being copied" in page
    assert "every 2s" in page
    Interaction.objects.filter(pk=call.pk).update(recording_state="missing")
    assert look(vera_client, call)[0] == 286


def test_on_the_conversation_page_its_history_goes_along(vera_client: Client, lead: Lead) -> None:
    page = look(vera_client, world.make_interaction(lead), on="conversation")[1]
    assert 'id="history"' in page
    assert 'id="activity"' not in page


def test_a_viewer_gets_no_cancel_button(vera_client: Client, bob_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    assert "Cancel the call" not in look(vera_client, call)[1]
    assert "Cancel the call" in look(bob_client, call)[1]


def test_another_workspace_cannot_look(mallory_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    for name in ("call_live", "conversation"):
        assert mallory_client.get(reverse(name, args=[call.public_id])).status_code == 404
