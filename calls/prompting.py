"""The values a prompt is rendered with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from calls.gate.facts import Plan, read_facts
from calls.gate.rules import Facts
from campaigns import prompts
from campaigns.models import Campaign
from campaigns.queries import variable_defaults
from common import clock
from leads.zones import candidate_zones


@dataclass(frozen=True)
class RenderedPrompt:
    prompt: str
    first_message: str
    variables: dict[str, str]


def render_prompt(
    plan: Plan, *, direction: str, additional_instructions: str = "", facts: Facts | None = None
) -> RenderedPrompt:
    """The template with this lead's values; the instructions of this call stand literally at the end."""
    defaults = variable_defaults(plan.lead.workspace_id)
    values = values_for(plan, direction=direction, defaults=defaults, facts=facts)
    version = plan.prompt_version
    body = prompts.render(version.body, values, defaults) + _on_voicemail(values) if version else ""
    if additional_instructions.strip():
        body += "\n\nInstructions for this call:\n" + prompts.defuse(additional_instructions.strip())
    first_message = prompts.render(version.first_message, values, defaults) if version else ""
    # Every name goes along, with its default: a variable the agent uses and does not get ends the call at once.
    variables = {name: prompts.defuse(values.get(name) or default) for name, default in defaults.items()}
    return RenderedPrompt(prompt=body, first_message=first_message, variables=variables)


def values_for(
    plan: Plan, *, direction: str, defaults: Mapping[str, str] | None = None, facts: Facts | None = None
) -> dict[str, str]:
    """`defaults` of the workspace's variables and the gate's facts are read where they are not given."""
    values = _lead_values(plan) | _system_values(plan, direction, facts or read_facts(plan))
    return values | _voicemail_values(plan.campaign, values, defaults)


def _voicemail_values(
    campaign: Campaign, values: Mapping[str, str], defaults: Mapping[str, str] | None
) -> dict[str, str]:
    """A message of which nothing is left once it is filled in is none."""
    message = ""
    if campaign.voicemail_action == Campaign.Voicemail.LEAVE_MESSAGE:
        known = variable_defaults(campaign.workspace_id) if defaults is None else defaults
        message = prompts.render(campaign.voicemail_message, values, known).strip()
    action = Campaign.Voicemail.LEAVE_MESSAGE if message else Campaign.Voicemail.HANG_UP
    return {"voicemail_action": action.value, "voicemail_message": message}


def _on_voicemail(values: Mapping[str, str]) -> str:
    """Many agents are told by the same template what the call is for: this is the campaign's, and stands after it."""
    act = "hang up at once and say nothing."
    if message := prompts.defuse(values["voicemail_message"]):
        act = f"wait for its tone, say exactly this once, and hang up:\n{message}"
    return f"\n\nIf an answering machine or a voicemail greeting answers: {act}"


def _lead_values(plan: Plan) -> dict[str, str]:
    lead = plan.lead
    custom = {name: str(value) for name, value in lead.custom_fields.items() if value is not None}
    return custom | {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "full_name": lead.full_name,
        "email": lead.email,
        "phone": plan.number,
        "street": lead.street,
        "city": lead.city,
        "state": lead.state,
        "zip": lead.zip,
        "country": lead.country,
        "timezone": _zone(plan),
        "lead_status": lead.status,
        "lead_source": lead.source,
    }


def _system_values(plan: Plan, direction: str, facts: Facts) -> dict[str, str]:
    local = clock.now().astimezone(ZoneInfo(_zone(plan)))
    return {
        "call_direction": direction,
        "contact_type": facts.contact_type,
        "campaign_name": plan.campaign.name,
        "agent_name": plan.agent.name if plan.agent else "",
        "workspace_name": plan.lead.workspace.name,
        "caller_number": plan.caller_number.e164 if plan.caller_number else "",
        "attempt_number": str(facts.attempts + 1),
        "current_date": f"{local:%Y-%m-%d}",
        "current_time": f"{local:%H:%M}",
        "current_weekday": f"{local:%A}",
    }


def _zone(plan: Plan) -> str:
    zones = candidate_zones(plan.lead, plan.number) if plan.number else ()
    return zones[0] if zones else "UTC"
