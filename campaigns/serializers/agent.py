from __future__ import annotations

from campaigns.access import account_of, number_of, template_of
from campaigns.serializers.fields import IdOf
from common.serializers import Flag, StrictSerializer, Text


class AgentFieldsSerializer(StrictSerializer):
    """What is left out stays as it is."""

    name = Text(required=False, max_length=80)
    accountId = IdOf(account_of, source="account", required=False)
    providerAgentId = Text(
        source="provider_agent_id", required=False, max_length=80, help_text="The agent's id at the provider."
    )
    templateId = IdOf(
        template_of,
        source="template",
        required=False,
        allow_null=True,
        help_text="What it says, unless a campaign has a template of its own.",
    )
    callerNumberId = IdOf(
        number_of,
        source="caller_number",
        required=False,
        allow_null=True,
        help_text="Of the same provider account; a campaign may have its own instead.",
    )
    active = Flag(source="is_active", required=False)


class NewAgentSerializer(AgentFieldsSerializer):
    """An agent that the provider has."""

    name = Text(max_length=80)
    accountId = IdOf(account_of, source="account")
    providerAgentId = Text(source="provider_agent_id", max_length=80, help_text="The agent's id at the provider.")
