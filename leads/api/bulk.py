"""The same change to many leads."""

from __future__ import annotations

from typing import Annotated, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from leads.changes import change_leads
from leads.serializers.changes import BulkSerializer


class ModifiedShape(TypedDict):
    modifiedCount: Annotated[int, "Leads that really changed: those that were so already do not count."]


class LeadsBulk(ApiView):
    @operation(
        "updateLeads",
        "Change many leads",
        tag="Leads",
        scope="leads:write",
        description="The same change to up to 1,000 leads: all of them or, when one is not known or may not be changed "
        "so, none. What is one person's own (names, phone, e-mail, birthday) is changed lead by lead.",
        body=BulkSerializer,
        data=ModifiedShape,
        body_example={
            "leadIds": ["lead_abc123", "lead_def456"],
            "updates": {"status": "queued", "tags": ["spring"]},
        },
        example={"modifiedCount": 2},
    )
    def patch(self, request: Request) -> Response:
        asked = self.body()
        count = change_leads(
            workspace=self.workspace, public_ids=asked["leadIds"], changes=asked["updates"], by=self.actor
        )
        return self.answer({"modifiedCount": count})
