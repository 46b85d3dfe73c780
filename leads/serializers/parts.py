"""What several requests about leads hold, and how it becomes columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from common import clock
from common.hours import validate_timezone
from common.serializers import MAX_OBJECT, Choice, FreeObject, Ignored, NullIsAbsent, StrictSerializer, Text
from leads.changes import KEY_LENGTH, OWN_FLAGS, Answer
from leads.models import TimezoneSource
from leads.shapes import ATTRIBUTION

PHONE = r"^[\d\s\-\(\)\.+]+$"
MAX_NOTES, NOTE_LENGTH = 50, 10_000
MAX_ANSWERS = 200
MAX_TAGS = 50
COLUMNS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "phone": "phone",
    "country": "country",
    "dateOfBirth": "date_of_birth",
    "timezone": "timezone",
    "timezoneSource": "timezone_source",
    "attribution": "attribution",
    "compliance": "compliance",
    "customFields": "custom_fields",
    "flags": "flags",
    "source": "source",
}


def lead_fields(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, as the lead's columns; the country beside the address wins over the one in it."""
    found = dict(asked.get("address", {}))
    return found | {column: asked[name] for name, column in COLUMNS.items() if name in asked}


class OptionalText(Text):
    """May be left out, empty or null, as our own answers say what is not known."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_blank": True, "allow_null": True, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(data) or ""


class Email(serializers.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data).lower()


class Pattern(serializers.RegexField):
    """A text of this form; no number is taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class PhoneText(Pattern):
    """Its country is known only beside it, so whether it can be a number is asked when the lead is made."""

    def __init__(self, **kwargs: Any) -> None:
        message = "Write the number in digits, with + - . ( ) and spaces at most, e.g. +1 415 555 0132."
        lengths = {"min_length": 10, "max_length": 40}
        super().__init__(PHONE, error_messages={"invalid": message}, **(lengths | kwargs))


class Country(Pattern):
    """In small letters too, as many forms send it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Za-z]{2}$", error_messages={"invalid": "Two letters, e.g. US."}, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).upper()

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(data) or ""


class Birthday(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            self.fail("invalid", format="YYYY-MM-DD")
        born = super().to_internal_value(value)
        if born > clock.now().astimezone(ZoneInfo(self.context["workspace"].timezone)).date():
            raise serializers.ValidationError("This day is still to come: nobody was born on it.")
        return born


class ZoneName(Text):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, validators=[validate_timezone], **kwargs)


class ZoneSource(Choice):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=TimezoneSource.choices, **kwargs)


class AddressSerializer(StrictSerializer):
    street = OptionalText(max_length=200)
    unit = OptionalText(max_length=50)
    city = OptionalText(max_length=120)
    state = OptionalText(max_length=60)
    zip = OptionalText(max_length=20)
    country = Country(required=False, allow_null=True, allow_blank=True)


class AttributionSerializer(NullIsAbsent):
    """Where the lead came from. A name that is not known is kept under `params`."""

    refuses_unknown_names = False

    params = FreeObject(required=False)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {name: OptionalText(max_length=2000) for name in ATTRIBUTION}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        params = data.get("params", {})
        others = {name: value for name, value in data.items() if name not in self.fields}
        if others and isinstance(params, dict):
            data = {**data, "params": {**others, **params}}
        found = super().to_internal_value(data)
        return {name: value for name, value in found.items() if value != ""}


class FlagsField(FreeObject):
    """Free, but what LeadSail itself goes by must be true or false."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        for name in OWN_FLAGS:
            if not isinstance(found.get(name, False), bool):
                raise serializers.ValidationError(f"{name} is true or false.")
        return found


@extend_schema_field(
    {
        "type": ["object", "array"],
        "maxItems": MAX_ANSWERS,
        "items": {
            "type": "object",
            "properties": {
                "key": {"type": "string", "maxLength": KEY_LENGTH},
                "question": {"type": "string", "maxLength": 500},
                "answer": {},
            },
            "anyOf": [{"required": ["key"]}, {"required": ["question"]}],
            "additionalProperties": False,
        },
    }
)
class QuestionnaireField(serializers.Field[Any, Any, Any, Any]):
    """`{key: answer}`, or a list that says each question in words."""

    def to_internal_value(self, data: Any) -> list[Answer]:
        if isinstance(data, dict):
            data = [{"key": key, "answer": answer} for key, answer in data.items()]
        if not isinstance(data, list):
            raise serializers.ValidationError("Send an object of keys and answers, or a list of key, question, answer.")
        if len(data) > MAX_ANSWERS or len(str(data)) > MAX_OBJECT:
            limits = f"{MAX_ANSWERS} answers and {MAX_OBJECT} characters"
            raise serializers.ValidationError(f"This questionnaire is larger than {limits}.")
        asked = AnswerSerializer(data=data, many=True)
        asked.is_valid(raise_exception=True)
        found: list[Answer] = asked.validated_data
        return found


class AnswerSerializer(StrictSerializer):
    key = OptionalText(max_length=KEY_LENGTH)
    question = OptionalText(max_length=500)
    answer = serializers.JSONField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> Answer:
        key, question = attrs.get("key", ""), attrs.get("question", "")
        if not key and not question:
            raise serializers.ValidationError("Say what is answered: send the key or the question.")
        return {"key": key, "question": question, "answer": attrs.get("answer")}


class SentNoteSerializer(NullIsAbsent):
    id = Text(required=False, max_length=20)
    text = Text(max_length=NOTE_LENGTH)
    createdAt = Ignored()
    createdBy = Ignored()


@extend_schema_field(
    {
        "type": ["string", "object"],
        "minLength": 1,
        "maxLength": NOTE_LENGTH,
        "properties": {
            "id": {"type": ["string", "null"], "maxLength": 20},
            "text": {"type": "string", "minLength": 1, "maxLength": NOTE_LENGTH},
            "createdAt": {"description": "Ignored, so that notes may be sent back."},
            "createdBy": {"description": "Ignored as well."},
        },
        "required": ["text"],
        "additionalProperties": False,
    }
)
class NoteField(serializers.Field[Any, Any, Any, Any]):
    """A text, or a note as the lead's own are."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, str):
            return {"text": Text(max_length=NOTE_LENGTH).run_validation(data)}
        note = SentNoteSerializer(data=data)
        note.is_valid(raise_exception=True)
        found: dict[str, Any] = note.validated_data
        return found


class NotesField(serializers.ListField):
    child = NoteField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_length": MAX_NOTES} | kwargs))
