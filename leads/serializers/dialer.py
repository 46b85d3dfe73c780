"""Leads sent to the auto-dialer and taken out of it."""

from __future__ import annotations

from rest_framework import serializers

from common.serializers import StrictSerializer, Text

MOST_SENT = 200


class SendToDialerSerializer(StrictSerializer):
    """Whom the auto-dialer is to call."""

    leadIds = serializers.ListField(
        child=Text(max_length=40),
        min_length=1,
        max_length=MOST_SENT,
        help_text="1 to 200; one that stands twice is sent once.",
    )

    def validate_leadIds(self, ids: list[str]) -> list[str]:
        return list(dict.fromkeys(ids))


class TakeOutQuery(StrictSerializer):
    reason = Text(required=False, allow_blank=True, max_length=200, help_text="Why; people read it beside the lead.")
