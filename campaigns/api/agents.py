from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import PageQuery
from campaigns.access import agent_of
from campaigns.api import examples
from campaigns.api.base import CampaignsView
from campaigns.models import VoiceAgent
from campaigns.serializers.agent import AgentFieldsSerializer, NewAgentSerializer
from campaigns.services import create_agent, update_agent
from campaigns.shapes import AgentShape, agent_json
from campaigns.usage import campaigns_by_agent
from common.operations import operation

TAG = "Voice agents"


class AgentListShape(TypedDict):
    agents: list[AgentShape]
    nextCursor: str | None
    hasMore: bool


class AgentView(CampaignsView):
    def answer_agent(self, public_id: str) -> Response:
        """As it is stored now."""
        agent = agent_of(self.workspace, public_id)
        return self.answer(agent_json(agent, campaigns_by_agent([agent])[agent.pk]))


class Agents(AgentView):
    @operation(
        "listAgents",
        "List voice agents",
        tag=TAG,
        scope="agents:read",
        query=PageQuery,
        data=AgentListShape,
        example={"agents": [examples.AGENT], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = VoiceAgent.objects.filter(workspace=self.workspace)
        page = self.page(known.select_related("account", "template", "caller_number"), known=known)
        used = campaigns_by_agent(page.rows)
        found: AgentListShape = {
            "agents": [agent_json(agent, used[agent.pk]) for agent in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createAgent",
        "Add a voice agent",
        tag=TAG,
        scope="agents:write",
        description="The agent itself is made at the provider; here it gets its prompt and the number it calls from.",
        body=NewAgentSerializer,
        data=AgentShape,
        idempotent=True,
        body_example=examples.NEW_AGENT,
        example=examples.AGENT | {"campaignIds": []},
    )
    def post(self, request: Request) -> Response:
        agent = create_agent(workspace=self.workspace, by=self.actor, **self.body())
        return self.answer_agent(agent.public_id)


class AgentDetail(AgentView):
    @operation("getAgent", "Get a voice agent", tag=TAG, scope="agents:read", data=AgentShape, example=examples.AGENT)
    def get(self, request: Request, agent_id: str) -> Response:
        return self.answer_agent(agent_id)

    @operation(
        "updateAgent",
        "Change a voice agent",
        tag=TAG,
        scope="agents:write",
        description="Calls that are under way keep what they began with.",
        body=AgentFieldsSerializer,
        data=AgentShape,
        body_example={"templateId": "tmpl_abc123", "active": True},
        example=examples.AGENT,
    )
    def patch(self, request: Request, agent_id: str) -> Response:
        update_agent(agent=agent_of(self.workspace, agent_id), by=self.actor, **self.body())
        return self.answer_agent(agent_id)
