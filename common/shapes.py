"""The shapes of what the API answers, as TypedDicts: mypy holds the code to them, and OpenAPI is made of them."""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import datetime
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Schema = dict[str, Any]
PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    object: {},
    Any: {},
}


@dataclass(frozen=True)
class Format:
    name: str


# What stands in an Annotated beside a type goes into its schema: a text describes it.
Moment = Annotated[str, Format("date-time")]
Day = Annotated[str, Format("date")]


def iso(moment: datetime | None) -> str | None:
    return as_moment(moment) if moment else None


def as_moment(moment: datetime) -> str:
    """Always with milliseconds: moments of one form can be compared as texts."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Components:
    """The named schemas of a document, filled in while its shapes are read."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self.shapes: dict[str, Any] = {}

    def schema_of(self, hint: Any) -> Schema:
        origin, args = get_origin(hint), get_args(hint)
        if is_typeddict(hint):
            return self._named(hint)
        if origin is Annotated:
            return self._annotated(args[0], args[1:])
        if origin in (Required, NotRequired):
            return self.schema_of(args[0])
        if origin is Literal:
            return {"type": "string", "enum": list(args)}
        if origin in (Union, types.UnionType):
            return self._one_of(args)
        if origin is list:
            return {"type": "array", "items": self.schema_of(args[0])}
        if origin is dict or hint is dict:
            return {"type": "object", "additionalProperties": self.schema_of(args[1]) if args else {}}
        return dict(PLAIN[hint])

    def _named(self, shape: Any) -> Schema:
        name = shape.__name__.removesuffix("Shape")
        if name not in self.schemas:
            self.schemas[name], self.shapes[name] = {}, shape
            hints = get_type_hints(shape, include_extras=True)
            words = " ".join((shape.__doc__ or "").split())
            self.schemas[name] = {
                "type": "object",
                **({"description": words} if words else {}),
                "properties": {field: self.schema_of(hint) for field, hint in hints.items()},
                # A TypedDict whose annotations are postponed takes all its keys for required.
                "required": sorted(field for field, hint in hints.items() if get_origin(hint) is not NotRequired),
                "additionalProperties": False,
            }
        assert self.shapes[name] is shape, f"two shapes are called {name}"
        return {"$ref": f"#/components/schemas/{name}"}

    def _annotated(self, hint: Any, extras: tuple[Any, ...]) -> Schema:
        schema = self.schema_of(hint)
        for extra in extras:
            schema |= {"format": extra.name} if isinstance(extra, Format) else {"description": extra}
        return schema

    def _one_of(self, hints: tuple[Any, ...]) -> Schema:
        schemas = [self.schema_of(hint) for hint in hints if hint is not types.NoneType]
        if types.NoneType not in hints:
            return {"anyOf": schemas}
        if len(schemas) == 1 and isinstance(schemas[0].get("type"), str) and "enum" not in schemas[0]:
            return schemas[0] | {"type": [schemas[0]["type"], "null"]}
        return {"anyOf": [*schemas, {"type": "null"}]}
