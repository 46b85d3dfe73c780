from __future__ import annotations

from campaigns.access import account_of
from campaigns.models import CallerNumber
from campaigns.serializers.fields import IdOf, Limit, OptionalText
from common.serializers import Choice, Flag, StrictSerializer, Text

MOST_A_DAY = 100_000
ANY_WRITING = "In any writing; with the country code when it is not of the workspace's country."


class CallerNumberFieldsSerializer(StrictSerializer):
    """What is left out stays as it is."""

    number = Text(source="e164", required=False, max_length=40, help_text=ANY_WRITING)
    label = OptionalText(max_length=80, help_text="How people call it.")  # type: ignore[assignment]
    kind = Choice(CallerNumber.Kind.choices, required=False, help_text="How the provider reaches the phone network.")
    providerNumberId = Text(
        source="provider_number_id", required=False, max_length=80, help_text="The number's id at the provider."
    )
    accountId = IdOf(account_of, source="account", required=False)
    dailyCap = Limit(
        source="daily_cap",
        required=False,
        allow_null=True,
        max_value=MOST_A_DAY,
        help_text="The most calls from it in one day of the workspace's time zone; null: no limit.",
    )
    active = Flag(source="is_active", required=False)


class NewCallerNumberSerializer(CallerNumberFieldsSerializer):
    """A number that the provider has."""

    number = Text(source="e164", max_length=40, help_text=ANY_WRITING)
    providerNumberId = Text(source="provider_number_id", max_length=80, help_text="The number's id at the provider.")
    accountId = IdOf(account_of, source="account")
