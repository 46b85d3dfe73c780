"""Fields that requests about campaigns and what they call with have in common."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Workspace
from common.errors import UnknownIdError
from common.serializers import Text, Whole

# What a PositiveIntegerField holds on every database.
BIGGEST = 2**31 - 1
LONGEST_ID = 40


class OptionalText(Text):
    """null, as answers have it, and "" both mean that there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, allow_null=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation("" if data is None else data)


class IdOf(Text):
    """An id that becomes the row of the workspace: in a body, too, a foreign id is as unknown as one that never was."""

    def __init__(self, find: Callable[[Workspace, str], Model], **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_ID, **kwargs)
        self.find = find

    def run_validation(self, data: Any = serializers.empty) -> Any:
        public_id = super().run_validation(data)
        if public_id is None:
            return None
        try:
            return self.find(self.context["workspace"], public_id)
        except UnknownIdError as unknown:
            unknown.field = _path_of(self)
            raise


class Rows(serializers.ListField):
    """Knows at which of its rows it is, for an id in it that is told by its whole path."""

    place = 0

    def run_child_validation(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        found = []
        for self.place, row in enumerate(data):
            try:
                found.append(self.child.run_validation(row))
            except serializers.ValidationError as error:
                errors[str(self.place)] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return found


def _path_of(field: Any) -> str:
    """autoDialer.sequence.1.agentId"""
    parts: list[str] = []
    while field is not None:
        parts += [str(field.place)] if isinstance(field, Rows) else []
        parts += [field.field_name] if field.field_name else []
        field = field.parent
    return ".".join(reversed(parts))


class Limit(Whole):
    """At least one; null, where it is allowed, means that nothing limits it."""

    def __init__(self, **kwargs: Any) -> None:
        or_null = ", or null: then there is no limit of its own" if kwargs.get("allow_null") else ""
        sentences: dict[str, Any] = {
            "min_value": f"Send at least 1{or_null}.",
            "max_value": "Send at most {max_value}.",
        }
        super().__init__(min_value=1, error_messages=sentences, **kwargs)


@extend_schema_field({})
class Standing(serializers.Field):  # type: ignore[type-arg]
    """What is changed elsewhere: it may be sent as it stands, so that answers may be sent back. The view compares."""

    def __init__(self, elsewhere: str) -> None:
        super().__init__(required=False, help_text=f"{elsewhere} As it stands it may be sent back.")

    def to_internal_value(self, data: Any) -> Any:
        return data


class Amount(serializers.DecimalField):
    """A JSON number with two digits after the point."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimal_places=2, coerce_to_string=False, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)
