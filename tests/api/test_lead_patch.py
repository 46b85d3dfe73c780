from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM, Actor
from accounts.models import AuditEvent, User, Workspace
from campaigns.models import Campaign
from common.openapi import document
from leads.models import DoNotCall, Lead, LeadPhone, Note, StatusChange
from leads.services import add_note, add_tag, set_status
from tests import world


def patch(client: Client, lead: Lead, body: dict[str, Any]) -> Any:
    return client.patch(f"/api/v1/leads/{lead.public_id}", body, content_type="application/json")


def changed(client: Client, lead: Lead, body: dict[str, Any]) -> Lead:
    answer = patch(client, lead, body)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"success": True, "data": None}
    return Lead.objects.get(pk=lead.pk)


def refused(client: Client, lead: Lead, body: dict[str, Any], status: int = 400) -> str:
    before = Lead.objects.filter(pk=lead.pk).values().get()
    answer = patch(client, lead, body)
    assert answer.status_code == status, answer.content
    assert Lead.objects.filter(pk=lead.pk).values().get() == before
    error = answer.json()["error"]
    return "\n".join(error.get("details", [])) or str(error["message"])


@pytest.mark.parametrize(
    ("body", "column", "value"),
    [
        ({"firstName": " Jane "}, "first_name", "Jane"),
        ({"lastName": "O'Neill"}, "last_name", "O'Neill"),
        ({"email": "Jane.Doe@Example.com"}, "email", "jane.doe@example.com"),
        ({"email": None}, "email", ""),
        ({"phone": "(415) 555-0177"}, "phone", "+14155550177"),
        ({"phone": None}, "phone", ""),
        ({"phone": "020 7946 0018", "country": "GB"}, "phone", "+442079460018"),
        ({"address": {"unit": "4 B"}}, "unit", "4 B"),
        ({"address": {"country": "DE"}}, "country", "DE"),
        ({"dateOfBirth": "1984-05-17"}, "date_of_birth", date(1984, 5, 17)),
        ({"timezone": "America/Denver"}, "timezone_source", "user_input"),
        ({"timezone": "America/Denver", "timezoneSource": "ip"}, "timezone_source", "ip"),
        ({"detail": "Wants an offer"}, "detail", "Wants an offer"),
        ({"clientLeadId": "A-1"}, "client_lead_id", "A-1"),
        ({"repostedTo": ["ABC"]}, "reposted_to", ["ABC"]),
        ({"submissionCount": 3}, "submission_count", 3),
        (
            {"latestSubmittedAt": "2026-03-02T12:00:00+02:00"},
            "latest_submitted_at",
            datetime(2026, 3, 2, 10, tzinfo=UTC),
        ),
        ({"lastActivityAt": "2026-03-02T10:00:00Z"}, "last_activity_at", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ({"deliveredAt": None}, "delivered_at", None),
        ({"source": "website"}, "source", "website"),
        ({"flags": {"vip": True}}, "flags", {"vip": True}),
    ],
)
def test_a_field_that_is_sent_changes(api: Client, lead: Lead, body: dict[str, Any], column: str, value: Any) -> None:
    Lead.objects.filter(pk=lead.pk).update(delivered_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert getattr(changed(api, lead, body), column) == value


def test_what_is_not_sent_stays(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(street="12 Harbour Street", city="Oakland", zip="94607")
    found = changed(api, lead, {"address": {"city": "Alameda"}})
    assert (found.street, found.city, found.zip) == ("12 Harbour Street", "Alameda", "94607")
    assert (found.first_name, found.email) == ("Anna", "anna@example.com")


FULL: dict[str, Any] = {
    "street": "12 Harbour Street",
    "country": "US",
    "timezone": "America/Denver",
    "timezone_source": "ip",
    "date_of_birth": date(1984, 5, 17),
    "questionnaire": [{"key": f"q{number}", "question": f"Q{number}?", "answer": None} for number in range(250)],
    "custom_fields": {"roof": 120, "none": None, "deep": {"none": None}, "long": "x" * 40_000},
    "attribution": {"gclid": "g1", "params": {"utm_term": None, "page": 2}},
    "compliance": {"tcpaConsent": True, "text": {"version": None}},
    "flags": {"vip": True},
    "detail": "Wants an offer",
    "reposted_to": ["ABC"],
    "submission_count": 3,
    "source": "website",
    "client_lead_id": "A-1",
    "latest_submitted_at": datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC),
    "last_activity_at": datetime(2026, 3, 2, 10, 0, 0, 999999, tzinfo=UTC),
}
APPROVAL = {"campaignId": "HXZ", "decidedBy": "Bob", "decidedAt": "2026-03-01T10:00:00.000Z", "reason": "Fits"}
STATES: list[dict[str, Any]] = [
    {},
    FULL,
    {**FULL, "is_test": True, "approval_status": "approved", "approval": APPROVAL},
    {"approval_status": "pending", "approval": {"campaignId": "HXZ"}},
    {"approval_status": "rejected", "status": "rejected", "approval": APPROVAL},
    {"first_name": "", "last_name": "", "email": "", "phone": ""},
    {"status": "contacted", "detail": "Left a message"},
]


def names_of_patch() -> list[str]:
    schemas = json.loads(document())["components"]["schemas"]
    return list(schemas["LeadChangesRequest"]["properties"])


def read(client: Client, lead: Lead) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/leads/{lead.public_id}").json()["data"]
    return found


@pytest.mark.parametrize("state", STATES)
def test_a_lead_may_be_sent_back_as_it_was_read(
    api: Client, lead: Lead, mallory: User, bob: User, state: dict[str, Any]
) -> None:
    Lead.objects.filter(pk=lead.pk).update(owner=mallory if "approval_status" in state else bob, **state)
    for number in range(60):
        add_note(lead=lead, text=f"Note {number}", by=Actor(user=bob))
        add_tag(lead=lead, name=f"tag {number}", by=SYSTEM)
    LeadPhone.objects.create(lead=lead, e164="+14155550199", label="office")
    LeadPhone.objects.create(lead=lead, e164=lead.phone)
    before, rows, trail = read(api, lead), Lead.objects.filter(pk=lead.pk).values().get(), AuditEvent.objects.count()
    changed(api, lead, before)
    assert read(api, lead) == before
    assert Lead.objects.filter(pk=lead.pk).values().get() == rows
    assert AuditEvent.objects.count() == trail
    assert not StatusChange.objects.exists()


def test_a_lead_that_said_no_may_be_sent_back_too(api: Client, lead: Lead) -> None:
    set_status(lead=lead, status="dnc", by=SYSTEM)
    before, trail = read(api, lead), AuditEvent.objects.count()
    changed(api, lead, before)
    assert (read(api, lead), AuditEvent.objects.count()) == (before, trail)


def test_a_no_that_is_sent_again_lists_a_number_that_was_taken_off(api: Client, lead: Lead) -> None:
    set_status(lead=lead, status="dnc", by=SYSTEM)
    DoNotCall.objects.all().delete()
    changed(api, lead, {"status": "dnc"})
    assert DoNotCall.objects.get().address == lead.phone


EMPTIED = {
    **dict.fromkeys(("first_name", "last_name", "email", "phone", "country", "detail", "source", "timezone"), ""),
    **dict.fromkeys(("timezone_source", "client_lead_id"), ""),
    **dict.fromkeys(("date_of_birth", "latest_submitted_at", "last_activity_at", "owner_id"), None),
}


def test_null_empties_what_can_be_empty_and_else_is_not_given(api: Client, lead: Lead, bob: User) -> None:
    Lead.objects.filter(pk=lead.pk).update(owner=bob, approval_status="pending", **FULL)
    add_tag(lead=lead, name="solar", by=SYSTEM)
    LeadPhone.objects.create(lead=lead, e164="+14155550199")
    before: Any = Lead.objects.filter(pk=lead.pk).values().get()
    changed(api, lead, dict.fromkeys(names_of_patch()))
    after: Any = Lead.objects.filter(pk=lead.pk).values().get()
    assert {name: after[name] for name in after if after[name] != before[name] and name != "updated_at"} == EMPTIED
    assert (lead.tags.count(), lead.phones.count()) == (1, 1)


def test_a_country_is_written_in_capitals(api: Client, lead: Lead) -> None:
    assert changed(api, lead, {"country": "us"}).country == "US"
    assert changed(api, lead, {"address": {"country": "de"}}).country == "DE"


# --- merging ---
STORED = [
    {"key": "roof", "question": "How large is the roof?", "answer": 100},
    {"key": "owner", "question": "Owner?", "answer": "yes"},
]


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        ({"questionnaire": [{"key": "roof", "answer": 120}]}, {"roof": 120, "owner": "yes"}),
        ({"questionnaire": [{"question": "Owner?", "answer": None}]}, {"roof": 100, "owner": None}),
        ({"questionnaire": [{"question": "Any pets?", "answer": [1]}]}, {"roof": 100, "owner": "yes", "any_pets": [1]}),
        ({"deleteQuestionnaireKeys": ["owner", "unknown"]}, {"roof": 100}),
        (
            {"deleteQuestionnaireKeys": ["owner"], "questionnaire": [{"key": "owner", "answer": "no"}]},
            {"roof": 100, "owner": "no"},
        ),
    ],
)
def test_answers_are_merged_by_key(api: Client, lead: Lead, body: dict[str, Any], answers: dict[str, Any]) -> None:
    Lead.objects.filter(pk=lead.pk).update(questionnaire=STORED)
    found = changed(api, lead, body).questionnaire
    assert {row["key"]: row["answer"] for row in found} == answers
    assert found[0]["question"] == "How large is the roof?"
    assert all(row["question"] for row in found)


