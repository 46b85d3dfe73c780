from __future__ import annotations

from campaigns.serializers.fields import OptionalText
from common.serializers import StrictSerializer, Text


class VariableFieldsSerializer(StrictSerializer):
    """What is left out stays as it is. The name stays: prompts say it."""

    default = OptionalText(max_length=500, help_text="What the agent gets where a lead has no value.")
    example = OptionalText(max_length=500, help_text="Shown to people who write prompts; never said on a call.")


class NewVariableSerializer(VariableFieldsSerializer):
    """A name that templates may use from now on."""

    name = Text(max_length=63, help_text="Small letters, digits and underscores, beginning with a letter.")
