"""The public API that calls: LeadSail's own contract, and the question before it."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from calls.api import examples
from calls.models import Interaction
from calls.serializers import CheckCallSerializer, InitiateSerializer
from calls.services import Preflight, initiate_call, preflight
from calls.shapes import ReasonShape, reason_json
from campaigns.access import campaign_of, number_of
from campaigns.models import CallerNumber, Campaign
from common.operations import operation
from common.shapes import Moment, iso
from leads.access import lead_of
from leads.models import Lead


class InitiatedShape(TypedDict):
    interactionId: str
    leadId: str
    campaignId: str
    agentId: str


# A class cannot have it: `from` is a word of Python.
CalledFrom = TypedDict("CalledFrom", {"from": Annotated[str | None, "The number that would be called from."]})


class CallCheckShape(CalledFrom):
    """What a call would be, and whether it may be made now."""

    allowed: bool
    code: Annotated[str | None, "Of the weightiest reason: the code with which the call would be refused."]
    message: str | None
    reasons: Annotated[list[ReasonShape], "Everything that stands in the way, the weightiest first."]
    nextAllowedAt: Annotated[Moment | None, "From when on it is allowed: now, if it is; null if no waiting helps."]
    warnings: Annotated[list[str], "What to look at before the call; it would be made all the same."]
    phone: Annotated[str | None, "The number that would be called."]
    callerNumberId: str | None
    leadId: str
    campaignId: str
    agentId: str | None
    interactionId: Annotated[str | None, "The call that is under way to the lead or to the number."]


class Chosen(TypedDict):
    lead: Lead
    campaign: Campaign | None
    number: str
    caller_number: CallerNumber | None
    is_test: bool


class CallView(ApiView):
    def chosen(self, asked: dict[str, Any]) -> Chosen:
        return {
            "lead": lead_of(self.workspace, asked["leadId"]),
            "campaign": campaign_of(self.workspace, asked["campaignId"]) if "campaignId" in asked else None,
            "number": asked.get("phone", ""),
            "caller_number": number_of(self.workspace, asked["callerNumberId"]) if "callerNumberId" in asked else None,
            "is_test": asked.get("isTest", False),
        }


class InitiateCall(CallView):
    @operation(
        "initiateCall",
        "Initiate an AI voice call",
        tag="Calls",
        scope="calls:write",
        description="Checks everything that must hold, answers at once, and dials in the background. Follow the call "
        "by webhook or by reading the interaction. A refusal has the code of its weightiest reason; `error.reasons` "
        "has them all, and `error.nextAllowedAt` says from when on the call would be allowed, if waiting helps.",
        body=InitiateSerializer,
        data=InitiatedShape,
        idempotent=True,
        body_example=examples.INITIATE,
        example=examples.INITIATED,
        error_examples={400: examples.REFUSED},
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        interaction = initiate_call(
            **self.chosen(asked),
            by=self.actor,
            origin=Interaction.Origin.API,
            additional_instructions=asked.get("additionalInstructions", ""),
            direction=asked.get("direction", Interaction.Direction.OUTBOUND),
        )
        initiated: InitiatedShape = {
            "interactionId": interaction.public_id,
            "leadId": interaction.lead.public_id,
            "campaignId": interaction.campaign.code,
            "agentId": interaction.agent.public_id,
        }
        return self.answer(initiated)


class CheckCall(CallView):
    @operation(
        "checkCall",
        "Check whether a call may be made",
        tag="Calls",
        scope="leads:read",
        description="Judges as `POST /voice/calls/initiate` would, with the same words, and places nothing. A call "
        "that is not allowed is an answer here, not an error.",
        body=CheckCallSerializer,
        data=CallCheckShape,
        body_example=examples.CHECK,
        example=examples.CHECKED,
    )
    def post(self, request: Request) -> Response:
        return self.answer(_check_json(preflight(**self.chosen(self.body()))))


def _check_json(checked: Preflight) -> CallCheckShape:
    verdict, agent, caller = checked.verdict, checked.agent, checked.caller_number
    return {
        "allowed": verdict.allowed,
        "code": verdict.code or None,
        "message": verdict.message or None,
        "reasons": [reason_json(reason) for reason in verdict.reasons],
        "nextAllowedAt": iso(verdict.next_allowed_at),
        "warnings": list(verdict.warnings),
        "phone": checked.number or None,
        "from": caller.e164 if caller else None,
        "callerNumberId": caller.public_id if caller else None,
        "leadId": checked.lead.public_id,
        "campaignId": checked.campaign.code,
        "agentId": agent.public_id if agent else None,
        "interactionId": checked.live_call_id or None,
    }
