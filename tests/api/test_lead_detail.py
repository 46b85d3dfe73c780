from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import Workspace
from campaigns.models import Campaign
from leads.models import Lead, LeadPhone, Note
from leads.services import add_note, add_tag, add_to_do_not_call
from tests import world


def get(client: Client, lead: Lead) -> Any:
    return client.get(f"/api/v1/leads/{lead.public_id}")


def test_a_lead_is_read_with_everything_that_is_known(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(
        city="Oakland", questionnaire=[{"key": "roof", "question": "Roof?", "answer": 120}], custom_fields={"a": [1]}
    )
    LeadPhone.objects.create(lead=lead, e164="+14155550177", label="home")
    add_tag(lead=lead, name="solar", by=SYSTEM)
    add_note(lead=lead, text="Likes tea", by=SYSTEM)
    found = get(api, lead).json()["data"]
    assert found["leadId"] == lead.public_id
    assert found["campaign"]["campaignId"] == lead.campaign.code
    assert found["address"]["city"] == "Oakland"
    assert found["address"]["street"] is None
    assert found["questionnaire"] == [{"key": "roof", "question": "Roof?", "answer": 120}]
    assert found["customFields"] == {"a": [1]}
    assert found["phones"] == [{"number": "+14155550177", "label": "home"}]
    assert found["tags"] == ["solar"]
    assert [note["text"] for note in found["notes"]] == ["Likes tea"]
    assert found["flags"] == {"isDnc": False, "isTest": False}


def test_a_listed_number_shows_at_once(api: Client, lead: Lead) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert get(api, lead).json()["data"]["flags"]["isDnc"] is True


def test_another_workspaces_lead_is_not_found(api: Client, elsewhere: Campaign) -> None:
    answer = get(api, world.make_lead(elsewhere))
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_reading_needs_its_scope(workspace: Workspace, lead: Lead) -> None:
    client = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:write",))})
    assert get(client, lead).status_code == 403


def test_queries_do_not_grow_with_notes(
    api: Client, lead: Lead, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    add_note(lead=lead, text="First", by=SYSTEM)
    get(api, lead)
    with django_assert_max_num_queries(20) as counted:
        get(api, lead)
    Note.objects.bulk_create([Note(lead=lead, text=f"Note {number}") for number in range(20)])
    with django_assert_num_queries(len(counted.captured_queries)):
        get(api, lead)
