from __future__ import annotations

from decimal import Decimal

from campaigns.models import HOST_CHOICES, Provider
from campaigns.serializers.fields import BIGGEST, Amount
from common.serializers import Choice, Flag, StrictSerializer, Text, Whole

LONGEST_SECRET = 500


def _secret(source: str, help_text: str) -> Text:
    return Text(source=source, required=False, write_only=True, max_length=LONGEST_SECRET, help_text=help_text)


class ProviderAccountFieldsSerializer(StrictSerializer):
    """What is left out stays as it is, secrets too."""

    name = Text(required=False, max_length=80)
    host = Choice(
        HOST_CHOICES,
        required=False,
        help_text="Keys, agents and numbers exist on one host only. `sandbox` is the one beside this installation: no "
        "phone rings.",
    )
    apiKey = _secret("api_key", "Stored encrypted; no answer has it. The sandbox needs none.")
    webhookSecret = _secret(
        "webhook_secret", "The provider shows it once, when the webhook is made: what it reports is believed by it."
    )
    callsPerSecond = Amount(
        source="calls_per_second",
        required=False,
        max_digits=5,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        help_text="New calls are started no faster than this.",
    )
    concurrency = Whole(
        required=False, min_value=1, max_value=BIGGEST, help_text="Calls at the same time; what does not fit waits."
    )
    active = Flag(source="is_active", required=False)


class NewProviderAccountSerializer(ProviderAccountFieldsSerializer):
    """A key at a voice provider."""

    name = Text(max_length=80)
    provider = Choice(Provider.choices, required=False)
    host = Choice(HOST_CHOICES)
