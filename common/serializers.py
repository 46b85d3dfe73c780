"""What a request may hold: nothing unknown, and no value of another type that merely looks like the wanted one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_OBJECT = 32_768
SHOWN_NAMES, SHOWN_LETTERS = 20, 80
# In place of the framework's own, which name types of a programming language.
SENTENCES: dict[type[serializers.Field[Any, Any, Any, Any]], dict[str, str]] = {
    serializers.Field: {"null": "null is not allowed here."},
    serializers.CharField: {"invalid": "Send a text.", "blank": "This text is empty: write something."},
    serializers.BooleanField: {"invalid": "Send true or false."},
    serializers.IntegerField: {"invalid": "Send a whole number.", "max_string_length": "Send a smaller number."},
    serializers.FloatField: {"invalid": "Send a number."},
    serializers.DecimalField: {"invalid": "Send a number."},
    serializers.ListField: {"not_a_list": "Send a list.", "empty": "Send at least one."},
    serializers.DictField: {"not_a_dict": "Send a JSON object."},
    serializers.DateTimeField: {
        "invalid": "Send a moment like 2026-11-20T15:04:05Z.",
        "date": "Send a moment like 2026-11-20T15:04:05Z.",
        "make_aware": "In this time zone there is no such moment: send it in UTC, like 2026-11-20T15:04:05Z.",
        "overflow": "There is no such moment: send one like 2026-11-20T15:04:05Z.",
    },
    serializers.DateField: {
        "invalid": "Send a day like 2026-11-20.",
        "datetime": "Send a day like 2026-11-20, without a time.",
    },
}


def no_object(data: Any) -> str:
    kinds = {str: "a text", list: "a list", bool: "true or false", type(None): "null"}
    return f"Send a JSON object, not {kinds.get(type(data), 'a number')}."


class StrictSerializer(serializers.Serializer[Any]):
    """Unknown names are refused: a misspelt `isTest` must not become a real call."""

    refuses_unknown_names = True

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            _speak_plainly(field)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError({"non_field_errors": [no_object(data)]})
        if self.refuses_unknown_names:
            self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: dict[str, Any]) -> None:
        known = [name for name, field in self.fields.items() if not field.read_only]
        if unknown := [name for name in data if name not in self.fields]:
            told = {name[:SHOWN_LETTERS]: _no_such(name, known) for name in unknown[:SHOWN_NAMES]}
            told[list(told)[-1]] += f" Known are: {', '.join(known)}."
            raise serializers.ValidationError(dict(told))


def _no_such(name: str, known: list[str]) -> str:
    written = {word.lower(): word for word in known}
    meant = get_close_matches(name[:SHOWN_LETTERS].lower(), written, n=1)
    return f"There is no such field. Did you mean {written[meant[0]]}?" if meant else "There is no such field."


def _speak_plainly(field: Any) -> None:
    """A sentence that the field was given itself stays."""
    for kind, sentences in SENTENCES.items():
        if isinstance(field, kind):
            stock = kind.default_error_messages
            said = {code: words for code, words in sentences.items() if field.error_messages.get(code) == stock[code]}
            field.error_messages.update(said)
    if child := getattr(field, "child", None):
        _speak_plainly(child)


class NullIsAbsent(StrictSerializer):
    """null counts as not given, unless a field says of itself what null means: many programs send every name that they
    know."""

    @property
    def _optional(self) -> set[str]:
        fields = self._declared_fields.items()
        return {name for name, field in fields if not (field.required or field.allow_null)}

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name in self._optional:
            fields[name].allow_null = True
            fields[name].help_text = f"{fields[name].help_text or ''} null: as if it were left out.".strip()
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            optional = self._optional
            data = {name: value for name, value in data.items() if value is not None or name not in optional}
        return super().to_internal_value(data)


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of some words; whoever sends another is told which there are."""

    def to_internal_value(self, data: Any) -> Any:
        known = ", ".join(str(value) for value in self.choices)
        if not isinstance(data, str):
            raise serializers.ValidationError(f"Send one of these: {known}.")
        if data not in self.choices:
            raise serializers.ValidationError(f"“{data[:SHOWN_LETTERS]}” is none of: {known}.")
        return super().to_internal_value(data)


class FreeObject(serializers.DictField):
    """Any JSON object of reasonable size; the parser has seen to what is in it."""

    def __init__(self, *, most: int = MAX_OBJECT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        if len(str(found)) > self.most:
            raise serializers.ValidationError(f"This object is larger than {self.most} characters.")
        return found


@extend_schema_field({})
class Ignored(serializers.Field[Any, Any, Any, Any]):
    """What our own answers say and nobody sets: it may be sent back, and nothing comes of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, help_text="Ignored, so that answers may be sent back.", **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        raise serializers.SkipField


class CommaList(serializers.CharField):
    """`a,b,c` in an address."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Taken apart last, so that the length and the characters of the text are checked."""
        found = super().run_validation(data)
        return [part.strip() for part in found.split(",") if part.strip()] if isinstance(found, str) else found
