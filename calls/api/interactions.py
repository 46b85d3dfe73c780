"""The public API of calls: LeadSail's own contract."""

from __future__ import annotations

import mimetypes
from typing import TypedDict

from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from calls.access import interaction_of
from calls.models import Interaction
from calls.serializers import InitiateSerializer
from calls.services import initiate_call, request_look
from calls.shapes import InteractionShape, interaction_json
from campaigns.access import campaign_of
from common.operations import operation
from common.ranges import serve_file
from leads.access import lead_of


class InitiatedShape(TypedDict):
    interactionId: str
    leadId: str
    campaignId: str
    agentId: str


class InitiateCall(ApiView):
    @operation(
        "initiateCall",
        "Call a lead",
        tag="Calls",
        scope="calls:write",
        description="Checks everything that must hold, answers at once, and dials in the background. Follow the call "
        "by webhook or by reading the interaction.",
        body=InitiateSerializer,
        data=InitiatedShape,
        idempotent=True,
        body_example={"leadId": "lead_abc123"},
        example={
            "interactionId": "int_abc123",
            "leadId": "lead_abc123",
            "campaignId": "HXZ",
            "agentId": "agent_abc123",
        },
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        lead = lead_of(self.workspace, asked["leadId"])
        campaign = campaign_of(self.workspace, asked["campaignId"]) if asked.get("campaignId") else None
        interaction = initiate_call(
            lead=lead,
            by=self.actor,
            origin=Interaction.Origin.API,
            campaign=campaign,
            number=asked.get("phone", ""),
            additional_instructions=asked.get("additionalInstructions", ""),
            is_test=asked["isTest"],
            direction=asked["direction"],
        )
        initiated: InitiatedShape = {
            "interactionId": interaction.public_id,
            "leadId": interaction.lead.public_id,
            "campaignId": interaction.campaign.code,
            "agentId": interaction.agent.public_id,
        }
        return self.answer(initiated)


class InteractionDetail(ApiView):
    @operation(
        "getInteraction", "Get an interaction", tag="Interactions", scope="interactions:read", data=InteractionShape
    )
    def get(self, request: Request, public_id: str) -> Response:
        interaction = interaction_of(self.workspace, public_id)
        request_look(interaction)
        return self.answer(interaction_json(interaction))


class Recording(ApiView):
    @operation(
        "getRecording",
        "Get a call's recording",
        tag="Interactions",
        scope="interactions:read",
        description="The audio file; `Range` gives a part of it.",
        file="audio/mpeg",
        errors=(416,),
    )
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        return recording_of(interaction_of(self.workspace, public_id), request.headers.get("Range", ""))


def recording_of(interaction: Interaction, range_header: str) -> HttpResponseBase:
    if interaction.recording_state != Interaction.Recording.STORED:
        raise Http404("There is no recording of this call.")
    kind = mimetypes.guess_type(interaction.recording.name or "")[0] or "application/octet-stream"
    return serve_file(interaction.recording, range_header=range_header, content_type=kind)
