from __future__ import annotations

from rest_framework import serializers

from accounts.api.base import PageQuery
from common.serializers import Choice, NullIsAbsent, StrictSerializer, Text
from leads.models import Channel
from leads.serializers.parts import OptionalText

MOST_ADDRESSES = 5_000
ANY_WRITING = "A number in any writing, or an e-mail for the channel `email`."
REASON_LENGTH = 200


class ListedQuery(PageQuery):
    channel = Choice(Channel.choices, required=False)
    address = Text(required=False, max_length=254, help_text=f"Exactly this one. {ANY_WRITING}")
    search = Text(required=False, max_length=254, help_text="Some digits of a number, or a part of an e-mail.")


class ListSerializer(NullIsAbsent):
    address = Text(max_length=254, help_text=ANY_WRITING)
    channel = Choice(Channel.choices, required=False, default=Channel.PHONE)
    reason = OptionalText(max_length=REASON_LENGTH, default="")


class ListManySerializer(NullIsAbsent):
    addresses = serializers.ListField(
        child=Text(max_length=1000, allow_blank=True), min_length=1, max_length=MOST_ADDRESSES
    )
    channel = Choice(Channel.choices, required=False, default=Channel.PHONE)
    reason = OptionalText(max_length=REASON_LENGTH, default="")


class BarLeadSerializer(StrictSerializer):
    channels = serializers.ListField(
        child=Choice(Channel.choices),
        min_length=1,
        max_length=len(Channel.choices),
        help_text="`phone` and `sms` list all numbers of the lead, `email` its e-mail.",
    )
    reason = OptionalText(max_length=REASON_LENGTH, default="")


class LiftQuery(StrictSerializer):
    reason = Text(max_length=REASON_LENGTH, help_text="Why it is taken off; kept in the audit trail.")
