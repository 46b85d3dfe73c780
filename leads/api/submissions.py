"""Each time that a lead came in."""

from __future__ import annotations

from typing import Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, PageQuery
from common.operations import operation
from leads.access import lead_of, submission_of
from leads.api.examples import CAMPAIGN
from leads.shapes import SubmissionShape, submission_json

EXAMPLE: dict[str, Any] = {
    "submissionId": "sub_01k9zq4w7s8v5c2e6r3t1y0abd",
    "leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc",
    "submissionNumber": 1,
    "type": "standard",
    "campaign": CAMPAIGN,
    "status": "new",
    "qualification": {
        "passed": None,
        "originalCampaignQualified": None,
        "score": None,
        "method": None,
        "reason": None,
        "qualifiedAt": None,
    },
    "routing": {
        "wasRouted": False,
        "originalCampaignId": "HXZ",
        "routedToCampaignId": None,
        "routingReason": None,
        "routingMethod": "original",
        "routingRuleName": None,
        "alternativeCampaigns": [],
        "routingEvaluatedAt": None,
    },
    "posting": {"success": None, "clientLeadId": None, "statusCode": None, "postedAt": None},
    "delivery": {
        "success": None,
        "clientLeadId": None,
        "statusCode": None,
        "responseMessage": None,
        "url": None,
        "method": None,
        "bodyFormat": None,
        "deliveredAt": None,
    },
    "result": None,
    "clientLeadId": None,
    "responseFields": {},
    "payload": {"campaignId": "HXZ", "firstName": "jane", "lastName": "DOE", "phone": "(415) 555-0132"},
    "isTest": False,
    "createdAt": "2026-03-02T17:04:11.201Z",
}


class SubmissionListShape(TypedDict):
    submissions: list[SubmissionShape]
    nextCursor: str | None
    hasMore: bool


class LeadSubmissions(ApiView):
    @operation(
        "listSubmissions",
        "List a lead's submissions",
        tag="Submissions",
        scope="leads:read",
        description="Newest first. Qualification, posting and delivery hold nulls where nothing of the kind happened.",
        query=PageQuery,
        data=SubmissionListShape,
        example={"submissions": [EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, lead_id: str) -> Response:
        lead = lead_of(self.workspace, lead_id)
        rows = lead.submissions.select_related("lead")
        page = self.page(rows, known=lead.submissions.all(), order=("-number",))
        found: SubmissionListShape = {
            "submissions": [submission_json(row) for row in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)


class SubmissionDetail(ApiView):
    @operation(
        "getSubmission",
        "Get a submission",
        tag="Submissions",
        scope="leads:read",
        data=SubmissionShape,
        example=EXAMPLE,
    )
    def get(self, request: Request, submission_id: str) -> Response:
        return self.answer(submission_json(submission_of(self.workspace, submission_id)))
