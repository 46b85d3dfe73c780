"""What a request may hold: nothing unknown, and no value of another type that merely looks like the wanted one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

MAX_OBJECT = 32_768


class StrictSerializer(serializers.Serializer[Any]):
    """Unknown names are refused: a misspelt `isTest` must not become a real call."""

    refuses_unknown_names = True

    default_error_messages = {"invalid": "Send a JSON object, not a {datatype}."}  # noqa: RUF012

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [name for name in data if name not in self.fields]):
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {str(name)[:80]: [f"There is no such field. Known are: {known}."] for name in unknown[:20]}
            )
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


class FreeObject(serializers.DictField):
    """Any JSON object of reasonable size; the parser has seen to what is in it."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        if len(str(found)) > MAX_OBJECT:
            raise serializers.ValidationError(f"This object is larger than {MAX_OBJECT} characters.")
        return found


class CommaList(serializers.CharField):
    """`a,b,c` in an address."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Taken apart last, so that the length and the characters of the text are checked."""
        found = super().run_validation(data)
        return [part.strip() for part in found.split(",") if part.strip()] if isinstance(found, str) else found
