from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import Role, User
from leads.models import Lead, Note
from leads.services import add_note, add_tag
from leads.views.page import NOTES
from tests import world


def page_of(client: Client, lead: Lead, query: str = "") -> str:
    return client.get(reverse("lead", args=[lead.public_id]) + query).content.decode()


def write(client: Client, lead: Lead, text: str, **fields: str) -> int:
    return client.post(reverse("lead_note", args=[lead.public_id]), {"text": text, **fields}).status_code


def delete(client: Client, note: Note) -> int:
    return client.post(reverse("lead_note_delete", args=[note.lead.public_id, note.pk])).status_code


def test_a_note_is_kept_with_its_author(bob_client: Client, bob: User, lead: Lead) -> None:
    assert write(bob_client, lead, "Likes tea\r\nnot coffee") == 302
    note = lead.notes.get()
    assert (note.author, note.text) == (bob, "Likes tea\nnot coffee")


def test_markup_line_breaks_emoji_and_right_to_left_are_text(bob_client: Client, lead: Lead) -> None:
    write(bob_client, lead, "<b>bold</b>\n👩‍👩‍👧 שלום")
    page = page_of(bob_client, lead)
    assert '<div class="note-text pre" dir="auto">&lt;b&gt;bold&lt;/b&gt;\n👩‍👩‍👧 שלום</div>' in page


def test_ten_thousand_characters_fit_and_are_folded(bob_client: Client, lead: Lead) -> None:
    assert write(bob_client, lead, "x\r\n" * 5000) == 302
    assert write(bob_client, lead, "y" * 10_000) == 302
    assert write(bob_client, lead, "z" * 10_001) == 422
    page = page_of(bob_client, lead)
    assert page.count('class="note-more"') == 2
    assert "y" * 10_000 in page


def test_a_note_without_text_says_what_to_do_and_keeps_the_page(bob_client: Client, lead: Lead) -> None:
    response = bob_client.post(reverse("lead_note", args=[lead.public_id]), {"text": " \n "})
    assert response.status_code == 422
    assert "Write the note first." in response.content.decode()


def test_sent_twice_it_is_one_note(bob_client: Client, lead: Lead) -> None:
    found = re.search(r'name="once" value="([^"]+)"', page_of(bob_client, lead).partition('id="notes"')[2])
    assert found
    for _ in range(2):
        write(bob_client, lead, "Once", once=found[1])
    assert lead.notes.count() == 1


def test_a_session_that_ended_keeps_the_text(bob_client: Client, lead: Lead) -> None:
    found = re.search(r'name="once" value="([^"]+)"', page_of(bob_client, lead))
    assert found
    bob_client.logout()
    write(bob_client, lead, "Not lost", once=found[1])
    bob_client.post(reverse("account_login"), {"login": "bob@example.com", "password": world.PASSWORD})
    assert "Not lost" in bob_client.get(reverse("unsent_form")).content.decode()


def test_people_delete_their_own_notes_and_admins_any(bob_client: Client, alice_client: Client, bob: User) -> None:
    lead = world.make_lead(world.make_campaign(None, bob.memberships.get().workspace))
    own, first, second = (add_note(lead=lead, text=text, by=by) for text, by in _notes_of(bob))
    assert delete(bob_client, own) == 302
    assert delete(bob_client, first) == 403
    assert delete(alice_client, second) == 302
    assert list(lead.notes.all()) == [first]


def _notes_of(bob: User) -> list[tuple[str, Actor]]:
    return [("mine", Actor(user=bob)), ("theirs", SYSTEM), ("theirs too", SYSTEM)]


def test_a_viewer_and_a_stranger_may_not(vera_client: Client, mallory_client: Client, lead: Lead) -> None:
    note = add_note(lead=lead, text="Here", by=SYSTEM)
    assert (write(vera_client, lead, "x"), delete(vera_client, note)) == (403, 403)
    assert (write(mallory_client, lead, "x"), delete(mallory_client, note)) == (404, 404)
    assert "note-form" not in page_of(vera_client, lead)


def test_a_note_of_another_lead_is_not_found_here(bob_client: Client, bob: User, lead: Lead) -> None:
    note = add_note(lead=world.make_lead(lead.campaign), text="There", by=Actor(user=bob))
    address = reverse("lead_note_delete", args=[lead.public_id, note.pk])
    assert bob_client.post(address).status_code == 404


def test_older_notes_are_a_page_further(bob_client: Client, lead: Lead) -> None:
    for number in range(NOTES + 2):
        add_note(lead=lead, text=f"Note {number}", by=SYSTEM)
    first = bob_client.get(reverse("lead", args=[lead.public_id])).context
    second = bob_client.get(reverse("lead", args=[lead.public_id]), {"notes": first["older_notes"]}).context
    texts = [card.note.text for context in (first, second) for card in context["notes"]]
    assert texts == [f"Note {number}" for number in reversed(range(NOTES + 2))]


@pytest.mark.parametrize("tab", ["interactions", "details", "activity"])
def test_queries_do_not_grow_with_notes_and_tags(bob_client: Client, lead: Lead, tab: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(bob_client, lead, f"?tab={tab}")
        return len(captured)

    add_note(lead=lead, text="One", by=SYSTEM)
    add_tag(lead=lead, name="one", by=SYSTEM)
    few = queries()
    for number in range(20):
        author = world.make_user(f"Person{number}", lead.workspace, Role.MEMBER)
        add_note(lead=lead, text="More", by=Actor(user=author))
        add_tag(lead=lead, name=f"tag {number}", by=Actor(user=author))
    assert queries() == few
