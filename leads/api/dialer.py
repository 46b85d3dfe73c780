"""Leads that the auto-dialer of their campaign calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.models import Workspace
from calls.dialer.entries import Sent, entry_of, send_to_dialer, take_out
from calls.dialer_shapes import LeadDialerShape, lead_dialer_json
from common.operations import operation
from common.shapes import Moment, iso
from leads.access import lead_of
from leads.models import Lead
from leads.serializers.dialer import SendToDialerSerializer, TakeOutQuery

TAG = "Auto-dialer"
NO_SUCH_LEAD = "There is no such lead in this workspace."


class FailedLeadShape(TypedDict):
    leadId: str
    error: str
    code: Annotated[str, "Decide by this."]


class SentLeadShape(TypedDict):
    leadId: str
    nextCallTime: Annotated[Moment | None, "null: it was in already, for its first call, and waits without a time."]


class SentToDialerShape(TypedDict):
    """What became of each lead."""

    succeeded: Annotated[int, "How many are in the auto-dialer now."]
    failed: list[FailedLeadShape]
    details: Annotated[list[SentLeadShape], "When those that succeeded are called."]


SENT: dict[str, Any] = {
    "succeeded": 1,
    "failed": [{"leadId": "lead_unknown", "error": NO_SUCH_LEAD, "code": "LEAD_NOT_FOUND"}],
    "details": [{"leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc", "nextCallTime": "2026-11-20T17:00:00.000Z"}],
}
LEAD_DIALER: dict[str, Any] = {
    "inDialer": True,
    "dialer": "on",
    **{"heldWhy": None, "heldText": None},
    "entry": {
        "leadId": "lead_01k9zq4w7s8v5c2e6r3t1y0abc",
        "campaignId": "HXZ",
        "state": "waiting",
        "lane": "new",
        "nextCallTime": "2026-11-20T17:00:00.000Z",
        "why": "OPERATING_HOURS",
        "whyText": "The calling hours begin at this time.",
        "callbackAt": None,
        "interactionId": None,
        "sentAt": "2026-11-20T15:00:00.000Z",
    },
}


class SendToDialer(ApiView):
    @operation(
        "sendToAutoDialer",
        "Send leads to the auto-dialer",
        tag=TAG,
        scope="calls:write",
        description="Up to 200 leads, each to the auto-dialer of its own campaign. One that cannot be sent has a "
        "reason of its own under `failed` and keeps back none of the others; the answer is 200 all the same. A lead "
        "that is in already keeps its place. One whose calls are over begins anew: what came of the calls before is "
        "no reason to stop, only the campaign's maximum of attempts is.",
        body=SendToDialerSerializer,
        data=SentToDialerShape,
        idempotent=True,
        body_example={"leadIds": ["lead_abc123", "lead_unknown"]},
        example=SENT,
    )
    def post(self, request: Request) -> Response:
        ids: list[str] = self.body()["leadIds"]
        known = _leads(self.workspace, ids)
        sent = send_to_dialer(leads=[known[public_id] for public_id in ids if public_id in known], by=self.actor)
        return self.answer(_sent_json(ids, {each.lead.public_id: each for each in sent}))


def _leads(workspace: Workspace, ids: Sequence[str]) -> dict[str, Lead]:
    rows = Lead.objects.select_related("workspace", "campaign").filter(workspace=workspace, public_id__in=ids)
    return {lead.public_id: lead for lead in rows}


def _sent_json(ids: Sequence[str], sent: dict[str, Sent]) -> SentToDialerShape:
    """In the order in which they were named."""
    done = [public_id for public_id in ids if public_id in sent and not sent[public_id].code]
    return {
        "succeeded": len(done),
        "failed": [_failed(public_id, sent.get(public_id)) for public_id in ids if public_id not in done],
        "details": [{"leadId": public_id, "nextCallTime": iso(sent[public_id].next_call_time)} for public_id in done],
    }


def _failed(public_id: str, sent: Sent | None) -> FailedLeadShape:
    error, code = (sent.message, sent.code) if sent else (NO_SUCH_LEAD, "LEAD_NOT_FOUND")
    return {"leadId": public_id, "error": error, "code": code}


class LeadDialer(ApiView):
    @operation(
        "getLeadAutoDialer",
        "Get when the auto-dialer calls a lead",
        tag=TAG,
        scope="leads:read",
        description="By the rules and the history of now: the next call's time and which rule gives it, or why there "
        "is none. Where its time has come, `heldWhy` says what keeps it from being called: the auto-dialer is paused, "
        "the campaign inactive or at its daily cap, all calls stopped, or the provider down.",
        data=LeadDialerShape,
        example=LEAD_DIALER,
    )
    def get(self, request: Request, lead_id: str) -> Response:
        return self._answer_entry(lead_of(self.workspace, lead_id))

    @operation(
        "takeOutOfAutoDialer",
        "Take a lead out of the auto-dialer",
        tag=TAG,
        scope="leads:write",
        description="A call of it that still waits is withdrawn; one on the line finishes. A lead that is not in is no "
        "error.",
        query=TakeOutQuery,
        data=LeadDialerShape,
        example=LEAD_DIALER
        | {
            "inDialer": False,
            "entry": LEAD_DIALER["entry"]
            | {
                **{"state": "done", "nextCallTime": None, "why": "TAKEN_OUT"},
                "whyText": "Taken out by API key Website: Bought elsewhere",
            },
        },
    )
    def delete(self, request: Request, lead_id: str) -> Response:
        lead = lead_of(self.workspace, lead_id)
        take_out(lead=lead, by=self.actor, reason=self.query().get("reason", ""))
        return self._answer_entry(lead)

    def _answer_entry(self, lead: Lead) -> Response:
        return self.answer(lead_dialer_json(lead.campaign, entry_of(lead)))
