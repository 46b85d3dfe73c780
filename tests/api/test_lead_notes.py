from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, User, Workspace
from campaigns.models import Campaign
from leads.models import Lead, Note
from leads.services import add_note, add_tag
from tests import world


def path(lead: Lead) -> str:
    return f"/api/v1/leads/{lead.public_id}/notes"


def post(client: Client, lead: Lead, body: Any) -> Any:
    return client.post(path(lead), body, content_type="application/json")


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def test_a_note_is_added_and_read(api: Client, lead: Lead) -> None:
    made = data(post(api, lead, {"text": "Call after six 🌙"}))
    assert (made["text"], made["createdBy"]) == ("Call after six 🌙", None)
    assert data(api.get(path(lead))) == {"notes": [made], "nextCursor": None, "hasMore": False}


def test_notes_come_newest_first_in_pages(api: Client, lead: Lead) -> None:
    for text in ("One", "Two", "Three"):
        add_note(lead=lead, text=text, by=SYSTEM)
    first = data(api.get(f"{path(lead)}?limit=2"))
    assert [note["text"] for note in first["notes"]] == ["Three", "Two"]
    second = data(api.get(f"{path(lead)}?limit=2&cursor={first['nextCursor']}"))
    assert [note["text"] for note in second["notes"]] == ["One"]


def test_a_page_costs_the_same_with_more_notes(
    api: Client, lead: Lead, alice: User, django_assert_num_queries: Any
) -> None:
    api.get(path(lead))
    for _ in range(2):
        Note.objects.bulk_create([Note(lead=lead, text=f"Note {number}", author=alice) for number in range(9)])
        with django_assert_num_queries(4):
            assert data(api.get(path(lead)))["notes"][0]["createdBy"] == "Alice"


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": " "}, {"text": 5}, {"text": "x" * 10_001}])
def test_a_note_has_one_to_ten_thousand_characters(api: Client, lead: Lead, body: Any) -> None:
    answer = post(api, lead, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0].startswith("text: ")
    assert not Note.objects.exists()


def test_a_note_is_deleted(api: Client, lead: Lead) -> None:
    note = add_note(lead=lead, text="Secret", by=SYSTEM)
    assert data(api.delete(f"{path(lead)}/{note.pk}")) is None
    assert not Note.objects.exists()
    assert "Secret" not in str(AuditEvent.objects.get(verb="note.deleted").data)


def test_a_note_of_another_lead_is_not_found(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    theirs = add_note(lead=world.make_lead(elsewhere), text="Theirs", by=SYSTEM)
    others = add_note(lead=world.make_lead(lead.campaign), text="Other", by=SYSTEM)
    for note_id in (theirs.pk, others.pk, 999999, "x", "9" * 30):
        assert api.delete(f"{path(lead)}/{note_id}").status_code == 404
    assert api.get(path(theirs.lead)).status_code == 404
    assert post(api, theirs.lead, {"text": "Hi"}).status_code == 404
    assert Note.objects.count() == 2


def test_notes_need_the_scopes_of_leads(workspace: Workspace, lead: Lead) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:read",))})
    writer = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:write",))})
    note = add_note(lead=lead, text="Tea", by=SYSTEM)
    assert post(reader, lead, {"text": "Hi"}).status_code == 403
    assert reader.delete(f"{path(lead)}/{note.pk}").status_code == 403
    assert writer.get(path(lead)).status_code == 403
    assert writer.get("/api/v1/tags").status_code == 403
    assert Note.objects.count() == 1


def test_tags_are_listed_by_name(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    for name in ("spring", "roof", "autumn"):
        add_tag(lead=lead, name=name, by=SYSTEM)
    add_tag(lead=world.make_lead(elsewhere), name="theirs", by=SYSTEM)
    first = data(api.get("/api/v1/tags?limit=2"))
    assert [tag["name"] for tag in first["tags"]] == ["autumn", "roof"]
    second = data(api.get(f"/api/v1/tags?limit=2&cursor={first['nextCursor']}"))
    assert [tag["name"] for tag in second["tags"]] == ["spring"]
