from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.history import note
from calls.models import CallPrompt, Interaction, Transcript
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
