"""The main way in for leads."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from campaigns.models import Campaign
from common.operations import operation
from leads.intake import Sent, submit_lead
from leads.models import LeadStatus
from leads.serializers.intake import SubmitLeadSerializer
from leads.serializers.parts import lead_fields


class SubmittedLeadShape(TypedDict):
    leadId: str
    submissionId: str
    submissionNumber: int
    campaignId: str
    status: str
    isDuplicate: bool
    isTest: bool


class SubmitLead(ApiView):
    @operation(
        "submitLead",
        "Submit a lead",
        tag="Leads",
        scope="leads:write",
        description="A new lead needs name, e-mail and phone. Names get their capitals, e-mails small letters, phones "
        "their international form. With the phone or e-mail of a lead that came to the campaign within its duplicate "
        "window, no second lead is made: the answer names the first one, with `isDuplicate`. With `leadId` that lead "
        "comes again: what is sent joins what is known, and its status goes back to `new` unless it is `dnc`. A "
        "campaign's first submission action begins at once: until its call, decision or webhook's answer the lead "
        "rests at `pending_action`.",
        body=SubmitLeadSerializer,
        data=SubmittedLeadShape,
        idempotent=True,
        body_example={
            "campaignId": "HXZ",
            "firstName": "jane",
            "lastName": "DOE",
            "email": "Jane.Doe@example.com",
            "phone": "(415) 555-0132",
            "address": {"street": "12 Harbour Street", "city": "Oakland", "state": "CA", "zip": "94607"},
            "questionnaire": {"filing_for": "Myself"},
            "attribution": {"captureUrl": "https://kitchens.example.com/quote", "params": {"utm_source": "newsletter"}},
            "compliance": {"tcpaConsent": True},
        },
        example={
            "leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc",
            "submissionId": "sub_01k9zq4w7s8v5c2e6r3t1y0abd",
            "submissionNumber": 1,
            "campaignId": "HXZ",
            "status": "new",
            "isDuplicate": False,
            "isTest": False,
        },
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        sent = Sent(
            fields=lead_fields(asked),
            payload=request.data,
            answers=asked.get("questionnaire", ()),
            is_test=asked["isTest"],
            notes=[asked["notes"]] if asked.get("notes") else (),
        )
        campaign: Campaign = asked["campaignId"]
        submission = submit_lead(campaign=campaign, sent=sent, by=self.actor, lead=asked.get("leadId"))
        taken: SubmittedLeadShape = {
            "leadId": submission.lead.public_id,
            "submissionId": submission.public_id,
            "submissionNumber": submission.number,
            "campaignId": campaign.code,
            "status": submission.status,
            "isDuplicate": submission.status == LeadStatus.DUPLICATE,
            "isTest": submission.is_test,
        }
        return self.answer(taken)
