"""One lead: read and changed."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from leads.access import lead_of
from leads.api.examples import LEAD
from leads.changes import change_lead
from leads.serializers.changes import LeadChangesSerializer
from leads.shapes import LeadShape, lead_json

CHANGES: dict[str, Any] = {
    "email": "jane.doe@example.com",
    "address": {"city": "Oakland", "state": "CA"},
    "questionnaire": [{"key": "roof_size", "answer": 120}],
    "customFields": {"budget": 9000, "old_name": None},
    "status": "qualified",
    "detail": "Wants an offer in May",
    "tags": ["solar", "spring"],
}


class LeadDetail(ApiView):
    @operation("getLead", "Get a lead", tag="Leads", scope="leads:read", data=LeadShape, example=LEAD)
    def get(self, request: Request, lead_id: str) -> Response:
        return self.answer(lead_json(lead_of(self.workspace, lead_id)))

    @operation(
        "updateLead",
        "Change a lead",
        tag="Leads",
        scope="leads:write",
        description="Changes what is sent and leaves the rest; all of it or nothing. Answers of the questionnaire, "
        "custom fields, attribution, compliance and flags are merged into what is there. A changed status goes into "
        "the lead's history and to webhooks.",
        body=LeadChangesSerializer,
        body_example=CHANGES,
    )
    def patch(self, request: Request, lead_id: str) -> Response:
        lead = lead_of(self.workspace, lead_id)
        change_lead(lead=lead, changes=self.body(), by=self.actor)  # type: ignore[arg-type]
        return self.answer(None)
