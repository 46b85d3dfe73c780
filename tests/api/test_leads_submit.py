"""POST /leads/submit: what comes in is put in order, compared, and told of."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AuditEvent
from campaigns.models import Campaign
from common import clock as business
from leads.models import DoNotCall, Lead, LeadStatus, Submission
from tests import world
from tests.api.intake_world import a_lead, heard, listen, submit


def the_lead(answer: dict[str, Any]) -> Lead:
    return Lead.objects.get(public_id=answer["leadId"])


# --- a new lead ---
def test_a_new_lead_is_made_with_its_first_submission(api: Client, campaign: Campaign) -> None:
    body = a_lead(campaign)
    answer = submit(api, body)
    lead = the_lead(answer)
    submission = lead.submissions.get()
    assert answer == {
        "leadId": lead.public_id,
        "submissionId": submission.public_id,
        "submissionNumber": 1,
        "campaignId": campaign.code,
        "status": "new",
        "isDuplicate": False,
        "isTest": False,
    }
    assert (submission.payload, submission.campaign["name"]) == (body, campaign.name)
    assert (lead.submission_count, lead.latest_submitted_at) == (1, submission.created_at)
    assert submission.api_key is not None


def test_names_email_and_phone_are_put_in_order(api: Client, campaign: Campaign) -> None:
    body = a_lead(
        campaign, firstName="  jOHN ", lastName="SMITH-jones", email="  JOHN@Example.COM ", phone="(415) 555-0177"
    )
    lead = the_lead(submit(api, body))
    assert (lead.first_name, lead.last_name) == ("John", "Smith-Jones")
    assert (lead.email, lead.phone) == ("john@example.com", "+14155550177")


def test_everything_that_may_be_sent_is_kept(api: Client, campaign: Campaign) -> None:
    body = a_lead(
        campaign,
        address={"street": "12 Harbour Street", "city": "London", "zip": "E1 6AN"},
        phone="020 7946 0123",
        country="GB",
        dateOfBirth="1984-05-17",
        timezone="Europe/London",
        questionnaire={"filing_for": "Myself", "budget": 12000},
        attribution={"gclid": "abc", "utm_source": "letter", "params": {"page": 2}},
        compliance={"tcpaConsent": True},
        customFields={"roof_size": 120},
        notes="Call after five",
        files=[{"name": "plan.pdf", "url": "https://files.example.com/plan.pdf"}],
    )
    lead = the_lead(submit(api, body))
    assert (lead.street, lead.city, lead.zip, lead.country) == ("12 Harbour Street", "London", "E1 6AN", "GB")
    assert (lead.phone, str(lead.date_of_birth)) == ("+442079460123", "1984-05-17")
    assert (lead.timezone, lead.timezone_source) == ("Europe/London", "user_input")
    assert lead.questionnaire == [
        {"key": "filing_for", "question": "Filing for", "answer": "Myself"},
        {"key": "budget", "question": "Budget", "answer": 12000},
    ]
    assert lead.attribution == {"gclid": "abc", "params": {"utm_source": "letter", "page": 2}}
    assert (lead.compliance, lead.custom_fields) == ({"tcpaConsent": True}, {"roof_size": 120})
    assert lead.notes.get().text == "Call after five"
    assert lead.submissions.get().payload["files"] == body["files"]


def test_a_questionnaire_may_come_as_a_list_with_its_questions(api: Client, campaign: Campaign) -> None:
    answers: list[dict[str, Any]] = [
        {"key": "who", "question": "Who is it for?", "answer": ["me", {"and": "my wife"}]},
        {"question": "What is your budget?", "answer": None},
    ]
    lead = the_lead(submit(api, a_lead(campaign, questionnaire=answers)))
    assert lead.questionnaire == [answers[0], {"key": "what_is_your_budget", **answers[1]}]


def test_a_listed_number_is_taken_all_the_same(api: Client, campaign: Campaign) -> None:
    DoNotCall.objects.create(workspace=campaign.workspace, address="+14155550133")
    lead_id = submit(api, a_lead(campaign))["leadId"]
    found = api.get("/api/v1/leads").json()["data"]["leads"]
    assert [(row["leadId"], row["flags"]["isDnc"], row["status"]) for row in found] == [(lead_id, True, "new")]


def test_an_inactive_campaign_takes_leads(api: Client, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.INACTIVE)
    assert submit(api, a_lead(campaign))["submissionNumber"] == 1


def test_an_archived_campaign_takes_none(api: Client, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.ARCHIVED, is_default=False)
    error = submit(api, a_lead(campaign))
    assert error["code"] == "CAMPAIGN_ARCHIVED"
    assert f"{campaign.code} is archived" in error["message"]
    assert not Lead.objects.exists()


# --- refusals ---
@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"isTset": True}, "isTset: There is no such field"),
        ({"isTest": "true"}, "isTest: "),
        ({"firstName": "   "}, "firstName: "),
        ({"lastName": 5}, "lastName: "),
        ({"email": "jane@"}, "email: Enter a valid email"),
        ({"phone": "555 0132"}, "phone: "),
        ({"phone": "call me maybe"}, "phone: Write the number in digits"),
        ({"phone": "+1 555 0132 00 11 22 33"}, "phone: "),
        ({"country": "usa"}, "country: Two letters"),
        ({"dateOfBirth": "1984-02-30"}, "dateOfBirth: "),
        ({"dateOfBirth": "17.05.1984"}, "dateOfBirth: "),
        ({"dateOfBirth": "2999-01-01"}, "dateOfBirth: This day is still to come"),
        ({"timezone": "Mars/Olympus"}, "timezone: “Mars/Olympus” is not a time zone"),
        ({"address": {"street": "x", "planet": "Mars"}}, "address.planet: There is no such field"),
        ({"address": "12 Harbour Street"}, "address"),
        ({"questionnaire": "yes"}, "questionnaire: Send an object"),
        ({"questionnaire": [{"answer": 1}]}, "questionnaire"),
        ({"questionnaire": {f"q{i}": 1 for i in range(201)}}, "questionnaire: This questionnaire is larger"),
        ({"files": ["plan.pdf"]}, "files"),
        ({"notes": ["a", "b"]}, "notes: "),
        ({"customFields": [1]}, "customFields"),
        ({"attribution": {"gclid": 5}}, "attribution.gclid"),
        ({"compliance": {"text": "x" * 40_000}}, "compliance: This object is larger"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(
    api: Client, campaign: Campaign, changes: dict[str, Any], detail: str
) -> None:
    error = submit(api, a_lead(campaign, **changes))
    assert error["code"] == "VALIDATION_ERROR"
    assert any(line.startswith(detail) for line in error["details"]), error["details"]
    assert not Lead.objects.exists()


def test_a_new_lead_needs_all_four_contact_fields(api: Client, campaign: Campaign) -> None:
    error = submit(api, {"campaignId": campaign.code})
    assert [line.partition(":")[0] for line in error["details"]] == ["firstName", "lastName", "email", "phone"]


def test_the_campaign_is_required(api: Client, campaign: Campaign) -> None:
    body = a_lead(campaign)
    del body["campaignId"]
    assert submit(api, body)["details"] == ["campaignId: This field is required."]


@pytest.mark.parametrize("code", ["NOPE", "ABCDEFGHIJ", "%"])
def test_an_unknown_campaign_is_not_found(api: Client, campaign: Campaign, code: str) -> None:
    error = submit(api, a_lead(campaign, campaignId=code))
    assert error["code"] == "NOT_FOUND"
    assert error["details"] == [f"campaignId: There is no campaign {code} in this workspace."]


def test_a_foreign_campaign_or_lead_is_not_found(api: Client, campaign: Campaign, elsewhere: Campaign) -> None:
    theirs = world.make_lead(elsewhere)
    assert submit(api, a_lead(elsewhere))["code"] == "NOT_FOUND"
    assert submit(api, a_lead(campaign, leadId=theirs.public_id))["code"] == "NOT_FOUND"
    assert not Submission.objects.exists()


def test_a_key_that_may_only_read_is_refused(campaign: Campaign) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(campaign.workspace, ("leads:read",))})
    answer = reader.post("/api/v1/leads/submit", a_lead(campaign), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


OPTIONAL = (
    *("leadId", "country", "address", "dateOfBirth", "timezone", "questionnaire", "attribution", "compliance"),
    *("customFields", "isTest", "notes", "files"),
)


def test_null_counts_as_not_given(api: Client, campaign: Campaign) -> None:
    submit(api, a_lead(campaign) | dict.fromkeys(OPTIONAL))
    lead = Lead.objects.get()
    assert (lead.is_test, lead.country, lead.attribution, lead.notes.count()) == (False, "", {}, 0)
    again = {"campaignId": campaign.code, "leadId": lead.public_id, "firstName": None, "phone": None}
    assert submit(api, again)["submissionNumber"] == 2
    lead.refresh_from_db()
    assert (lead.first_name, lead.phone) == ("Jane", "+14155550133")


def test_null_is_no_contact_of_a_new_lead(api: Client, campaign: Campaign) -> None:
    assert submit(api, a_lead(campaign, phone=None))["details"][0].startswith("phone: A new lead needs this field")


def test_a_country_is_written_in_capitals(api: Client, campaign: Campaign) -> None:
    assert the_lead(submit(api, a_lead(campaign, country="us"))).country == "US"
    body = a_lead(campaign, address={"country": "gb"}, phone="020 7946 0123", email="j@example.com")
    assert the_lead(submit(api, body)).country == "GB"


# --- duplicates ---
def test_a_duplicate_stays_a_submission_of_the_lead_that_is_there(api: Client, campaign: Campaign) -> None:
    first = submit(api, a_lead(campaign))
    before: Any = Lead.objects.values().get()
    again = submit(api, a_lead(campaign, firstName="Janet", email="JANE.doe@example.com", phone="415-555-0188"))
    assert (again["leadId"], again["isDuplicate"]) == (first["leadId"], True)
    assert (again["status"], again["submissionNumber"]) == ("duplicate", 2)
    after: Any = Lead.objects.values().get()
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"submission_count", "latest_submitted_at", "last_activity_at"}
    assert Submission.objects.get(number=2).payload["firstName"] == "Janet"


def test_another_campaign_takes_the_same_person_as_another_lead(api: Client, campaign: Campaign) -> None:
    other = world.make_campaign(campaign.production_agent, name="Other")
    first, second = submit(api, a_lead(campaign)), submit(api, a_lead(other))
    assert not second["isDuplicate"]
    assert first["leadId"] != second["leadId"]


def test_a_test_submission_is_never_a_duplicate_and_makes_none(api: Client, campaign: Campaign) -> None:
    test = submit(api, a_lead(campaign, isTest=True))
    real = submit(api, a_lead(campaign))
    assert (test["isTest"], the_lead(test).is_test) == (True, True)
    assert (real["isDuplicate"], real["isTest"]) == (False, False)
    assert not submit(api, a_lead(campaign, isTest=True))["isDuplicate"]
    assert submit(api, a_lead(campaign))["leadId"] == real["leadId"]


@pytest.mark.django_db(transaction=True)
def test_two_equal_submissions_at_once_make_one_lead() -> None:
    campaign = world.make_calling_workspace("Harbour")
    key, answers, start = world.make_key(campaign.workspace), [], threading.Barrier(4)

    def send() -> None:
        try:
            start.wait()
            answers.append(submit(Client(headers={"X-API-Key": key}), a_lead(campaign)))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["submissionNumber"] for answer in answers) == [1, 2, 3, 4]
    assert sorted(answer["isDuplicate"] for answer in answers) == [False, True, True, True]
    assert Lead.objects.count() == 1


# --- a lead that comes again ---
def test_a_lead_that_comes_again_keeps_what_is_not_sent(api: Client, lead: Lead) -> None:
    answer = submit(api, {"campaignId": lead.campaign.code, "leadId": lead.public_id, "address": {"city": "Oakland"}})
    assert (answer["leadId"], answer["submissionNumber"], answer["isDuplicate"]) == (lead.public_id, 1, False)
    lead.refresh_from_db()
    assert (lead.first_name, lead.phone, lead.city) == ("Anna", "+14155550132", "Oakland")


def test_what_is_sent_again_overwrites_and_joins(api: Client, lead: Lead) -> None:
    lead.custom_fields = {"roof_size": 100, "colour": "red"}
    lead.questionnaire = [{"key": "who", "question": "Who?", "answer": "Me"}]
    lead.save()
    submit(
        api,
        {
            "campaignId": lead.campaign.code,
            "leadId": lead.public_id,
            "firstName": "aNNE",
            "phone": "(415) 555-0166",
            "customFields": {"roof_size": 120},
            "questionnaire": {"who": "My wife", "when": "Soon"},
        },
    )
    lead.refresh_from_db()
    assert (lead.first_name, lead.phone) == ("Anne", "+14155550166")
    assert lead.custom_fields == {"roof_size": 120, "colour": "red"}
    assert lead.questionnaire == [
        {"key": "who", "question": "Who?", "answer": "My wife"},
        {"key": "when", "question": "When", "answer": "Soon"},
    ]
    assert AuditEvent.objects.filter(object_id=lead.public_id, verb="lead.updated").count() == 1


def test_a_lead_that_comes_again_goes_back_to_new(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.NO_CONTACT)
    answer = submit(api, {"campaignId": lead.campaign.code, "leadId": lead.public_id})
    assert answer["status"] == "new"
    change = lead.status_changes.get()
    assert (change.before, change.after, change.reason) == ("no_contact", "new", "Submitted again")


def test_a_lead_that_said_no_stays_so(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.DNC)
    answer = submit(api, {"campaignId": lead.campaign.code, "leadId": lead.public_id})
    lead.refresh_from_db()
    assert (answer["status"], lead.status) == ("dnc", LeadStatus.DNC)


def test_a_test_submission_changes_no_real_lead(api: Client, lead: Lead) -> None:
    other = world.make_campaign(lead.campaign.production_agent, name="Other")
    before: Any = Lead.objects.values().get()
    error = submit(api, {"campaignId": other.code, "leadId": lead.public_id, "isTest": True, "firstName": "Try"})
    assert error["code"] == "VALIDATION_ERROR"
    assert error["details"][0].startswith("isTest: This is no test lead")
    assert Lead.objects.values().get() == before
    assert not Submission.objects.exists()


def test_a_test_lead_comes_again_as_one(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(is_test=True)
    for body in ({"isTest": True}, {}):
        answer = submit(api, {"campaignId": lead.campaign.code, "leadId": lead.public_id, **body})
        assert (answer["leadId"], answer["isTest"]) == (lead.public_id, True)


def test_a_lead_may_come_again_to_another_campaign(api: Client, lead: Lead) -> None:
    other = world.make_campaign(lead.campaign.production_agent, name="Other")
    answer = submit(api, {"campaignId": other.code, "leadId": lead.public_id})
    lead.refresh_from_db()
    assert (answer["campaignId"], lead.campaign) == (other.code, other)
    assert lead.submissions.get().campaign["campaignId"] == other.code


# --- what is told ---
def test_a_first_submission_is_told_of_twice(api: Client, campaign: Campaign) -> None:
    listen(campaign, "lead.processed", "lead.first_submission_action")
    answer = submit(api, a_lead(campaign))
    first, processed = heard()
    assert (first["event"], first["data"]["action"]) == ("lead.first_submission_action", "none")
    data = processed.pop("data")
    assert {name: processed[name] for name in ("event", "leadId", "submissionId", "campaignId", "status")} == {
        "event": "lead.processed",
        "leadId": answer["leadId"],
        "submissionId": answer["submissionId"],
        "campaignId": campaign.code,
        "status": "new",
    }
    assert data == {
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane.doe@example.com",
        "phone": "+14155550133",
        "submissionNumber": 1,
        "isTest": False,
        "isDuplicate": False,
    }


def test_duplicates_and_leads_that_come_again_are_told_of_as_processed_only(api: Client, campaign: Campaign) -> None:
    first = submit(api, a_lead(campaign))
    listen(campaign, "lead.processed", "lead.first_submission_action")
    submit(api, a_lead(campaign))
    submit(api, a_lead(campaign, leadId=first["leadId"]))
    assert [(event["event"], event["status"]) for event in heard()] == [
        ("lead.processed", "duplicate"),
        ("lead.processed", "new"),
    ]


def test_what_is_refused_leaves_nothing_behind(api: Client, lead: Lead) -> None:
    listen(lead.campaign, "lead.processed", "lead.status_changed")
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.CONTACTED)
    body = {"campaignId": lead.campaign.code, "leadId": lead.public_id, "city": "x", "phone": "+1 999 999 9999 999"}
    before = AuditEvent.objects.count()
    assert submit(api, body)["code"] == "VALIDATION_ERROR"
    del body["city"]
    assert submit(api, body | {"firstName": "Anne"})["details"][0].startswith("phone: ")
    lead.refresh_from_db()
    assert (lead.first_name, lead.status) == ("Anna", LeadStatus.CONTACTED)
    assert (AuditEvent.objects.count(), heard()) == (before, [])


def test_the_same_request_with_its_key_acts_once(api: Client, campaign: Campaign) -> None:
    def send() -> Any:
        headers = {"Idempotency-Key": "one"}
        return api.post("/api/v1/leads/submit", a_lead(campaign), content_type="application/json", headers=headers)

    first, again = send(), send()
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert Submission.objects.count() == 1


def test_the_time_of_a_submission_is_the_business_clock(api: Client, campaign: Campaign, clock: Any) -> None:
    clock.at("2026-03-01T12:00:00+00:00")
    submit(api, a_lead(campaign))
    assert Submission.objects.get().created_at == business.now()
