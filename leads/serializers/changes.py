"""What may be changed of a lead, one by one or of many at once."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User, Workspace
from campaigns.access import campaign_of
from campaigns.models import Campaign
from common.errors import ProblemError, UnknownIdError
from common.serializers import Choice, Flag, FreeObject, Ignored, NullIsAbsent, StrictSerializer, Text, Whole
from leads.changes import KEY_LENGTH, MOST_ANSWERS, MOST_CHARACTERS, OWN_FLAGS, Answer, LeadChanges
from leads.models import Approval, LeadStatus, TimezoneSource
from leads.serializers.parts import (
    AddressSerializer,
    AttributionSerializer,
    Birthday,
    Country,
    Email,
    NotesField,
    OptionalText,
    PhoneText,
    ZoneName,
    ZoneSource,
    lead_fields,
)
from leads.services import TAG_LENGTH
from leads.shapes import CampaignBriefShape

MOST_LEADS = 1000
MOST_NUMBERS, LABEL_LENGTH = 20, 40
# As many as a lead may have come to have: all that was read may be sent back.
MOST_NOTES = MOST_TAGS = 1000
SHORTEST_NUMBER = 5
MERGED = {
    "customFields": "custom_fields",
    "attribution": "attribution",
    "compliance": "compliance",
    "flags": "flags",
}
OF_THE_LEAD = {
    "clientLeadId": "client_lead_id",
    "detail": "detail",
    "repostedTo": "reposted_to",
    "latestSubmittedAt": "latest_submitted_at",
    "lastActivityAt": "last_activity_at",
    "deliveredAt": "delivered_at",
    "submissionCount": "submission_count",
}
CODE, BRIEF = "campaignId", tuple(CampaignBriefShape.__annotations__)
# Empty in the database, null in JSON.
TEXTS = ("first_name", "last_name", "email", "phone", "country", "timezone", "timezone_source")
ONES_OWN = ("firstName", "lastName", "email", "phone", "phones", "dateOfBirth", "clientLeadId")


class AnswerChangeSerializer(StrictSerializer):
    key = OptionalText(max_length=KEY_LENGTH)
    question = OptionalText(max_length=500)
    answer = serializers.JSONField(allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> Answer:
        key, question = attrs.get("key", ""), attrs.get("question", "")
        if not key and not question:
            raise serializers.ValidationError("Say what is answered: send the key or the question.")
        return {"key": key, "question": question, "answer": attrs["answer"]}


class AttributionChangeSerializer(AttributionSerializer):
    """null takes a name away."""

    params = FreeObject(required=False, allow_null=True, most=MOST_CHARACTERS)

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        taken = {name: None for name in self.fields if name in data and data[name] in (None, "")}
        # Read back, params are there also where the lead has none.
        return {name: value for name, value in found.items() if value not in (None, {})} | taken


class ApprovalChangeSerializer(StrictSerializer):
    status = Choice(Approval.choices, help_text="`pending` asks for an approval; the one that stands changes nothing.")
    reason = OptionalText(max_length=500)
    campaignId = Ignored()
    priority = Ignored()
    askedAt = Ignored()
    decidedBy = Ignored()
    decidedAt = Ignored()


class FurtherNumberSerializer(StrictSerializer):
    number = PhoneText(min_length=SHORTEST_NUMBER)
    label = OptionalText(max_length=LABEL_LENGTH)  # type: ignore[assignment]


@extend_schema_field(
    {
        "type": ["string", "object"],
        "properties": {name: {"type": "string"} if name == CODE else {} for name in BRIEF},
        "required": [CODE],
        "additionalProperties": False,
    }
)
class CampaignField(serializers.Field[Any, Any, Any, Any]):
    """Its code, or as a lead that was read names it."""

    def to_internal_value(self, data: Any) -> Campaign:
        code = data.get(CODE) if isinstance(data, dict) and data.keys() <= set(BRIEF) else data
        if not isinstance(code, str) or len(code) > 40:
            raise serializers.ValidationError('Send the campaign\'s code: "HXZ" or {"campaignId": "HXZ"}.')
        try:
            return campaign_of(self.context["workspace"], code)
        except UnknownIdError as unknown:
            unknown.field = str(self.field_name)
            raise


class LeadChangesSerializer(NullIsAbsent):
    """What is left out stays as it is. null empties what can be empty; elsewhere it is as if the name were left out. A
    lead may be sent back as it was read: then nothing changes."""

    firstName = Text(required=False, allow_null=True, max_length=120)
    lastName = Text(required=False, allow_null=True, max_length=120)
    email = Email(required=False, allow_null=True, allow_blank=True)
    phone = PhoneText(
        required=False, allow_null=True, min_length=SHORTEST_NUMBER, help_text="Read in the lead's country."
    )
    country = Country(required=False, allow_null=True)
    address = AddressSerializer(required=False, help_text="Only the names that are given change.")
    dateOfBirth = Birthday(required=False, allow_null=True)
    timezone = ZoneName(required=False, allow_null=True)
    timezoneSource = ZoneSource(
        required=False, allow_null=True, help_text="Without it a time zone counts as given by a person: `user_input`."
    )
    questionnaire = serializers.ListField(
        child=AnswerChangeSerializer(),
        required=False,
        max_length=MOST_ANSWERS,
        help_text="Merged by key, without a key by question.",
    )
    deleteQuestionnaireKeys = serializers.ListField(
        child=Text(max_length=KEY_LENGTH),
        required=False,
        max_length=MOST_ANSWERS,
        help_text="Taken away before the answers of `questionnaire` are merged in.",
    )
    notes = NotesField(
        required=False,
        max_length=MOST_NOTES,
        help_text="A text or a note without an id is added, one with an id gets this text; the others stay.",
    )
    customFields = FreeObject(required=False, most=MOST_CHARACTERS, help_text="Merged; null takes a field away.")
    attribution = AttributionChangeSerializer(required=False, help_text="Merged; null takes a name away.")
    compliance = FreeObject(required=False, most=MOST_CHARACTERS, help_text="Merged; null takes a name away.")
    flags = FreeObject(
        required=False,
        most=MOST_CHARACTERS,
        help_text="Merged; `isDnc` and `isTest` cannot be set here, only sent back as they stand.",
    )
    status = Choice(
        LeadStatus.choices,
        required=False,
        help_text="`dnc` puts the lead's numbers on the Do-Not-Call list. Another status empties `detail`, unless it "
        "comes with one.",
    )
    detail = OptionalText(max_length=500, help_text="Of the status; written into its history too.")
    approval = ApprovalChangeSerializer(required=False)
    campaign = CampaignField(required=False)
    tags = serializers.ListField(
        child=Text(max_length=TAG_LENGTH), required=False, max_length=MOST_TAGS, help_text="Exactly these."
    )
    clientLeadId = OptionalText(max_length=120)
    repostedTo = serializers.ListField(child=Text(max_length=120), required=False, max_length=100)
    latestSubmittedAt = serializers.DateTimeField(required=False, allow_null=True)
    lastActivityAt = serializers.DateTimeField(required=False, allow_null=True)
    deliveredAt = serializers.DateTimeField(required=False, allow_null=True)
    submissionCount = Whole(required=False, min_value=0, max_value=2**31 - 1)
    phones = serializers.ListField(
        child=FurtherNumberSerializer(),
        required=False,
        max_length=MOST_NUMBERS,
        help_text="Exactly these beside `phone`.",
    )
    owner = Email(required=False, allow_null=True, help_text="The e-mail of a member; null for nobody.")
    source = OptionalText(max_length=80)  # type: ignore[assignment]
    isTest = Flag(required=False, help_text="Only as it is: a lead is a test lead from the start.")
    leadId = Ignored()
    lastCallAt = Ignored()
    lastOutcome = Ignored()
    callbackAt = Ignored()
    createdAt = Ignored()
    updatedAt = Ignored()

    def validate(self, attrs: dict[str, Any]) -> LeadChanges:
        workspace: Workspace = self.context["workspace"]
        flags = attrs.get("flags", {})
        own = {name: flags.pop(name) for name in OWN_FLAGS if name in flags}
        if "isTest" in attrs:
            own["isTest"] = attrs["isTest"]
        changes: LeadChanges = {"columns": _columns(attrs), "own_flags": own}
        changes["merged"] = {column: attrs[name] for name, column in MERGED.items() if name in attrs}
        if "questionnaire" in attrs:
            changes["answers"] = attrs["questionnaire"]
        if "deleteQuestionnaireKeys" in attrs:
            changes["forgotten_keys"] = attrs["deleteQuestionnaireKeys"]
        if "phones" in attrs:
            changes["further_numbers"] = {row["number"]: row.get("label", "") for row in attrs["phones"]}
        if "campaign" in attrs:
            changes["campaign"] = attrs["campaign"]
        if "owner" in attrs:
            changes["owner"] = _member(workspace, attrs["owner"])
        if "approval" in attrs:
            changes["approval"] = attrs["approval"]["status"]
            changes["approval_reason"] = attrs["approval"].get("reason", "")
        for name in ("tags", "status"):
            if name in attrs:
                changes[name] = attrs[name]
        changes["notes"] = [(row.get("id"), row["text"]) for row in attrs.get("notes", ())]
        return changes


def _columns(asked: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in asked.items() if name not in (*MERGED, "questionnaire")}
    found = lead_fields(plain) | {column: asked[name] for name, column in OF_THE_LEAD.items() if name in asked}
    if "timezone" in found and "timezone_source" not in found:
        found["timezone_source"] = TimezoneSource.USER_INPUT if found["timezone"] else None
    return {name: "" if value is None and name in TEXTS else value for name, value in found.items()}


def _member(workspace: Workspace, email: str | None) -> User | None:
    if not email:
        return None
    # Who has left the workspace may still be a lead's owner, and be sent back as it.
    known = Q(memberships__workspace=workspace) | Q(leads__workspace=workspace)
    found = User.objects.filter(known, email__iexact=email).first()
    if found is None:
        message = f"{email} is not a member of this workspace: invite them first."
        raise ProblemError("NOT_A_MEMBER", message, details=[f"owner: {message}"])
    return found


class ManyLeadsChangesSerializer(LeadChangesSerializer):
    """As for one lead, without what is one person's own."""

    firstName = lastName = email = phone = phones = dateOfBirth = clientLeadId = None  # type: ignore[assignment]
    leadId = lastCallAt = lastOutcome = callbackAt = createdAt = updatedAt = None  # type: ignore[assignment]

    def to_internal_value(self, data: Any) -> Any:
        own = [name for name in ONES_OWN if isinstance(data, dict) and name in data]
        if own:
            message = "This is one person's own: change it with PATCH /leads/{leadId}."
            raise serializers.ValidationError({name: [message] for name in own})
        return super().to_internal_value(data)

    def validate_notes(self, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any("id" in note for note in notes):
            raise serializers.ValidationError("A note is of one lead: leave the id out to add the note to each lead.")
        if len(notes) > 1:
            raise serializers.ValidationError("Each of the leads gets one note at a time: send the next one after it.")
        return notes

    def validate(self, attrs: dict[str, Any]) -> LeadChanges:
        if not attrs:
            raise serializers.ValidationError("Send at least one field that is to change.")
        return super().validate(attrs)


class BulkSerializer(StrictSerializer):
    leadIds = serializers.ListField(child=Text(max_length=40), min_length=1, max_length=MOST_LEADS)
    updates = ManyLeadsChangesSerializer(help_text="As for one lead, without what is one person's own.")

    def validate_leadIds(self, ids: list[str]) -> list[str]:
        return list(dict.fromkeys(ids))
