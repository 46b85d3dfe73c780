"""What requests about webhooks may hold; the rules themselves are in webhooks.endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.base import PageQuery
from common.serializers import Choice, Flag, StrictSerializer, Text, Whole
from webhooks.endpoints import LONGEST_URL
from webhooks.events import EVENTS, TEST_EVENT
from webhooks.models import Delivery
from webhooks.shapes import MASK, TIMEOUT, TRIES

MOST_TRIES, LONGEST_TIMEOUT = 10, 120


class EndpointFields(StrictSerializer):
    description = Text(required=False, allow_blank=True, allow_null=True, max_length=120)
    headers = serializers.DictField(
        child=Text(allow_blank=True, trim_whitespace=False),
        required=False,
        help_text=f"Sent with every delivery; replaces the whole set. A value of `{MASK}` keeps the stored one.",
    )
    retryAttempts = Whole(
        required=False,
        min_value=1,
        max_value=MOST_TRIES,
        help_text=f"How often a delivery is tried before it counts as failed; {TRIES} unless said.",
    )
    timeoutSeconds = Whole(required=False, min_value=1, max_value=LONGEST_TIMEOUT, help_text=f"{TIMEOUT} unless said.")
    inheritFromTenant = Flag(
        required=False,
        help_text="Of a campaign's endpoint: events that it does not take go to the workspace's endpoints. "
        "With `enabled` false and this false, the campaign is silent.",
    )


def _url(**more: Any) -> Text:
    return Text(
        max_length=LONGEST_URL, help_text="http or https, without name and password; never a private address.", **more
    )


def _events(**more: Any) -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=40),
        max_length=len(EVENTS) * 2,
        help_text="What it is told; GET /webhook-events has the list.",
        **more,
    )


class CreateEndpoint(EndpointFields):
    campaignId = Text(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="For one campaign, whose word comes first; without it for all. Stays as it is.",
    )
    url = _url(required=False, allow_null=True, allow_blank=True)
    events = _events(required=False)
    enabled = Flag(required=False, default=True)


class UpdateEndpoint(EndpointFields):
    url = _url(required=False, allow_null=True, allow_blank=True)
    events = _events(required=False)
    enabled = Flag(
        required=False, help_text="false pauses it: it hears nothing. true switches it on, and what waited is sent."
    )


class ReplayFailed(StrictSerializer):
    since = serializers.DateTimeField(help_text="Deliveries that were made at this moment or later.")


class EndpointsQuery(PageQuery):
    campaignId = Text(required=False, max_length=40, help_text="Only the endpoint of this campaign.")


class DeliveriesQuery(PageQuery):
    state = Choice(Delivery.State.choices, required=False)
    event = Choice([(event, event) for event in (*EVENTS, TEST_EVENT)], required=False)
