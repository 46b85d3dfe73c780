from __future__ import annotations

from datetime import datetime

from rest_framework import serializers

from accounts.api.base import PageQuery
from accounts.forms.entrance import country_choices
from accounts.forms.keys import MAX_YEAR
from accounts.models import COUNTRY, Role
from accounts.people import one_line
from accounts.scopes import SCOPES
from common import clock
from common.hours import validate_timezone
from common.serializers import Choice, StrictSerializer, Text, Whole

COUNTRIES = frozenset(code for code, _ in country_choices())
MOST_REQUESTS = 100_000
REQUESTS_HELP = "Requests per minute; null: as many as the installation allows."


def known_country(code: str) -> None:
    if code not in COUNTRIES:
        raise serializers.ValidationError("There is no such country: write two capital letters, e.g. US.")


class Name(Text):
    def to_internal_value(self, data: object) -> str:
        return one_line(super().to_internal_value(data))


class KeySerializer(StrictSerializer):
    name = Name(max_length=80, help_text="What will use it, so that you know later what stops when you revoke it.")
    scopes = serializers.ListField(
        child=Choice(SCOPES),
        allow_empty=False,
        max_length=len(SCOPES),
        help_text="None that the key you use does not have.",
    )
    expiresAt = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="Null: never. Left out: when the key you use expires, which is also the latest.",
    )
    requestsPerMinute = Whole(
        required=False, allow_null=True, min_value=1, max_value=MOST_REQUESTS, help_text=REQUESTS_HELP
    )

    def validate_expiresAt(self, moment: datetime | None) -> datetime | None:
        if moment and moment <= clock.now():
            raise serializers.ValidationError("This moment is over: choose one to come, or null for never.")
        if moment and moment.year > MAX_YEAR:
            raise serializers.ValidationError(f"Choose a moment up to the year {MAX_YEAR}, or null for never.")
        return moment


class KeyPatchSerializer(StrictSerializer):
    name = Name(required=False, max_length=80)
    requestsPerMinute = Whole(
        required=False, allow_null=True, min_value=1, max_value=MOST_REQUESTS, help_text=REQUESTS_HELP
    )


class WorkspaceSerializer(StrictSerializer):
    name = Name(required=False, max_length=120)
    country = Text(
        required=False,
        max_length=2,
        validators=[COUNTRY, known_country],
        help_text="Numbers written without a country code are read as this country's.",
    )
    timezone = Text(
        required=False, max_length=64, validators=[validate_timezone], help_text="An IANA name: America/New_York."
    )


class MemberSerializer(StrictSerializer):
    role = Choice(Role.choices)


class InvitationSerializer(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    role = Choice(Role.choices, required=False, default=Role.MEMBER)


class AuditQuery(PageQuery):
    objectType = Text(required=False, max_length=40, help_text="E.g. `lead`, `campaign`, `member`, `api_key`.")
    objectId = Text(required=False, max_length=40)
    verb = Text(required=False, max_length=60, help_text="E.g. `calls.stopped`.")
    startDate = serializers.DateTimeField(required=False, help_text="From this moment on; a day is its midnight, UTC.")
    endDate = serializers.DateTimeField(required=False, help_text="Up to this moment, with it.")
