"""Reading the JSON of a request: what no database could keep is refused here, once for all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MAX_BODY = 2 * 1024 * 1024
MAX_DEPTH = 32
MOST_VALUES = 20_000
# What both databases keep exactly.
BIGGEST_NUMBER = 2**53


class SafeJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise RequestDataTooBig
        try:
            # Windows tools write a byte order mark before the JSON.
            value = json.loads(
                raw.decode("utf-8-sig"), parse_constant=_no_constant, parse_int=_whole, object_pairs_hook=_object
            )
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8") from None
        except RecursionError:
            raise ParseError("The JSON is nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        check_json(value)
        return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _whole(digits: str) -> int:
    if len(digits) > len(str(BIGGEST_NUMBER)) + 1:
        raise ValueError(f"a number is beyond {BIGGEST_NUMBER}: send it as a text")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice is refused: which of the two was meant, nobody knows."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:80]!r} stands twice in an object")
        found[name] = value
    return found


def check_json(value: Any, depth: int = 0) -> int:
    """How many values it holds. Every one of too many would be judged by itself, and told what is wrong with it."""
    if depth > MAX_DEPTH:
        raise ParseError("The JSON is nested too deeply")
    count = 1
    if isinstance(value, str):
        if "\0" in value or not _is_encodable(value):
            raise ParseError("A text has a NUL character or half of a surrogate pair: leave it out")
    elif isinstance(value, dict | list):
        few = len(value) <= MOST_VALUES
        count += sum(check_json(entry, depth + 1) for entry in _entries(value)) if few else MOST_VALUES
        if count > MOST_VALUES:
            raise ParseError(f"The body holds more than {MOST_VALUES} values: send it in parts")
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= BIGGEST_NUMBER):
        raise ParseError(f"A number is beyond {BIGGEST_NUMBER}: send it as a text")
    return count


def _entries(value: dict[str, Any] | list[Any]) -> Iterator[Any]:
    yield from value
    yield from value.values() if isinstance(value, dict) else ()


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class AlwaysJSON(BaseContentNegotiation):
    """There is one format, so whatever a client says that it accepts gets it."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
