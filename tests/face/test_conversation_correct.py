from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import Interaction, InteractionEvent
from common import clock as business_clock
from leads.models import Lead
from tests import world
from tests.travel import Clock


@pytest.fixture
def call(lead: Lead) -> Interaction:
    return ended(lead)


def ended(lead: Lead, **fields: Any) -> Interaction:
    how = {"status": "completed", "dispatch": "placed", "placed_at": business_clock.now(), **fields}
    return world.make_interaction(lead, **how)


def show(client: Client, call: Interaction) -> str:
    return client.get(reverse("conversation", args=[call.public_id])).content.decode()


def send(client: Client, call: Interaction, **fields: str) -> tuple[int, str]:
    data = {"status": "qualified", "reason": "I listened to it", **fields}
    answer = client.post(reverse("conversation_correct", args=[call.public_id]), data, follow=True)
    call.refresh_from_db()
    return answer.status_code, answer.content.decode()


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found.group(1)


def test_a_member_corrects_and_everybody_sees_who_and_why(
    bob_client: Client, vera_client: Client, call: Interaction
) -> None:
    page = send(bob_client, call)[1]
    assert call.status == "qualified"
    assert "The outcome is Qualified now." in page
    for text in ("Corrected by <bdi>Bob</bdi>: was", "Completed", "I listened to it"):
        assert text in show(vera_client, call)
        assert text in vera_client.get(reverse("lead", args=[call.lead.public_id])).content.decode()


def test_a_viewer_neither_sees_the_form_nor_may_send_it(vera_client: Client, call: Interaction) -> None:
    assert "Correct the outcome" not in show(vera_client, call)
    assert send(vera_client, call)[0] == 403
    assert call.status == "completed"


def test_another_workspace_finds_no_such_call(mallory_client: Client, call: Interaction) -> None:
    assert send(mallory_client, call)[0] == 404
    assert call.status == "completed"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 301}, "at most 300 characters"),
        ({"status": ""}, "required"),
        ({"status": "in_progress"}, "Select a valid choice"),
        ({"status": "completed"}, "is Completed already"),
        ({"status": "scheduled_callback"}, "Give the time"),
        ({"status": "scheduled_callback", "callback_at": "tomorrow"}, "Give the day and the time"),
        ({"status": "scheduled_callback", "callback_at": "2001-01-01T10:00"}, "This time is over"),
        ({"status": "scheduled_callback", "callback_at": "0001-01-01T00:00"}, ""),
        ({"status": "scheduled_callback", "callback_at": "9999-12-31T23:59"}, ""),
    ],
)
def test_a_mistake_is_told_at_the_field_and_nothing_is_lost(
    bob_client: Client, call: Interaction, wrong: dict[str, str], sentence: str
) -> None:
    status, page = send(bob_client, call, **wrong)
    assert status == 422
    assert sentence in page
    assert wrong.get("reason", "I listened to it").strip() in page
    assert 'hx-preserve="true" open' in page
    assert call.status == "completed"


def test_a_callback_is_the_leads_wall_clock(bob_client: Client, call: Interaction, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00+00:00")
    assert "in Los Angeles now" in show(bob_client, call)
    send(bob_client, call, status="scheduled_callback", callback_at="2026-11-21T10:00")
    assert call.callback_at
    assert call.callback_at.isoformat() == "2026-11-21T18:00:00+00:00"
    assert 'value="2026-11-21T10:00"' in show(bob_client, call)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "in_progress"}, "still under way"),
        ({"status": "error", "dispatch": "withdrawn"}, "never placed"),
    ],
)
def test_what_was_no_conversation_cannot_be_corrected(
    bob_client: Client, lead: Lead, fields: dict[str, str], sentence: str
) -> None:
    call = ended(lead, **fields)
    assert "Correct the outcome" not in show(bob_client, call)
    assert sentence in send(bob_client, call)[1]
    assert call.status == fields["status"]


def test_the_second_of_two_people_is_told_once(bob_client: Client, alice_client: Client, call: Interaction) -> None:
    seen = field(show(alice_client, call), "seen")
    send(bob_client, call)
    status, page = send(alice_client, call, status="disqualified", seen=seen)
    assert (status, call.status) == (422, "qualified")
    assert "Bob has corrected this meanwhile: the outcome is Qualified now." in page
    send(alice_client, call, status="disqualified", seen=field(page, "seen"))
    assert call.status == "disqualified"


def test_a_double_click_corrects_once_and_says_nothing_is_wrong(bob_client: Client, call: Interaction) -> None:
    page = show(bob_client, call)
    form = page[page.index('action="/conversations/' + call.public_id + "/correct/") :]
    fields = {name: field(form, name) for name in ("seen", "once")}
    assert [send(bob_client, call, **fields)[0] for _ in range(2)] == [200, 200]
    assert InteractionEvent.objects.filter(kind="corrected").count() == 1


def test_away_from_a_no_says_that_the_entry_stays(bob_client: Client, lead: Lead) -> None:
    Lead.objects.update(status="dnc")
    call = ended(lead, status="dnc")
    assert "does not lift the Do-Not-Call entry" in show(bob_client, call)
    assert "The lead stays on Do-Not-Call" in send(bob_client, call)[1]


def test_an_older_call_says_that_the_lead_stays(bob_client: Client, lead: Lead) -> None:
    older = ended(lead, created_at=business_clock.now() - timedelta(days=1))
    ended(lead)
    assert "The lead&#x27;s status stays New." in send(bob_client, older)[1]


def test_the_address_alone_leads_to_the_conversation(bob_client: Client, call: Interaction) -> None:
    answer = bob_client.get(reverse("conversation_correct", args=[call.public_id]))
    assert answer.headers["Location"] == reverse("conversation", args=[call.public_id])


def test_back_to_a_reported_callback_that_is_over_is_offered_and_taken(
    bob_client: Client, lead: Lead, clock: Clock
) -> None:
    clock.at("2026-11-20T15:00:00+00:00")
    then = datetime.fromisoformat("2026-11-21T18:00:20+00:00")
    call = ended(lead, status="scheduled_callback", callback_at=then)
    send(bob_client, call)
    clock.at("2026-11-23T15:00:00+00:00")
    assert 'value="2026-11-21T10:00"' in show(bob_client, call)
    assert send(bob_client, call, status="scheduled_callback", callback_at="2026-11-21T10:00")[0] == 200
    assert (call.status, call.callback_at, call.corrected_at) == ("scheduled_callback", then, None)


def test_a_correction_taken_back_says_what_the_lead_is_again(bob_client: Client, lead: Lead) -> None:
    call = ended(lead, status="error", error_code="NO_REPORT")
    send(bob_client, call)
    assert "The lead is New again." in send(bob_client, call, status="error")[1]
