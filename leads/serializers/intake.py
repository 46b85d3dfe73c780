"""What a lead that comes in may hold."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns.access import campaign_of
from campaigns.serializers.fields import IdOf
from common.serializers import Choice, Flag, FreeObject, NullIsAbsent, Text
from leads.access import lead_of
from leads.models import Approval, TimezoneSource
from leads.serializers.parts import (
    MAX_TAGS,
    NOTE_LENGTH,
    AddressSerializer,
    AttributionSerializer,
    Birthday,
    Country,
    Email,
    FlagsField,
    NotesField,
    PhoneText,
    QuestionnaireField,
    ZoneName,
    ZoneSource,
)
from leads.services import TAG_LENGTH

NAME_LENGTH = 120
MAX_FILES = 20
CONTACT = ("firstName", "lastName", "email", "phone")


class IntakeSerializer(NullIsAbsent):
    campaignId = IdOf(campaign_of, help_text="The campaign's short code, e.g. HXZ.")
    country = Country(required=False, help_text="Also says how a phone number without a country code is read.")
    address = AddressSerializer(required=False)
    dateOfBirth = Birthday(required=False, help_text="YYYY-MM-DD")
    timezone = ZoneName(required=False, help_text="e.g. America/Chicago")
    questionnaire = QuestionnaireField(required=False)
    attribution = AttributionSerializer(required=False)
    compliance = FreeObject(required=False, help_text="What the lead agreed to, e.g. TCPA consent; kept as it comes.")
    customFields = FreeObject(required=False)
    isTest = Flag(required=False, default=False, help_text="A lead to try things with: never a duplicate.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("timezone"):
            attrs.setdefault("timezoneSource", TimezoneSource.USER_INPUT)
        return attrs


class CreateLeadSerializer(IntakeSerializer):
    firstName = Text(max_length=NAME_LENGTH)
    lastName = Text(max_length=NAME_LENGTH)
    email = Email()
    phone = PhoneText()
    timezoneSource = ZoneSource(required=False, help_text="How the time zone is known; without it, the lead said so.")
    flags = FlagsField(required=False, help_text="`isDnc: true` puts the number on the Do-Not-Call list.")
    notes = NotesField(required=False, help_text="Texts, or notes of another lead as they were read.")
    tags = serializers.ListField(child=Text(max_length=TAG_LENGTH), required=False, max_length=MAX_TAGS)
    source = Text(required=False, max_length=80, allow_blank=True)  # type: ignore[assignment]


class SubmitLeadSerializer(IntakeSerializer):
    leadId = IdOf(
        lead_of,
        required=False,
        help_text="A lead that comes again: what is sent joins what is known, and the contact fields may be left out. "
        "With `isTest` it must be a test lead.",
    )
    firstName = Text(required=False, max_length=NAME_LENGTH)
    lastName = Text(required=False, max_length=NAME_LENGTH)
    email = Email(required=False)
    phone = PhoneText(required=False)
    notes = Text(required=False, max_length=NOTE_LENGTH, allow_blank=True)
    files = serializers.ListField(
        child=FreeObject(), required=False, max_length=MAX_FILES, help_text="Kept with the submission as they come."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in CONTACT if name not in attrs]
        if missing and "leadId" not in attrs:
            message = "A new lead needs this field; only one that comes again with its leadId may leave it out."
            raise serializers.ValidationError({name: [message] for name in missing})
        return super().validate(attrs)


class ApproveSerializer(NullIsAbsent):
    status = Choice(choices=Approval.choices)
    reason = Text(required=False, default="", max_length=500, allow_blank=True)
