from __future__ import annotations

import secrets
from dataclasses import dataclass

from accounts.actors import Actor
from accounts.keys import create_api_key
from accounts.models import Membership, Role, User, Workspace
from accounts.scopes import SCOPES
from accounts.services import create_first_owner
from campaigns.models import CallerNumber, Campaign, PromptTemplate, PromptVariable, ProviderAccount, VoiceAgent
from campaigns.services import create_campaign, register_custom_fields, save_template
from leadsail.demo.data import company as data
from leadsail.demo.data.prompts import TEMPLATES

KEY_PREFIX = "sk_sandbox_demo"
# Without what looks alike when somebody types it off a screen.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Company:
    workspace: Workspace
    owner: User
    sellers: list[User]
    campaigns: dict[str, Campaign]


@dataclass(frozen=True)
class Credentials:
    email: str
    password: str
    api_key: str


def new_password() -> str:
    return "".join(secrets.choice(READABLE) for _ in range(12))


def create_company() -> tuple[Company, Credentials]:
    password = new_password()
    owner = _create_owner(password)
    workspace = Workspace.objects.get(memberships__user=owner)
    by = Actor(user=owner)
    sellers = _create_team(workspace, owner)
    _, api_key = create_api_key(workspace=workspace, name="Demo", scopes=SCOPES, by=by)
    campaigns = _create_campaigns(workspace, by, _create_agents(workspace, by))
    company = Company(workspace=workspace, owner=owner, sellers=sellers, campaigns=campaigns)
    return company, Credentials(email=owner.email, password=password, api_key=api_key)


def _create_owner(password: str) -> User:
    first_name, last_name = data.OWNER_NAME
    owner = create_first_owner(
        email=data.OWNER_EMAIL,
        password=password,
        name=first_name,
        workspace_name=data.NAME,
        country=data.COUNTRY,
        timezone=data.ZONE,
    )
    owner.last_name = last_name
    owner.save(update_fields=["last_name"])
    return owner


def _create_team(workspace: Workspace, owner: User) -> list[User]:
    """Everybody has the owner's password, so that one can see the workspace through each role."""
    users = [
        User(email=person.email, password=owner.password, first_name=person.first_name, last_name=person.last_name)
        for person in data.TEAM
    ]
    User.objects.bulk_create(users)
    roles = [person.role for person in data.TEAM]
    Membership.objects.bulk_create(
        Membership(workspace=workspace, user=user, role=role) for user, role in zip(users, roles, strict=True)
    )
    return [user for user, role in zip(users, roles, strict=True) if role == Role.MEMBER]


def _create_agents(workspace: Workspace, by: Actor) -> dict[str, VoiceAgent]:
    account = ProviderAccount.objects.create(
        workspace=workspace,
        name=data.ACCOUNT_NAME,
        host="sandbox",
        api_key=f"{KEY_PREFIX}{secrets.token_hex(12)}",
        calls_per_second=10,
        concurrency=50,
    )
    numbers = _create_numbers(account)
    templates = _create_templates(workspace, by)
    return {
        key: VoiceAgent.objects.create(
            workspace=workspace,
            account=account,
            name=row.name,
            template=templates[row.template],
            caller_number=numbers[row.number],
        )
        for key, row in data.AGENTS.items()
    }


def _create_numbers(account: ProviderAccount) -> dict[str, CallerNumber]:
    return {
        key: CallerNumber.objects.create(
            workspace=account.workspace, account=account, e164=row.e164, label=row.label, kind=row.kind
        )
        for key, row in data.NUMBERS.items()
    }


def _create_templates(workspace: Workspace, by: Actor) -> dict[str, PromptTemplate]:
    PromptVariable.objects.bulk_create(
        PromptVariable(workspace=workspace, name=row.name, default=row.default, example=row.example)
        for row in data.DECLARED
    )
    register_custom_fields(workspace=workspace, names=data.CUSTOM_FIELDS)
    return {
        row.name: save_template(
            workspace=workspace, name=row.name, body=row.body, first_message=row.first_message, by=by
        )
        for row in TEMPLATES
    }


def _create_campaigns(workspace: Workspace, by: Actor, agents: dict[str, VoiceAgent]) -> dict[str, Campaign]:
    numbers = {number.e164: number for number in CallerNumber.objects.filter(workspace=workspace)}
    templates = {template.name: template for template in PromptTemplate.objects.filter(workspace=workspace)}
    return {
        key: create_campaign(
            workspace=workspace,
            by=by,
            name=row.name,
            status=row.status,
            is_default=row.is_default,
            production_agent=agents[row.agent],
            test_agent=agents["rehearsal"],
            template=templates.get(row.template),
            caller_number=numbers[data.NUMBERS[row.number].e164] if row.number else None,
            hours=row.hours,
            min_gap_minutes=row.min_gap_minutes,
            max_attempts=row.max_attempts,
        )
        for key, row in data.CAMPAIGNS.items()
    }