def test_objects_are_merged_and_null_takes_a_name_away(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(
        custom_fields={"roof": 1, "old": 2},
        attribution={"gclid": "g1", "referrer": "r", "params": {"utm_source": "news", "utm_term": "x"}},
        compliance={"tcpaConsent": True, "text": {"version": 1, "language": "en"}},
    )
    found = changed(
        api,
        lead,
        {
            "customFields": {"roof": 5, "old": None, "new": {"a": 1}},
            "attribution": {"gclid": None, "fbclid": "f1", "params": {"utm_term": None}},
            "compliance": {"text": {"version": 2}},
        },
    )
    assert found.custom_fields == {"roof": 5, "new": {"a": 1}}
    assert found.attribution == {"referrer": "r", "fbclid": "f1", "params": {"utm_source": "news"}}
    assert found.compliance == {"tcpaConsent": True, "text": {"version": 2, "language": "en"}}


def test_what_is_merged_in_does_not_grow_without_end(api: Client, lead: Lead) -> None:
    changed(api, lead, {"customFields": {"a": "x" * 30_000}})
    changed(api, lead, {"customFields": {"b": "x" * 30_000}})
    assert "customFields: With this" in refused(api, lead, {"customFields": {"c": "x" * 30_000}})


def test_the_audit_trail_tells_what_differs(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(questionnaire=STORED, date_of_birth=date(1984, 5, 17))
    body = {"questionnaire": [{"key": "roof", "answer": 120}], "dateOfBirth": None, "compliance": {"consent": True}}
    changed(api, lead, body)
    event = AuditEvent.objects.get(verb="lead.updated")
    assert event.api_key is not None
    assert event.data["changes"] == {
        "questionnaire": ["roof: 100", "roof: 120"],
        "date_of_birth": ["1984-05-17", None],
        "compliance": ["", "consent: True"],
    }


# --- notes, tags, numbers ---
def test_notes_are_added_and_changed_and_none_disappears(api: Client, lead: Lead) -> None:
    first, second = (add_note(lead=lead, text=text, by=SYSTEM) for text in ("Tea", "Coffee"))
    changed(api, lead, {"notes": [{"id": str(first.pk), "text": "Green tea"}, {"text": "Call after six"}]})
    found = list(Note.objects.filter(lead=lead).order_by("id").values_list("text", flat=True))
    assert found == ["Green tea", "Coffee", "Call after six"]
    assert Note.objects.get(pk=second.pk).text == "Coffee"


@pytest.mark.parametrize("note_id", ["999999", "x", "9" * 19, "٣"])
def test_an_unknown_note_is_not_found_and_nothing_changes(api: Client, lead: Lead, note_id: str) -> None:
    assert note_id in refused(api, lead, {"notes": [{"text": "New"}, {"id": note_id, "text": "Hi"}]}, 404)
    assert not Note.objects.exists()


def test_another_leads_note_is_not_changed(api: Client, lead: Lead) -> None:
    other = add_note(lead=world.make_lead(lead.campaign), text="Theirs", by=SYSTEM)
    refused(api, lead, {"firstName": "Jane", "notes": [{"id": str(other.pk), "text": "Mine"}]}, 404)
    other.refresh_from_db()
    assert other.text == "Theirs"


def test_a_note_may_be_a_mere_text(api: Client, lead: Lead) -> None:
    changed(api, lead, {"notes": ["Call after six", {"text": "Likes tea", "createdAt": None, "createdBy": "Bob"}]})
    assert list(lead.notes.order_by("id").values_list("text", flat=True)) == ["Call after six", "Likes tea"]


def test_tags_become_exactly_these(api: Client, lead: Lead) -> None:
    for name in ("Solar", "old"):
        add_tag(lead=lead, name=name, by=SYSTEM)
    changed(api, lead, {"tags": ["solar", "spring", "Spring"]})
    assert sorted(lead.tags.values_list("name", flat=True)) == ["Solar", "Spring"]
    changed(api, lead, {"tags": []})
    assert not lead.tags.exists()


def test_phones_become_exactly_these_further_numbers(api: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550199", label="old")
    changed(
        api, lead, {"phones": [{"number": "(415) 555-0177", "label": "home"}, {"number": lead.phone, "label": None}]}
    )
    assert list(lead.phones.values_list("e164", "label")) == [("+14155550177", "home")]


# --- campaign, owner, status, approval ---
@pytest.mark.parametrize("in_object", [True, False])
def test_a_lead_moves_to_the_campaign(api: Client, lead: Lead, in_object: bool) -> None:
    other = world.make_campaign(lead.campaign.production_agent, name="Autumn")
    assert changed(api, lead, {"campaign": {"campaignId": other.code} if in_object else other.code}).campaign == other


def test_another_workspaces_campaign_is_not_found(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    refused(api, lead, {"firstName": "Jane", "campaign": elsewhere.code}, 404)


def test_the_owner_is_a_member(api: Client, lead: Lead, bob: User, mallory: User) -> None:
    assert changed(api, lead, {"owner": "Bob@example.com"}).owner == bob
    assert "mallory@example.com is not a member" in refused(api, lead, {"owner": mallory.email})
    assert changed(api, lead, {"owner": None}).owner is None


def test_a_status_goes_into_the_history_with_its_detail(api: Client, lead: Lead) -> None:
    assert changed(api, lead, {"status": "qualified", "detail": "Has a roof"}).status == "qualified"
    change = StatusChange.objects.get(lead=lead)
    assert (change.before, change.after, change.reason) == ("new", "qualified", "Has a roof")
    assert change.api_key is not None


def test_another_status_empties_what_was_said_of_the_one_before(api: Client, lead: Lead) -> None:
    changed(api, lead, {"status": "qualified", "detail": "Has a roof"})
    assert changed(api, lead, {"status": "qualified"}).detail == "Has a roof"
    assert changed(api, lead, {"status": "contacted"}).detail == ""


def test_a_rejection_keeps_the_detail_of_its_request(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(approval_status="pending", detail="Old")
    found = changed(api, lead, {"approval": {"status": "rejected"}, "detail": "No roof"})
    assert (found.status, found.detail) == ("rejected", "No roof")


def test_the_status_dnc_lists_the_number_of_the_same_request(api: Client, lead: Lead) -> None:
    changed(api, lead, {"status": "dnc", "phone": "+14155550177"})
    assert list(DoNotCall.objects.values_list("address", flat=True)) == ["+14155550177"]


def test_an_approval_is_asked_for_and_given(api: Client, lead: Lead) -> None:
    assert changed(api, lead, {"approval": {"status": "pending"}}).approval_status == "pending"
    assert changed(api, lead, {"approval": {"status": "pending"}}).approval["decidedAt"] is None
    found = changed(api, lead, {"approval": {"status": "approved", "reason": "Fits"}})
    assert (found.approval_status, found.approval["reason"]) == ("approved", "Fits")
    assert changed(api, lead, {"approval": {"status": "approved"}}).approval == found.approval


def test_a_decision_that_nobody_asked_for_is_refused(api: Client, lead: Lead) -> None:
    assert "No approval is asked" in refused(api, lead, {"firstName": "Jane", "approval": {"status": "approved"}})


# --- refusals ---
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"isTets": True}, "isTets: There is no such field. Did you mean isTest?"),
        ({"isTest": True}, "A lead is a test lead from the start"),
        ({"firstName": ""}, "firstName:"),
        ({"firstName": 5}, "firstName:"),
        ({"email": "anna"}, "email:"),
        ({"phone": "555"}, "phone:"),
        ({"phone": "+1 415 555 01320000000"}, "phone: “+1 415 555 01320000000” cannot be a phone number"),
        (
            {"phones": [{"number": "+49 123 45678901234567"}]},
            "phones: “+49 123 45678901234567” cannot be a phone number",
        ),
        ({"country": "usa"}, "country: Two letters"),
        ({"address": {"planet": "Mars"}}, "address.planet: There is no such field"),
        ({"dateOfBirth": "17.05.1984"}, "dateOfBirth:"),
        ({"timezone": "Mars/Olympus"}, "timezone:"),
        ({"timezoneSource": "guess"}, "timezoneSource:"),
        ({"questionnaire": [{"answer": 1}]}, "Say what is answered"),
        ({"questionnaire": [{"key": "roof"}]}, "questionnaire.0.answer:"),
        ({"flags": {"isDnc": True}}, "flags: isDnc follows the Do-Not-Call list"),
        ({"flags": {"isDnc": None}}, "flags: isDnc follows"),
        ({"flags": {"isTest": True}}, "flags: A lead is a test lead from the start"),
        ({"status": "Contacted"}, "status: “Contacted” is none of: new, "),
        ({"status": 5}, "status: Send one of these: new, "),
        ({"frstName": "A", "colour": "red"}, "frstName: There is no such field. Did you mean firstName?\ncolour: "),
        ({"tags": "x"}, "tags: Send a list."),
        ({"customFields": "x"}, "customFields: Send a JSON object."),
        ({"address": "x"}, "address: Send a JSON object, not a text."),
        ({"notes": ["x", 5]}, "notes.1: Send a JSON object, not a number."),
        ({"approval": {"status": "maybe"}}, "approval.status:"),
        ({"campaign": 7}, "campaign: Send the campaign's code"),
        ({"campaign": {"campaignId": "ABC", "colour": "x"}}, "campaign: Send the campaign's code"),
        ({"tags": ["x" * 51]}, "tags.0:"),
        ({"deliveredAt": "yesterday"}, "deliveredAt:"),
        ({"latestSubmittedAt": "0001-01-01T00:00:00+14:00"}, "latestSubmittedAt:"),
        ({"submissionCount": -1}, "submissionCount:"),
        ({"submissionCount": 2**40}, "submissionCount:"),
        ({"notes": [{"text": " "}]}, "notes.0.text:"),
    ],
)
def test_a_mistake_is_named_at_its_field(api: Client, lead: Lead, body: dict[str, Any], words: str) -> None:
    assert words in refused(api, lead, {"lastName": "Doe", **body})


@pytest.mark.parametrize("body", [[], "x", None, 3])
def test_a_body_that_is_no_object_is_refused(api: Client, lead: Lead, body: Any) -> None:
    assert patch(api, lead, body).status_code == 400


def test_a_refused_patch_leaves_nothing_behind(api: Client, lead: Lead) -> None:
    refused(api, lead, {"tags": ["new"], "notes": [{"text": "New"}], "approval": {"status": "rejected"}})
    assert not lead.tags.exists()
    assert not Note.objects.exists()
    assert not AuditEvent.objects.filter(verb__in=["lead.tagged", "note.added"]).exists()


def test_known_names_are_told_once(api: Client, lead: Lead) -> None:
    assert refused(api, lead, {"colour": "red", "size": 5}).count("Known are: firstName, lastName") == 1


def test_an_unknown_campaign_is_named(api: Client, lead: Lead) -> None:
    for asked in ("NOPE", {"campaignId": "NOPE"}):
        words = refused(api, lead, {"campaign": asked}, 404)
        assert words == "campaign: There is no campaign NOPE in this workspace."


def test_another_workspaces_lead_is_not_found(api: Client, elsewhere: Campaign) -> None:
    refused(api, world.make_lead(elsewhere), {"firstName": "Jane"}, 404)


def test_changing_needs_its_scope(workspace: Workspace, lead: Lead) -> None:
    client = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:read",))})
    refused(client, lead, {"firstName": "Jane"}, 403)
