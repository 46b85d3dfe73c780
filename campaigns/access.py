"""An id from an address becomes a row of the workspace; another workspace's is as unknown as one that never was."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Workspace
from campaigns.accounts import SECRETS
from campaigns.models import (
    CallerNumber,
    Campaign,
    PromptTemplate,
    PromptVariable,
    PromptVersion,
    ProviderAccount,
    VoiceAgent,
)
from common.errors import UnknownIdError


def campaign_of(workspace: Workspace, code: str) -> Campaign:
    campaigns = Campaign.objects.with_calling().select_related("workspace")
    found = campaigns.filter(workspace=workspace, code=code.upper()).first()
    if found is None:
        raise UnknownIdError("campaign", code)
    return found


def agent_of(workspace: Workspace, public_id: str) -> VoiceAgent:
    agents = VoiceAgent.objects.select_related("workspace", "account", "template", "caller_number")
    found = agents.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise UnknownIdError("voice agent", public_id)
    return found


def number_of(workspace: Workspace, public_id: str) -> CallerNumber:
    numbers = CallerNumber.objects.select_related("workspace", "account")
    found = numbers.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise UnknownIdError("caller number", public_id)
    return found


def template_of(workspace: Workspace, public_id: str) -> PromptTemplate:
    templates = PromptTemplate.objects.select_related("workspace", "current__created_by")
    found = templates.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise UnknownIdError("prompt template", public_id)
    return found


def version_of(template: PromptTemplate, number: int) -> PromptVersion:
    found = template.versions.select_related("created_by", "template").filter(number=number).first()
    if found is None:
        raise UnknownIdError("version", number)
    return found


def variable_of(workspace: Workspace, name: str) -> PromptVariable:
    found = PromptVariable.objects.select_related("workspace").filter(workspace=workspace, name=name).first()
    if found is None:
        raise UnknownIdError("variable", name)
    return found


def accounts_of(workspace: Workspace) -> QuerySet[ProviderAccount]:
    """Without the secrets: nobody is shown them, and one that cannot be decrypted must not take the page away."""
    accounts = ProviderAccount.objects.filter(workspace=workspace).select_related("workspace")
    return accounts.defer(*SECRETS).annotate(has_api_key=~Q(api_key=""), has_webhook_secret=~Q(webhook_secret=""))


def account_of(workspace: Workspace, public_id: str) -> ProviderAccount:
    found = accounts_of(workspace).filter(public_id=public_id).first()
    if found is None:
        raise UnknownIdError("provider account", public_id)
    return found
