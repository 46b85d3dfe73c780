"""Each time that a lead came in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, PageQuery
from common.operations import operation
from leads.access import lead_of, submission_of
from leads.api.examples import CAMPAIGN
from leads.models import Lead, Submission
from leads.shapes import SubmissionShape, submission_json

EXAMPLE = submission_json(
    Submission(
        public_id="sub_01k9zq4w7s8v5c2e6r3t1y0abd",
        lead=Lead(public_id="lead_01k9zq4w7s8v5c2e6r3t1y0abc"),
        number=1,
        campaign=CAMPAIGN,
        payload={"campaignId": "HXZ", "firstName": "jane", "lastName": "DOE", "phone": "(415) 555-0132"},
        created_at=datetime(2026, 3, 2, 17, 4, 11, 201_000, tzinfo=UTC),
    )
)


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
