"""Keyset pages: the thousandth costs what the first does, and rows that come in between move nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

PAGE_SIZE = 50
BIGGEST = 2**63 - 1
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    after: str = ""
    """The cursor of the next page; empty at the end."""
    before: str = ""

    def next_url(self, asked: dict[str, str]) -> str:
        return f"?{urlencode(asked | {'after': self.after})}" if self.after else ""

    def previous_url(self, asked: dict[str, str]) -> str:
        return f"?{urlencode(asked | {'before': self.before})}" if self.before else ""


def page_of(
    rows: QuerySet[Row], *, order: Sequence[str], after: str = "", before: str = "", size: int = PAGE_SIZE
) -> Page[Row]:
    """`order` ends with a unique field and has none that may be NULL. An unreadable cursor is the first page."""
    back = bool(before)
    cursor = _read(before or after, rows, order)
    wanted = [_turned(name) for name in order] if back else list(order)
    found = list((rows.filter(_beyond(wanted, cursor)) if cursor else rows).order_by(*wanted)[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    if not found:
        # What lay before the cursor is gone: better the first page than none.
        return page_of(rows, order=order, size=size) if cursor else Page([])
    has_after, has_before = (True, more) if back and cursor else (more, bool(cursor))
    first, last = found[0], found[-1]
    return Page(found, _write(last, order) if has_after else "", _write(first, order) if has_before else "")


def rows_beyond(rows: QuerySet[Row], *, order: Sequence[str], last: Row | None, size: int) -> tuple[list[Row], bool]:
    """The rows that come after `last`, and whether there are more: for those who name a row instead of a cursor."""
    beyond = rows.filter(_beyond(order, [getattr(last, name.lstrip("-")) for name in order])) if last else rows
    found = list(beyond.order_by(*order)[: size + 1])
    return found[:size], len(found) > size


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], cursor: list[Any]) -> Q:
    """(a, b) beyond (x, y): a beyond x, or a equal and b beyond y."""
    beyond, equal = Q(), Q()
    for name, value in zip(order, cursor, strict=True):
        field, down = name.lstrip("-"), name.startswith("-")
        beyond |= equal & Q(**{f"{field}__{'lt' if down else 'gt'}": value})
        equal &= Q(**{field: value})
    # Said again of the first column alone: an OR is no condition for an index, this is.
    return beyond & _not_before(order[0], cursor[0]) if len(order) > 1 else beyond


def _not_before(name: str, value: Any) -> Q:
    return Q(**{f"{name.lstrip('-')}__{'lte' if name.startswith('-') else 'gte'}": value})


def _write(row: Model, order: Sequence[str]) -> str:
    values = [getattr(row, name.lstrip("-")) for name in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read(cursor: str, rows: QuerySet[Row], order: Sequence[str]) -> list[Any] | None:
    """Whatever somebody wrote there: what is not a value for each column is no cursor."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(order):
            return None
        return [_value(value, rows, name.lstrip("-")) for name, value in zip(order, values, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None


def _value(value: Any, rows: QuerySet[Row], name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(value)
    if isinstance(value, str) and "\0" in value.encode().decode():
        raise ValueError(value)
    if isinstance(value, int) and abs(value) > BIGGEST:
        raise ValueError(value)
    made = rows.model._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
    return made.astimezone(UTC) if isinstance(made, datetime) else made
