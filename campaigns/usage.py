"""Who would stop calling if this were gone: asked before an agent or a number is changed or deactivated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from campaigns.models import CallerNumber, Campaign, SequenceStep, VoiceAgent


def campaigns_by_agent(agents: Sequence[VoiceAgent]) -> dict[int, list[Campaign]]:
    """The campaigns that call with them, a step of their dialer included, for a whole page in two queries."""
    found: dict[int, list[Campaign]] = {agent.pk: [] for agent in agents}
    steps = SequenceStep.objects.filter(agent__in=agents).values_list("campaign", "agent")
    of_steps: dict[int, set[int]] = defaultdict(set)
    for campaign_id, agent_id in steps:
        of_steps[campaign_id].add(agent_id or 0)
    their_own = Q(production_agent__in=agents) | Q(test_agent__in=agents)
    for campaign in _not_archived().filter(their_own | Q(pk__in=of_steps)):
        calling = {campaign.production_agent_id or 0, campaign.test_agent_id or 0} | of_steps[campaign.pk]
        for agent_id in calling & found.keys():
            found[agent_id].append(campaign)
    return found


def callers_by_number(numbers: Sequence[CallerNumber]) -> dict[int, list[str]]:
    """The names of the agents and campaigns that have them as theirs, or in a step of their dialer, for a whole page in
    three queries."""
    found: dict[int, list[str]] = {number.pk: [] for number in numbers}
    agents = VoiceAgent.objects.filter(caller_number__in=numbers).order_by("name")
    steps = SequenceStep.objects.filter(caller_number__in=numbers).exclude(campaign__status=Campaign.Status.ARCHIVED)
    for rows in (
        agents.values_list("caller_number_id", "name"),
        _not_archived().filter(caller_number__in=numbers).values_list("caller_number_id", "name"),
        steps.order_by("campaign__name").values_list("caller_number_id", "campaign__name"),
    ):
        for number_id, name in rows:
            if name not in found[number_id or 0]:
                found[number_id or 0].append(name)
    return found


def campaigns_from(number: CallerNumber) -> QuerySet[Campaign]:
    """Those that may call from it: as their own, their agents' or that of a step."""
    agents = VoiceAgent.objects.filter(caller_number=number).values("pk")
    of_steps = SequenceStep.objects.filter(Q(caller_number=number) | Q(agent__in=agents)).values("campaign")
    by_agent = Q(production_agent__in=agents) | Q(test_agent__in=agents)
    return _not_archived().filter(Q(caller_number=number) | by_agent | Q(pk__in=of_steps))


def _not_archived() -> QuerySet[Campaign]:
    return Campaign.objects.exclude(status=Campaign.Status.ARCHIVED).order_by("name")
