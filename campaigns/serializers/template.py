from __future__ import annotations

from campaigns.access import campaign_of
from campaigns.forms.prompt import LONGEST_BODY, LONGEST_FIRST_MESSAGE
from campaigns.serializers.fields import BIGGEST, IdOf, OptionalText
from common.serializers import StrictSerializer, Text, Whole
from leads.access import lead_of

VARIABLES = 'Variables are `{{name}}` or `{{name|default:"text"}}`; one that does not exist is refused.'


class TemplateFieldsSerializer(StrictSerializer):
    """What is left out stays as it is; a changed text becomes a new version."""

    name = Text(required=False, max_length=80)
    body = Text(
        required=False,
        trim_whitespace=False,
        max_length=LONGEST_BODY,
        help_text=f"What the agent should do. {VARIABLES}",
    )
    firstMessage = OptionalText(
        source="first_message",
        trim_whitespace=False,
        max_length=LONGEST_FIRST_MESSAGE,
        help_text="What the agent says first; null: it waits until the person has spoken.",
    )


class NewTemplateSerializer(TemplateFieldsSerializer):
    """The first version of a text."""

    name = Text(max_length=80)
    body = Text(trim_whitespace=False, max_length=LONGEST_BODY, help_text=f"What the agent should do. {VARIABLES}")


class RestoreSerializer(StrictSerializer):
    """Which text comes back."""

    version = Whole(min_value=1, max_value=BIGGEST, help_text="The number of the version that comes back.")


class PreviewSerializer(StrictSerializer):
    """A text that need not be saved."""

    body = Text(allow_blank=True, trim_whitespace=False, max_length=LONGEST_BODY)
    firstMessage = OptionalText(source="first_message", trim_whitespace=False, max_length=LONGEST_FIRST_MESSAGE)
    leadId = IdOf(
        lead_of,
        source="lead",
        required=False,
        allow_null=True,
        help_text="Filled with this lead's values, for which the key needs leads:read; null: with the examples.",
    )
    campaignId = IdOf(
        campaign_of, source="campaign", required=False, allow_null=True, help_text="Instead of the lead's campaign."
    )
