"""The public API of calls: LeadSail's own contract."""

from __future__ import annotations

import mimetypes
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import find_membership
from accounts.actors import Actor
from accounts.authentication import find_api_key, raw_key
from accounts.models import ApiKey, Workspace
from calls.access import interaction_of
from calls.models import Interaction
from calls.serializers import InitiateSerializer, interaction_json
from calls.services import initiate_call, request_look
from campaigns.models import Campaign
from common.api import success
from common.errors import NotFoundError
from common.ranges import serve_file
from leads.access import lead_of


def workspace_of(request: Request) -> Workspace:
    assert isinstance(request.auth, ApiKey)
    return request.auth.workspace


def actor_of(request: Request) -> Actor:
    assert isinstance(request.auth, ApiKey)
    return Actor(api_key=request.auth)


class InitiateCall(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "calls:write"}

    def post(self, request: Request) -> Response:
        serializer = InitiateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        workspace = workspace_of(request)
        interaction = initiate_call(
            lead=lead_of(workspace, data["leadId"]),
            by=actor_of(request),
            origin=Interaction.Origin.API,
            campaign=_campaign(workspace, data["campaignId"]) if data.get("campaignId") else None,
            number=data.get("phone", ""),
            additional_instructions=data.get("additionalInstructions", ""),
            is_test=data.get("isTest", False),
            direction=data.get("direction", Interaction.Direction.OUTBOUND),
        )
        return success(
            {
                "interactionId": interaction.public_id,
                "leadId": interaction.lead.public_id,
                "campaignId": interaction.campaign.code,
                "agentId": interaction.agent.public_id,
            }
        )


def _campaign(workspace: Workspace, code: str) -> Campaign:
    campaign = Campaign.objects.filter(workspace=workspace, code=code).first()
    if campaign is None:
        raise NotFoundError
    return campaign


class InteractionDetail(APIView):
    scopes: ClassVar[dict[str, str]] = {"GET": "interactions:read"}

    def get(self, request: Request, public_id: str) -> Response:
        interaction = interaction_of(workspace_of(request), public_id)
        request_look(interaction)
        return success(interaction_json(interaction))


def recording(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """For members of the workspace by their session and for its keys; one address for both."""
    interaction = interaction_of(_workspace_for_recording(request), public_id)
    if interaction.recording_state != Interaction.Recording.STORED:
        raise Http404("There is no recording of this call.")
    kind = mimetypes.guess_type(interaction.recording.name or "")[0] or "application/octet-stream"
    range_header = request.headers.get("Range", "")
    return serve_file(interaction.recording, range_header=range_header, content_type=kind)


def _workspace_for_recording(request: HttpRequest) -> Workspace:
    if raw := raw_key(request):
        key = find_api_key(raw)
        if key is None or "interactions:read" not in key.scopes:
            raise PermissionDenied("This API key may not read interactions.")
        return key.workspace
    membership = find_membership(request)
    if membership is None:
        raise PermissionDenied("Log in, or send an API key, to hear recordings.")
    return membership.workspace
