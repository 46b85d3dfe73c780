"""Campaigns and what they call with, as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypedDict, cast

from campaigns.dialing_shapes import (
    AutoDialerShape,
    FirstActionShape,
    HolidayShape,
    auto_dialer_json,
    first_action_json,
    holidays_json,
)
from campaigns.models import (
    CallerNumber,
    Campaign,
    PromptTemplate,
    PromptVariable,
    PromptVersion,
    ProviderAccount,
    VoiceAgent,
)
from campaigns.prompts import LEAD_VARIABLES, Variable
from common import clock
from common.hours import CLOSED, DAYS, hours_or_closed
from common.shapes import Moment, as_moment, iso
from webhooks.shapes import CampaignWebhooksShape

Windows = Annotated[list[list[str]], 'Windows of the day, each its start and its end: `[["09:00", "18:00"]]`.']


class AiAgentsShape(TypedDict):
    """Voice agents by what they are for."""

    production: Annotated[str | None, "Calls the campaign's leads."]
    test: Annotated[str | None, "Calls test leads; null: the production agent does."]


class HoursShape(TypedDict):
    """When leads may be called: where they are, or in `hoursZone`. A day without windows is closed."""

    mon: Windows
    tue: Windows
    wed: Windows
    thu: Windows
    fri: Windows
    sat: Windows
    sun: Windows


class DuplicateDetectionShape(TypedDict):
    """A submission with the phone or e-mail of a lead that came within the window is its duplicate."""

    enabled: bool
    windowDays: int | None


class CampaignShape(TypedDict):
    """Ties leads to the agent that calls them, at what hours and how often."""

    campaignId: Annotated[str, "The campaign's short code."]
    name: str
    active: bool
    status: Literal["active", "inactive", "archived"]
    isDefault: Annotated[bool, "Leads that come without a campaign join this one."]
    clientId: str | None
    clientName: str | None
    clientAbbrev: str | None
    offerId: str | None
    offerName: str | None
    offerAbbrev: str | None
    managerId: Annotated[None, "Always null: LeadSail's campaigns have no manager."]
    webhooks: CampaignWebhooksShape
    documents: Annotated[list[dict[str, Any]], "Always empty: LeadSail sends no documents."]
    aiAgents: AiAgentsShape
    templateId: Annotated[str | None, "null: the agent's own prompt template."]
    callerNumberId: Annotated[str | None, "null: the agent's own caller number."]
    hours: HoursShape
    hoursZone: Annotated[str | None, "null: the hours are those of the place where the lead is."]
    holidays: list[HolidayShape]
    minGapMinutes: Annotated[int, "Between two calls to the same lead."]
    maxAttempts: Annotated[int, "To each lead, all calls of this campaign together."]
    maxAttemptsPerDay: Annotated[int | None, "To each lead in any 24 hours; null: only the gap limits them."]
    autoDialer: AutoDialerShape
    firstSubmissionAction: FirstActionShape
    duplicateDetection: DuplicateDetectionShape
    createdAt: Moment


class AgentShape(TypedDict):
    """Who calls: an agent at the voice provider, with what it says and the number it calls from."""

    agentId: str
    name: str
    provider: str
    providerAgentId: Annotated[str, "The agent's id at the provider."]
    accountId: str
    templateId: str | None
    callerNumberId: str | None
    active: bool
    campaignIds: Annotated[list[str], "The campaigns that call with it, without archived ones."]
    createdAt: Moment


class CallerNumberShape(TypedDict):
    """A number that a provider account may call from."""

    numberId: str
    number: str
    label: str | None
    kind: Annotated[Literal["twilio", "sip"], "How the provider reaches the phone network."]
    providerNumberId: Annotated[str | None, "The number's id at the provider."]
    accountId: str
    dailyCap: Annotated[int | None, "The most calls from it in one day of the workspace's time zone; null: no limit."]
    active: bool
    createdAt: Moment


class TemplateShape(TypedDict):
    """What an agent is told before a call: the current text."""

    templateId: str
    name: str
    version: Annotated[int | None, "The number of the current version."]
    body: str | None
    firstMessage: Annotated[str | None, "What the agent says first; null: it waits until it is spoken to."]
    createdAt: Moment
    updatedAt: Annotated[Moment, "When the current version was saved."]


class TemplateVersionShape(TypedDict):
    """A text as it was saved; calls keep the version they used."""

    templateId: str
    version: int
    body: str
    firstMessage: str | None
    createdBy: Annotated[str | None, "Who saved it; null when it was no person."]
    createdAt: Moment


class VariableShape(TypedDict):
    """A name that templates may use: `{{name}}`."""

    name: str
    kind: Annotated[
        Literal["lead", "call", "declared", "custom_field"],
        "lead and call: LeadSail's own. custom_field: known since a lead came with it.",
    ]
    meaning: str | None
    default: Annotated[str | None, "What the agent gets where there is no value."]
    example: str | None


class CheckResultShape(TypedDict):
    name: str
    state: Literal["ok", "warn", "missing"]
    text: Annotated[str, "What was found, and what to do about it."]


class ProviderAccountShape(TypedDict):
    """A key at a voice provider. Its secrets never come back."""

    accountId: str
    name: str
    provider: str
    host: str
    callsPerSecond: Annotated[float, "New calls are started no faster than this."]
    concurrency: Annotated[int, "Calls at the same time; what does not fit waits."]
    active: bool
    blockedUntil: Annotated[
        Moment | None, "Until when nothing is dialed, as the provider failed several calls in a row."
    ]
    blockedWhy: Annotated[str | None, "What the provider answered."]
    webhookUrl: Annotated[str, "Give it to the provider: it reports calls there."]
    hasApiKey: bool
    hasWebhookSecret: bool
    checkState: Annotated[
        Literal["never", "waiting", "silent", "done"],
        "waiting: a check runs. silent: it has been waiting for a worker for half a minute.",
    ]
    checkedAt: Moment | None
    checkResults: list[CheckResultShape]
    createdAt: Moment


class ListedAgentShape(TypedDict):
    providerAgentId: str
    name: str | None


class ListedNumberShape(TypedDict):
    providerNumberId: str
    number: str | None
    kind: str | None
    label: str | None


class DirectoryShape(TypedDict):
    """What the provider listed at the account's last check: choose ids from it."""

    agents: list[ListedAgentShape]
    numbers: list[ListedNumberShape]


