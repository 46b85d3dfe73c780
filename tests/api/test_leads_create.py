"""POST /leads: made as it comes, and nothing else happens."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaigns.models import Campaign
from leads.models import DoNotCall, Lead
from tests import world
from tests.api.intake_world import a_lead, heard, listen


def create(api: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/api/v1/leads", body, content_type="application/json").json()
    found: dict[str, Any] = answer["data"] if answer["success"] else answer["error"]
    return found


def test_the_lead_is_made_with_its_first_submission(api: Client, campaign: Campaign) -> None:
    body = a_lead(campaign, firstName="JANE  ann", notes=["Called in", {"text": "Twice"}], tags=["spring", "vip"])
    made = create(api, body | {"source": "import", "questionnaire": [{"key": "who", "answer": "Me"}]})
    lead = Lead.objects.get()
    submission = lead.submissions.get()
    assert made == {"leadId": lead.public_id, "submissionId": submission.public_id}
    assert (submission.number, submission.payload["source"], lead.submission_count) == (1, "import", 1)
    assert (lead.first_name, lead.email, lead.phone) == ("JANE ann", "jane.doe@example.com", "+14155550133")
    assert sorted(lead.notes.values_list("text", flat=True)) == ["Called in", "Twice"]
    assert sorted(lead.tags.values_list("name", flat=True)) == ["spring", "vip"]
    assert lead.questionnaire == [{"key": "who", "question": "Who", "answer": "Me"}]


def test_nothing_is_told_and_no_duplicate_is_looked_for(api: Client, campaign: Campaign) -> None:
    listen(campaign, "lead.processed", "lead.first_submission_action")
    assert create(api, a_lead(campaign))["leadId"] != create(api, a_lead(campaign))["leadId"]
    assert heard() == []


def test_the_source_of_the_time_zone_is_kept_and_is_the_lead_without_one(api: Client, campaign: Campaign) -> None:
    create(api, a_lead(campaign, timezone="America/Chicago", timezoneSource="zip"))
    create(api, a_lead(campaign, timezone="America/Chicago"))
    assert list(Lead.objects.order_by("id").values_list("timezone_source", flat=True)) == ["zip", "user_input"]


def test_flags_that_leadsail_goes_by_do_what_they_say(api: Client, campaign: Campaign) -> None:
    create(api, a_lead(campaign, flags={"isDnc": True, "isTest": True, "vip": True}))
    lead = Lead.objects.get()
    assert (lead.is_test, lead.flags) == (True, {"vip": True})
    assert DoNotCall.objects.get().address == lead.phone


def test_notes_may_be_those_of_another_lead(api: Client, campaign: Campaign) -> None:
    note = {"id": "7", "text": "Likes tea", "createdAt": "2026-03-01T10:00:00.000Z", "createdBy": None}
    create(api, a_lead(campaign, notes=["Call at six", note]))
    assert sorted(Lead.objects.get().notes.values_list("text", flat=True)) == ["Call at six", "Likes tea"]


def test_null_counts_as_not_given(api: Client, campaign: Campaign) -> None:
    names = ("country", "address", "questionnaire", "attribution", "customFields", "isTest", "flags", "notes", "tags")
    create(api, a_lead(campaign) | dict.fromkeys((*names, "source", "timezone", "timezoneSource", "dateOfBirth")))
    lead = Lead.objects.get()
    assert (lead.is_test, lead.flags, lead.source, lead.tags.count()) == (False, {}, "", 0)


def test_the_number_is_read_in_the_country_of_the_lead(api: Client, campaign: Campaign) -> None:
    create(api, a_lead(campaign, phone="020 7946 0123", country="GB"))
    create(api, a_lead(campaign, phone="020 7946 0124", address={"country": "GB"}))
    assert sorted(Lead.objects.values_list("phone", flat=True)) == ["+442079460123", "+442079460124"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"leadId": "lead_x"}, "leadId: There is no such field"),
        ({"phone": "020 7946 0123 99 99"}, "phone: "),
        ({"phone": "415555013"}, "phone: "),
        ({"phone": None}, "phone: "),
        ({"timezoneSource": "guess"}, "timezoneSource: "),
        ({"flags": {"isDnc": "yes"}}, "flags: isDnc is true or false"),
        ({"flags": []}, "flags"),
        ({"notes": "a text"}, "notes"),
        ({"notes": [{"txt": "a"}]}, "notes"),
        ({"notes": [""]}, "notes"),
        ({"tags": ["x" * 51]}, "tags"),
        ({"tags": [7]}, "tags"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(
    api: Client, campaign: Campaign, changes: dict[str, Any], detail: str
) -> None:
    error = create(api, a_lead(campaign, **changes))
    assert error["code"] == "VALIDATION_ERROR"
    assert any(line.startswith(detail) for line in error["details"]), error["details"]
    assert not Lead.objects.exists()


def test_an_archived_campaign_takes_none(api: Client, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.ARCHIVED, is_default=False)
    assert create(api, a_lead(campaign))["code"] == "CAMPAIGN_ARCHIVED"


def test_a_foreign_campaign_is_not_found(api: Client, campaign: Campaign, elsewhere: Campaign) -> None:
    assert create(api, a_lead(elsewhere))["code"] == "NOT_FOUND"


def test_a_key_that_may_only_read_is_refused(campaign: Campaign) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(campaign.workspace, ("leads:read",))})
    assert reader.post("/api/v1/leads", a_lead(campaign), content_type="application/json").status_code == 403


def test_the_same_request_with_its_key_makes_one_lead(api: Client, campaign: Campaign) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "one"}
        api.post("/api/v1/leads", a_lead(campaign), content_type="application/json", headers=headers)
    assert Lead.objects.count() == 1
