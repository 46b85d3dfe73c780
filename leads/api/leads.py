"""The list of leads, and making one without anything else."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from leads.api.examples import LEAD
from leads.changes import OWN_FLAGS
from leads.intake import Sent, take_directly
from leads.listing import Wanted
from leads.models import Lead
from leads.serializers.intake import CreateLeadSerializer
from leads.serializers.listing import LeadsQuery
from leads.serializers.parts import lead_fields
from leads.shapes import LeadShape, leads_json


class LeadListShape(TypedDict):
    leads: list[LeadShape]
    nextCursor: str | None
    hasMore: bool


class CreatedLeadShape(TypedDict):
    leadId: str
    submissionId: str


class Leads(ApiView):
    @operation(
        "listLeads",
        "List leads",
        tag="Leads",
        scope="leads:read",
        description="Newest first. Filters narrow together; inside a list with commas one of them is enough. Send "
        "`nextCursor` as `cursor` to get the next page, with the same filters.",
        query=LeadsQuery,
        data=LeadListShape,
        example={"leads": [LEAD], "nextCursor": "lead_01k9zq4w7s8v5c2e6r3t1y0abc", "hasMore": True},
    )
    def get(self, request: Request) -> Response:
        asked = self.query()
        wanted = Wanted(
            campaigns=asked.get("campaignIds", ()),
            clients=asked.get("clientIds", ()),
            offers=asked.get("offerIds", ()),
            statuses=asked.get("status", ()),
            text=asked.get("search", ""),
            owner=asked.get("owner", ""),
            tag=asked.get("tag", ""),
            outcome=asked.get("outcome", ""),
            do_not_call=asked["doNotCall"],
            callback_due=asked["callbackDue"],
            is_test=asked["isTest"],
            approval=asked.get("approval", ""),
            since=asked.get("startDate"),
            until=asked.get("endDate"),
        )
        known = Lead.objects.filter(workspace=self.workspace)
        page = self.page(wanted.leads(self.workspace), known=known, order=wanted.order)
        found: LeadListShape = {
            "leads": leads_json(page.rows),
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createLead",
        "Create a lead",
        tag="Leads",
        scope="leads:write",
        description="For imports and migrations: the lead is made as it comes, whether or not there is another with "
        "the same phone or e-mail, and nothing else happens. Use `POST /leads/submit` for leads that come in.",
        body=CreateLeadSerializer,
        data=CreatedLeadShape,
        idempotent=True,
        body_example={
            "campaignId": "HXZ",
            "firstName": "Jane",
            "lastName": "Doe",
            "email": "jane.doe@example.com",
            "phone": "+1 415 555 0132",
            "address": {"street": "12 Harbour Street", "city": "Oakland", "state": "CA", "zip": "94607"},
            "notes": ["Prefers the afternoon"],
            "questionnaire": {"filing_for": "Myself"},
        },
        example={"leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc", "submissionId": "sub_01k9zq4w7s8v5c2e6r3t1y0abd"},
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        flags = asked.get("flags", {})
        sent = Sent(
            fields=lead_fields(asked | {"flags": {name: flags[name] for name in flags if name not in OWN_FLAGS}}),
            payload=request.data,
            answers=asked.get("questionnaire", ()),
            is_test=asked["isTest"] or flags.get("isTest", False),
            is_dnc=flags.get("isDnc", False),
            notes=[note["text"] for note in asked.get("notes", ())],
            tags=asked.get("tags", ()),
        )
        submission = take_directly(campaign=asked["campaignId"], sent=sent, by=self.actor)
        made: CreatedLeadShape = {"leadId": submission.lead.public_id, "submissionId": submission.public_id}
        return self.answer(made)
