"""Letting a lead go on, or not."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from leads.access import lead_of
from leads.approval import decide
from leads.serializers.intake import ApproveSerializer
from leads.shapes import ApprovalShape, approval_json


class ApprovedShape(TypedDict):
    leadId: str
    approval: ApprovalShape | None


class ApproveLead(ApiView):
    @operation(
        "approveLead",
        "Approve or reject a lead",
        tag="Leads",
        scope="leads:write",
        description="Only for a lead whose approval is pending. With `approved` a lead that rests at `pending_action` "
        "goes on as `new`, and into the auto-dialer where its campaign's is on or paused. `rejected` sets the lead's "
        "status to `rejected`. `pending` takes a decision back: the lead waits as `pending_action`, unless it has gone "
        "on since.",
        body=ApproveSerializer,
        data=ApprovedShape,
        errors=(409,),
        body_example={"status": "approved", "reason": "Documents are complete"},
        example={
            "leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc",
            "approval": {
                "status": "approved",
                "campaignId": "HXZ",
                "priority": "high",
                "askedAt": "2026-03-02T16:58:40.512Z",
                "decidedBy": "API key Website",
                "decidedAt": "2026-03-02T17:04:11.201Z",
                "reason": "Documents are complete",
            },
        },
    )
    def post(self, request: Request, lead_id: str) -> Response:
        asked = self.body()
        lead = lead_of(self.workspace, lead_id)
        decide(lead=lead, status=asked["status"], by=self.actor, reason=asked["reason"])
        decided: ApprovedShape = {"leadId": lead.public_id, "approval": approval_json(lead)}
        return self.answer(decided)