def campaign_json(campaign: Campaign, webhooks: CampaignWebhooksShape) -> CampaignShape:
    """Give the campaign with_calling(), with its endpoint and its steps."""
    window = campaign.duplicate_window_days
    return {
        "campaignId": campaign.code,
        "name": campaign.name,
        "active": campaign.status == Campaign.Status.ACTIVE,
        "status": campaign.status,  # type: ignore[typeddict-item]
        "isDefault": campaign.is_default,
        "clientId": campaign.client_id or None,
        "clientName": campaign.client_name or None,
        "clientAbbrev": campaign.client_abbrev or None,
        "offerId": campaign.offer_id or None,
        "offerName": campaign.offer_name or None,
        "offerAbbrev": campaign.offer_abbrev or None,
        "managerId": None,
        "webhooks": webhooks,
        "documents": [],
        "aiAgents": {"production": _id(campaign.production_agent), "test": _id(campaign.test_agent)},
        "templateId": _id(campaign.template),
        "callerNumberId": _id(campaign.caller_number),
        "hours": _hours(campaign.hours),
        "hoursZone": campaign.hours_zone or None,
        "holidays": holidays_json(campaign),
        "minGapMinutes": campaign.min_gap_minutes,
        "maxAttempts": campaign.max_attempts,
        "maxAttemptsPerDay": campaign.max_attempts_per_day,
        "autoDialer": auto_dialer_json(campaign),
        "firstSubmissionAction": first_action_json(campaign),
        "duplicateDetection": {"enabled": window is not None, "windowDays": window},
        "createdAt": as_moment(campaign.created_at),
    }


def _id(row: VoiceAgent | PromptTemplate | CallerNumber | None) -> str | None:
    return row.public_id if row else None


