"""Who would stop calling if this were gone: asked before an agent or a number is changed or deactivated."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from campaigns.models import CallerNumber, Campaign, VoiceAgent


def campaigns_by_agent(agents: Sequence[VoiceAgent]) -> dict[int, list[Campaign]]:
    """The campaigns that call with them, for a whole page in one query."""
    found: dict[int, list[Campaign]] = {agent.pk: [] for agent in agents}
    for campaign in _not_archived().filter(Q(production_agent__in=agents) | Q(test_agent__in=agents)):
        for agent_id in {campaign.production_agent_id or 0, campaign.test_agent_id or 0} & found.keys():
            found[agent_id].append(campaign)
    return found


def callers_by_number(numbers: Sequence[CallerNumber]) -> dict[int, list[str]]:
    """The names of the agents and campaigns that have them as theirs, for a whole page in two queries."""
    found: dict[int, list[str]] = {number.pk: [] for number in numbers}
    agents = VoiceAgent.objects.filter(caller_number__in=numbers).order_by("name")
    for rows in (agents, _not_archived().filter(caller_number__in=numbers)):
        for number_id, name in rows.values_list("caller_number_id", "name"):
            found[number_id or 0].append(name)
    return found


def _not_archived() -> QuerySet[Campaign]:
    return Campaign.objects.exclude(status=Campaign.Status.ARCHIVED).order_by("name")
