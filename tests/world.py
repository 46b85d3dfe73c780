"""The people and things every test knows: Alice owns Harbour, Bob works there, Vera looks on; Mallory owns another."""

from __future__ import annotations

import secrets
from typing import Any

from accounts.actors import SYSTEM, Actor
from accounts.keys import create_api_key
from accounts.models import Membership, Role, User, Workspace
from accounts.scopes import SCOPES
from calls.models import Interaction
from campaigns.models import CallerNumber, Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from campaigns.services import create_campaign, save_template
from common.hours import DAYS
from leads.models import Lead

ALWAYS = {day: [["00:00", "24:00"]] for day in DAYS}
PASSWORD = "correct horse battery"
SECRET = "wsec_test_0123456789"
PROMPT = "You call {{first_name}} for {{campaign_name}}. You are an AI."


def make_user(name: str, workspace: Workspace, role: Role) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, first_name=name)
    Membership.objects.create(workspace=workspace, user=user, role=role)
    return user


def make_workspace(name: str) -> Workspace:
    return Workspace.objects.create(name=name)


def make_account(workspace: Workspace, **fields: Any) -> ProviderAccount:
    defaults: dict[str, Any] = {
        "name": f"Account {secrets.token_hex(3)}",
        "host": "api.elevenlabs.io",
        "api_key": "sk_test",
        "webhook_secret": SECRET,
        "calls_per_second": 100,
        "concurrency": 100,
    }
    return ProviderAccount.objects.create(workspace=workspace, **{**defaults, **fields})


def make_number(account: ProviderAccount, e164: str = "+14155550100", **fields: Any) -> CallerNumber:
    defaults = {"workspace": account.workspace, "provider_number_id": f"phnum_{secrets.token_hex(4)}"}
    return CallerNumber.objects.create(account=account, e164=e164, **{**defaults, **fields})


def make_template(workspace: Workspace, **fields: Any) -> PromptTemplate:
    defaults = {"name": f"Template {secrets.token_hex(3)}", "body": PROMPT, "first_message": "Hello {{first_name}}!"}
    return save_template(workspace=workspace, by=SYSTEM, **{**defaults, **fields})


def make_agent(account: ProviderAccount, **fields: Any) -> VoiceAgent:
    token = secrets.token_hex(4)
    defaults = {"name": f"Agent {token}", "provider_agent_id": f"agent_{token}"}
    return VoiceAgent.objects.create(workspace=account.workspace, account=account, **{**defaults, **fields})


def make_campaign(agent: VoiceAgent | None, workspace: Workspace | None = None, **fields: Any) -> Campaign:
    """Open at all hours, no gap, many attempts: each test narrows what it is about."""
    owner = workspace or (agent.workspace if agent else None)
    assert owner is not None
    defaults: dict[str, Any] = {
        "name": "Spring kitchens",
        "status": Campaign.Status.ACTIVE,
        "production_agent": agent,
        "hours": ALWAYS,
        "min_gap_minutes": 0,
        "max_attempts": 50,
    }
    return create_campaign(workspace=owner, by=SYSTEM, **{**defaults, **fields})


def make_lead(campaign: Campaign, phone: str = "+14155550132", **fields: Any) -> Lead:
    defaults = {"first_name": "Anna", "last_name": "Meyer", "email": "anna@example.com"}
    return Lead.objects.create(workspace=campaign.workspace, campaign=campaign, phone=phone, **{**defaults, **fields})


def make_calling_workspace(name: str = "Harbour") -> Campaign:
    """A workspace with everything that a call needs."""
    account = make_account(make_workspace(name))
    number = make_number(account)
    template = make_template(account.workspace)
    agent = make_agent(account, caller_number=number, template=template)
    return make_campaign(agent, is_default=True)


def make_key(workspace: Workspace, scopes: tuple[str, ...] = SCOPES) -> str:
    return create_api_key(workspace=workspace, name="test", scopes=scopes, by=Actor())[1]


def make_interaction(lead: Lead, **fields: Any) -> Interaction:
    """A call as if it had been asked for, without its job."""
    agent = lead.campaign.production_agent
    assert agent is not None
    assert agent.caller_number is not None
    assert agent.template is not None
    assert agent.template.current is not None
    defaults: dict[str, Any] = {
        "agent": agent,
        "account": agent.account,
        "caller_number": agent.caller_number,
        "prompt_version": agent.template.current,
        "to_number": lead.phone,
        "from_number": agent.caller_number.e164,
        "origin": Interaction.Origin.MANUAL,
        "campaign": lead.campaign,
        "workspace": lead.workspace,
    }
    return Interaction.objects.create(lead=lead, **{**defaults, **fields})