def _hours(stored: Any) -> HoursShape:
    """Hours that cannot be read are closed, as they are to the gate."""
    windows = stored if hours_or_closed(stored) != CLOSED else {}
    return cast(HoursShape, {day: windows.get(day, []) for day in DAYS})


def agent_json(agent: VoiceAgent, campaigns: Iterable[Campaign]) -> AgentShape:
    return {
        "agentId": agent.public_id,
        "name": agent.name,
        "provider": agent.account.provider,
        "providerAgentId": agent.provider_agent_id,
        "accountId": agent.account.public_id,
        "templateId": _id(agent.template),
        "callerNumberId": _id(agent.caller_number),
        "active": agent.is_active,
        "campaignIds": [campaign.code for campaign in campaigns],
        "createdAt": as_moment(agent.created_at),
    }


def number_json(number: CallerNumber) -> CallerNumberShape:
    return {
        "numberId": number.public_id,
        "number": number.e164,
        "label": number.label or None,
        "kind": number.kind,  # type: ignore[typeddict-item]
        "providerNumberId": number.provider_number_id or None,
        "accountId": number.account.public_id,
        "dailyCap": number.daily_cap,
        "active": number.is_active,
        "createdAt": as_moment(number.created_at),
    }


def template_json(template: PromptTemplate) -> TemplateShape:
    current = template.current
    return {
        "templateId": template.public_id,
        "name": template.name,
        "version": current.number if current else None,
        "body": current.body if current else None,
        "firstMessage": current.first_message or None if current else None,
        "createdAt": as_moment(template.created_at),
        "updatedAt": as_moment(current.created_at if current else template.created_at),
    }


def version_json(version: PromptVersion) -> TemplateVersionShape:
    return {
        "templateId": version.template.public_id,
        "version": version.number,
        "body": version.body,
        "firstMessage": version.first_message or None,
        "createdBy": str(version.created_by) if version.created_by else None,
        "createdAt": as_moment(version.created_at),
    }


def built_in_json(variable: Variable) -> VariableShape:
    return {
        "name": variable.name,
        "kind": "lead" if variable in LEAD_VARIABLES else "call",
        "meaning": variable.meaning,
        "default": variable.default or None,
        "example": variable.example or None,
    }


def variable_json(variable: PromptVariable) -> VariableShape:
    return {
        "name": variable.name,
        "kind": variable.kind,  # type: ignore[typeddict-item]
        "meaning": None,
        "default": variable.default or None,
        "example": variable.example or None,
    }


def provider_account_json(account: ProviderAccount, check_state: str) -> ProviderAccountShape:
    """Give a row of `accounts_of`, which knows of secrets only whether there are any."""
    facts: Any = account
    checked_at = clock.business_time(account.checked_at) if account.checked_at else None
    blocked = account.blocked_until if account.blocked_until and account.blocked_until > clock.real_now() else None
    return {
        "accountId": account.public_id,
        "name": account.name,
        "provider": account.provider,
        "host": account.host,
        "callsPerSecond": float(account.calls_per_second),
        "concurrency": account.concurrency,
        "active": account.is_active,
        "blockedUntil": iso(clock.business_time(blocked)) if blocked else None,
        "blockedWhy": account.blocked_why if blocked else None,
        "webhookUrl": account.webhook_url,
        "hasApiKey": facts.has_api_key,
        "hasWebhookSecret": facts.has_webhook_secret,
        "checkState": check_state,  # type: ignore[typeddict-item]
        "checkedAt": iso(checked_at),
        "checkResults": [
            {"name": result["name"], "state": result["state"], "text": result["text"]}
            for result in account.check_results
        ],
        "createdAt": as_moment(account.created_at),
    }


def directory_json(account: ProviderAccount) -> DirectoryShape:
    listed = account.directory
    return {
        "agents": [
            {"providerAgentId": str(row["id"]), "name": row.get("name") or None} for row in listed.get("agents", [])
        ],
        "numbers": [
            {
                "providerNumberId": str(row["id"]),
                "number": row.get("number") or None,
                "kind": row.get("kind") or None,
                "label": row.get("label") or None,
            }
            for row in listed.get("numbers", [])
        ],
    }
