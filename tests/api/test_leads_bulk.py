from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import User, Workspace
from campaigns.models import Campaign
from leads.models import DoNotCall, Lead, Note, StatusChange
from leads.services import add_tag
from tests import world


@pytest.fixture
def leads(campaign: Campaign) -> list[Lead]:
    return [world.make_lead(campaign, f"+141555501{number:02}") for number in range(3)]


def patch(client: Client, leads: list[Lead] | list[str], updates: Any) -> Any:
    ids = [lead if isinstance(lead, str) else lead.public_id for lead in leads]
    body = {"leadIds": ids, "updates": updates}
    return client.patch("/api/v1/leads/bulk", body, content_type="application/json")


def count(answer: Any) -> int:
    assert answer.status_code == 200, answer.content
    assert list(answer.json()["data"]) == ["modifiedCount"]
    return int(answer.json()["data"]["modifiedCount"])


def details(answer: Any) -> str:
    assert answer.status_code == 400, answer.content
    return "\n".join(answer.json()["error"]["details"])


def test_only_leads_that_really_changed_are_counted(api: Client, leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(status="queued")
    assert count(patch(api, leads, {"status": "queued"})) == 2
    assert count(patch(api, leads, {"status": "queued"})) == 0
    assert set(Lead.objects.values_list("status", flat=True)) == {"queued"}
    assert StatusChange.objects.count() == 2


def test_every_kind_of_change_reaches_each_lead(api: Client, leads: list[Lead], bob: User) -> None:
    updates = {
        "status": "qualified",
        "questionnaire": [{"key": "roof", "answer": 120}],
        "customFields": {"budget": 9000},
        "address": {"country": "US"},
        "tags": ["spring"],
        "owner": bob.email,
        "notes": [{"text": "From the fair"}],
    }
    assert count(patch(api, leads, updates)) == 3
    for lead in Lead.objects.all():
        assert (lead.status, lead.custom_fields, lead.country) == ("qualified", {"budget": 9000}, "US")
        assert lead.questionnaire == [{"key": "roof", "question": "Roof", "answer": 120}]
        assert [tag.name for tag in lead.tags.all()] == ["spring"]
        assert lead.owner == bob
        assert [note.text for note in lead.notes.all()] == ["From the fair"]


def test_one_lead_with_several_changes_counts_once(api: Client, leads: list[Lead]) -> None:
    assert count(patch(api, leads[:1], {"tags": ["a", "b"], "status": "queued", "detail": "x"})) == 1


@pytest.mark.parametrize("own", ["firstName", "lastName", "email", "phone", "phones", "dateOfBirth", "clientLeadId"])
def test_what_is_one_persons_own_is_refused(api: Client, leads: list[Lead], own: str) -> None:
    found = details(patch(api, leads, {"status": "queued", own: None}))
    assert found == f"updates.{own}: This is one person's own: change it with PATCH /leads/{{leadId}}."
    assert not StatusChange.objects.exists()


@pytest.mark.parametrize(
    ("updates", "words"),
    [
        ({}, "Send at least one field"),
        ({"colour": "red"}, "updates.colour: There is no such field"),
        ({"notes": [{"id": "1", "text": "x"}]}, "updates.notes: A note is of one lead"),
        ({"status": "happy"}, "updates.status:"),
        ("queued", "updates:"),
        (None, "updates:"),
    ],
)
def test_updates_that_make_no_sense_are_refused(api: Client, leads: list[Lead], updates: Any, words: str) -> None:
    assert words in details(patch(api, leads, updates))


def test_unknown_and_foreign_leads_are_named_and_nothing_changes(
    api: Client, leads: list[Lead], elsewhere: Campaign
) -> None:
    theirs = world.make_lead(elsewhere)
    answer = patch(api, [leads[0].public_id, "lead_unknown", theirs.public_id], {"status": "queued"})
    assert answer.status_code == 404
    message = answer.json()["error"]["message"]
    assert message == f"There are no such leads, so nothing was changed: lead_unknown, {theirs.public_id}."
    assert set(Lead.objects.values_list("status", flat=True)) == {"new"}


def test_of_many_unknown_leads_twenty_are_named(api: Client, leads: list[Lead]) -> None:
    answer = patch(api, [f"lead_{number}" for number in range(25)], {"status": "queued"})
    assert "lead_19 and 5 more." in answer.json()["error"]["message"]


def test_a_change_that_one_lead_does_not_allow_changes_none(api: Client, leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(approval_status="pending")
    answer = patch(api, leads, {"tags": ["a"], "approval": {"status": "approved"}})
    assert answer.json()["error"]["code"] == "NO_PENDING_APPROVAL"
    assert not Lead.tags.through.objects.exists()
    assert Lead.objects.get(pk=leads[0].pk).approval_status == "pending"


@pytest.mark.parametrize(("ids", "words"), [([], "leadIds:"), ("a", "leadIds:")])
def test_ids_are_one_to_a_thousand_different_ones(api: Client, workspace: Workspace, ids: Any, words: str) -> None:
    body = {"leadIds": ids, "updates": {"status": "queued"}}
    assert words in details(api.patch("/api/v1/leads/bulk", body, content_type="application/json"))


def test_an_id_that_stands_twice_counts_once(api: Client, leads: list[Lead]) -> None:
    ids = [leads[0].public_id, leads[0].public_id]
    assert count(patch(api, ids, {"notes": ["Once"]})) == 1
    assert Note.objects.count() == 1


def test_an_own_flag_may_be_sent_as_it_stands_of_every_lead(api: Client, leads: list[Lead]) -> None:
    assert count(patch(api, leads, {"flags": {"isDnc": False, "isTest": False, "vip": True}})) == 3
    Lead.objects.filter(pk=leads[2].pk).update(is_test=True)
    assert "flags: A lead is a test lead" in details(patch(api, leads, {"flags": {"isTest": False}}))


def test_more_than_a_thousand_leads_are_refused(api: Client, workspace: Workspace) -> None:
    assert "1000" in details(patch(api, [f"lead_{number}" for number in range(1001)], {"status": "queued"}))


def test_the_status_dnc_lists_every_leads_numbers(api: Client, leads: list[Lead]) -> None:
    assert count(patch(api, leads, {"status": "dnc"})) == 3
    assert DoNotCall.objects.count() == 3


def test_queries_do_not_grow_with_leads(api: Client, campaign: Campaign, django_assert_max_num_queries: Any) -> None:
    updates = {"status": "queued", "tags": ["spring"], "customFields": {"budget": 1}}
    add_tag(lead=world.make_lead(campaign), name="spring", by=SYSTEM)
    counts = []
    # Whose answer also writes that the key was used.
    assert patch(api, ["lead_unknown"], updates).status_code == 404
    for size in (2, 12):
        leads = [world.make_lead(campaign, f"+1415555{size:02}{number:02}") for number in range(size)]
        with django_assert_max_num_queries(1000) as counted:
            assert count(patch(api, leads, updates)) == size
        counts.append(len(counted.captured_queries))
    assert counts[1] == counts[0]


def test_changing_needs_its_scope(workspace: Workspace, leads: list[Lead]) -> None:
    client = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:read",))})
    assert patch(client, leads, {"notes": [{"text": "x"}]}).status_code == 403
    assert not Note.objects.exists()


def test_a_note_is_added_to_each_and_several_at_once_are_refused(api: Client, leads: list[Lead]) -> None:
    assert count(patch(api, leads, {"notes": ["Bought elsewhere"]})) == 3
    assert "one note at a time" in details(patch(api, leads, {"notes": ["one", "two"]}))
    assert Note.objects.count() == 3
