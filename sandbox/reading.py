from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from sandbox.calls import JSON
from sandbox.errors import ApiError, invalid

KEY = re.compile(r"sk_sandbox_\S+")
E164 = re.compile(r"\+[1-9]\d{6,14}")
KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "a valid string"),
    "object": (dict, "a valid dictionary"),
    "list": (list, "a valid list"),
    "boolean": (bool, "a valid boolean"),
}


def tenant_of(request: web.Request) -> str:
    key = request.headers.get("xi-api-key", "")
    if not key:
        message = "Neither authorization header nor xi-api-key received, please provide one."
        raise ApiError(401, {"status": "needs_authorization", "message": message})
    if not KEY.fullmatch(key):
        raise ApiError(401, {"status": "invalid_api_key", "message": "Invalid API key"})
    return key


async def body_of(request: web.Request) -> JSON:
    try:
        body = await request.json()
    except ValueError:
        raise invalid(["body", 0], "JSON decode error", "json_invalid", {}) from None
    if not isinstance(body, dict):
        raise invalid(["body"], "Input should be a valid dictionary", "dict_type", body)
    return body


def require(body: JSON, fields: dict[str, str], *path: str) -> None:
    """All missing or wrong fields at once, in FastAPI's shape."""
    problems: list[Any] = []
    for name, kind in fields.items():
        location = ["body", *path, name]
        if name not in body:
            problems.append({"type": "missing", "loc": location, "msg": "Field required", "input": body})
        elif not isinstance(body[name], KINDS[kind][0]):
            message = f"Input should be {KINDS[kind][1]}"
            problems.append({"type": f"{kind}_type", "loc": location, "msg": message, "input": body[name]})
    if problems:
        raise ApiError(422, problems)


def optional(body: JSON, fields: dict[str, str], *path: str) -> None:
    given = {name: kind for name, kind in fields.items() if body.get(name) is not None}
    require(body, given, *path)


def whole_number(request: web.Request, name: str, default: int | None, least: int, most: int) -> int | None:
    text = request.query.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise invalid(["query", name], "Input should be a valid integer", "int_parsing", text) from None
    if not least <= value <= most:
        raise invalid(["query", name], f"Input should be between {least} and {most}", "less_than_equal", text)
    return value


def flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() in ("true", "1", "yes")


def merge(old: JSON, new: JSON, replaced: tuple[str, ...] = ()) -> JSON:
    """A PATCH: objects are merged, except the named ones, whose keys are data."""
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict) and key not in replaced
        merged[key] = merge(merged[key], value, replaced) if both else value
    return merged
