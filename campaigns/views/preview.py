"""A prompt that is being written, as a call to a certain lead would have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Workspace
from calls.gate.facts import make_plan
from calls.models import Interaction
from calls.prompting import values_for
from campaigns.models import Campaign
from campaigns.prompts import Piece, fill
from campaigns.queries import variable_defaults, variable_groups
from leads.access import lead_of
from leads.models import Lead
from leads.search import LeadFilter

LEADS_OFFERED = 20
EXAMPLES = "examples"


@dataclass(frozen=True, kw_only=True)
class Filled:
    lead: Lead | None
    """None: filled with example values."""
    first_message: list[Piece]
    body: list[Piece]

    def named(self, source: str) -> dict[str, str]:
        return {piece.name: piece.text for piece in self.first_message + self.body if piece.source == source}

    @property
    def from_default(self) -> dict[str, str]:
        return self.named("default")

    @property
    def empty(self) -> dict[str, str]:
        return self.named("empty")


@dataclass(frozen=True, kw_only=True)
class Preview(Filled):
    """With the leads that may be chosen instead."""

    leads: list[Lead]
    find: str


def fill_for(
    workspace: Workspace, lead: Lead | None, *, body: str, first_message: str, campaign: Campaign | None = None
) -> Filled:
    values = _values_of(lead, campaign) if lead else _examples(workspace)
    defaults = variable_defaults(workspace)
    return Filled(lead=lead, first_message=fill(first_message, values, defaults), body=fill(body, values, defaults))


def preview_of(workspace: Workspace, asked: Mapping[str, str], *, body: str, first_message: str) -> Preview:
    """`asked` may have `find` (words to look for) and `lead` (an id, or that examples are wanted)."""
    find = asked.get("find", "").strip()
    leads = list(LeadFilter(text=find).apply(workspace).order_by("-id")[:LEADS_OFFERED])
    lead = _choose(workspace, leads, asked.get("lead", ""), find)
    if lead and lead not in leads:
        leads.insert(0, lead)
    filled = fill_for(workspace, lead, body=body, first_message=first_message)
    return Preview(lead=lead, leads=leads, find=find, first_message=filled.first_message, body=filled.body)


def _choose(workspace: Workspace, leads: list[Lead], wanted: str, find: str) -> Lead | None:
    """The one that was chosen; the first one found once other words were looked for."""
    if wanted == EXAMPLES:
        return None
    offered = next((lead for lead in leads if lead.public_id == wanted), None)
    if offered or find or not wanted:
        return offered or next(iter(leads), None)
    return lead_of(workspace, wanted)


def _values_of(lead: Lead, campaign: Campaign | None = None) -> dict[str, str]:
    campaign = campaign or Campaign.objects.with_calling().get(pk=lead.campaign_id)
    plan = make_plan(lead=lead, campaign=campaign)
    return values_for(plan, direction=Interaction.Direction.OUTBOUND)


def _examples(workspace: Workspace) -> dict[str, str]:
    return {variable.name: variable.example for group in variable_groups(workspace) for variable in group.variables}
