"""GET /leads/{leadId}/submissions and /submissions/{submissionId}: each time a lead came in."""

from __future__ import annotations

from typing import Any

from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.actors import SYSTEM
from campaigns.models import Campaign
from campaigns.services import update_campaign
from leads.models import Lead, Submission
from tests import world
from tests.api.intake_world import a_lead, submit


def data(api: Client, path: str) -> Any:
    return api.get(f"/api/v1{path}").json()["data"]


def came(lead: Lead, times: int) -> list[Submission]:
    brief = {"campaignId": lead.campaign.code, "name": "X"}
    return [Submission.objects.create(lead=lead, number=n + 1, campaign=brief) for n in range(times)]


def test_a_submission_tells_what_was_sent_and_what_became_of_it(api: Client, campaign: Campaign) -> None:
    body = a_lead(campaign, firstName="jane")
    taken = submit(api, body)
    update_campaign(campaign=campaign, by=SYSTEM, name="Called otherwise since")
    found = data(api, f"/submissions/{taken['submissionId']}")
    assert found.pop("createdAt").endswith("Z")
    nothing = {"success": None, "clientLeadId": None, "statusCode": None}
    assert found == {
        "submissionId": taken["submissionId"],
        "leadId": taken["leadId"],
        "submissionNumber": 1,
        "type": "standard",
        "campaign": {
            "campaignId": campaign.code,
            "name": "Spring kitchens",
            "clientId": None,
            "clientName": None,
            "clientAbbrev": None,
            "offerId": None,
            "offerName": None,
            "offerAbbrev": None,
        },
        "status": "new",
        "qualification": dict.fromkeys(
            ("passed", "originalCampaignQualified", "score", "method", "reason", "qualifiedAt")
        ),
        "routing": {
            "wasRouted": False,
            "originalCampaignId": campaign.code,
            "routedToCampaignId": None,
            "routingReason": None,
            "routingMethod": "original",
            "routingRuleName": None,
            "alternativeCampaigns": [],
            "routingEvaluatedAt": None,
        },
        "posting": {**nothing, "postedAt": None},
        "delivery": {
            **nothing,
            **dict.fromkeys(("responseMessage", "url", "method", "bodyFormat", "deliveredAt")),
        },
        "result": None,
        "clientLeadId": None,
        "responseFields": {},
        "payload": body,
        "isTest": False,
    }


def test_a_leads_submissions_come_newest_first_in_pages(api: Client, lead: Lead) -> None:
    came(lead, 5)
    came(world.make_lead(lead.campaign, "+14155550100"), 1)
    first = data(api, f"/leads/{lead.public_id}/submissions?limit=3")
    assert ([row["submissionNumber"] for row in first["submissions"]], first["hasMore"]) == ([5, 4, 3], True)
    rest = data(api, f"/leads/{lead.public_id}/submissions?limit=3&cursor={first['nextCursor']}")
    assert ([row["submissionNumber"] for row in rest["submissions"]], rest["nextCursor"]) == ([2, 1], None)


def test_a_lead_that_was_typed_in_has_none(api: Client, lead: Lead) -> None:
    page = data(api, f"/leads/{lead.public_id}/submissions")
    assert page == {"submissions": [], "nextCursor": None, "hasMore": False}


def test_another_leads_submission_is_no_cursor(api: Client, lead: Lead) -> None:
    other = came(world.make_lead(lead.campaign, "+14155550100"), 1)[0]
    answer = api.get(f"/api/v1/leads/{lead.public_id}/submissions?cursor={other.public_id}")
    assert answer.json()["error"]["details"][0].startswith("cursor: ")


def test_another_workspaces_are_not_found(api: Client, elsewhere: Campaign) -> None:
    theirs = came(world.make_lead(elsewhere), 1)[0]
    for path in (f"leads/{theirs.lead.public_id}/submissions", f"submissions/{theirs.public_id}", "submissions/sub_x"):
        assert api.get(f"/api/v1/{path}").status_code == 404


def test_the_number_of_queries_does_not_grow(
    api: Client, lead: Lead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    came(lead, 12)
    path = f"/leads/{lead.public_id}/submissions"
    data(api, path)
    with django_assert_max_num_queries(9) as counted:
        data(api, f"{path}?limit=1")
    with django_assert_max_num_queries(len(counted.captured_queries)):
        assert len(data(api, path)["submissions"]) == 12
