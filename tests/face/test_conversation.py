from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.history import note
from calls.models import CallPrompt, Interaction, Transcript
from common import clock
from leads.models import Lead
from tests import world


def ended(lead: Lead) -> Interaction:
    call = world.make_interaction(lead, status="no_answer", dispatch="placed", additional_instructions="Be kind")
    CallPrompt.objects.create(interaction=call, prompt="You are Nora. <b>", first_message="Hello Anna")
    Transcript.objects.create(interaction=call, messages=[])
    note(call, "created", "Call asked for by Bob")
    return call


def test_it_shows_numbers_prompt_history_and_outcome(vera_client: Client, lead: Lead) -> None:
    page = vera_client.get(reverse("conversation", args=[ended(lead).public_id])).content.decode()
    for text in (
        *("+1 415-555-0132", "+1 415-555-0100", "You are Nora. &lt;b&gt;", "Hello Anna", "Call asked for by Bob"),
        *("No answer", "Be kind"),
    ):
        assert text in page
    assert "button-call" not in page


def test_a_member_can_call_again_from_it(bob_client: Client, lead: Lead) -> None:
    page = bob_client.get(reverse("conversation", args=[ended(lead).public_id])).content.decode()
    assert f"{reverse('call_modal', args=[lead.public_id])}?on=conversation" in page


def spoken(lead: Lead, **fields: Any) -> Interaction:
    how = {"status": "completed", "dispatch": "placed", "recording_state": "stored", **fields}
    call = world.make_interaction(lead, answered_at=clock.now(), **how)
    said_at = (clock.now() + timedelta(seconds=65)).isoformat()
    messages = [{"role": "user", "message": "\u202eYes <b>", "timestamp": said_at, "source": "voice_ai"}]
    Transcript.objects.create(interaction=call, messages=messages)
    return call


def test_each_line_leads_to_its_place_in_the_recording(vera_client: Client, lead: Lead) -> None:
    call = spoken(lead)
    for address in (reverse("conversation", args=[call.public_id]), reverse("lead", args=[lead.public_id])):
        page = vera_client.get(address).content.decode()
        assert 'data-at="65"' in page
        assert "1:05</button>" in page
        assert "<audio controls" in page
        assert "Yes &lt;b&gt;" in page


def test_the_earlier_and_the_later_call_are_one_click_away(vera_client: Client, lead: Lead) -> None:
    first, second, third = (ended(lead) for _ in range(3))
    page = vera_client.get(reverse("conversation", args=[second.public_id])).content.decode()
    for other in (first, third):
        assert reverse("conversation", args=[other.public_id]) in page


def test_a_call_in_which_nobody_spoke_says_so(vera_client: Client, lead: Lead) -> None:
    page = vera_client.get(reverse("conversation", args=[ended(lead).public_id])).content.decode()
    assert "nobody was spoken to" in page


def test_queries_do_not_grow_with_events(vera_client: Client, lead: Lead) -> None:
    call = ended(lead)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(reverse("conversation", args=[call.public_id]))
        return len(captured)

    few = queries()
    for _ in range(20):
        note(call, "checked", "Asked the provider")
    assert queries() == few
