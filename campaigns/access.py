"""An id from an address becomes a row of the workspace; another workspace's is as unknown as one that never was."""

from __future__ import annotations

from django.http import Http404

from accounts.models import Workspace
from campaigns.models import CallerNumber, Campaign, VoiceAgent


def campaign_of(workspace: Workspace, code: str) -> Campaign:
    campaigns = Campaign.objects.with_calling().select_related("workspace")
    found = campaigns.filter(workspace=workspace, code=code.upper()).first()
    if found is None:
        raise Http404("There is no such campaign.")
    return found


def agent_of(workspace: Workspace, public_id: str) -> VoiceAgent:
    agents = VoiceAgent.objects.select_related("workspace", "account", "template", "caller_number")
    found = agents.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise Http404("There is no such voice agent.")
    return found


def number_of(workspace: Workspace, public_id: str) -> CallerNumber:
    numbers = CallerNumber.objects.select_related("workspace", "account")
    found = numbers.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise Http404("There is no such caller number.")
    return found
