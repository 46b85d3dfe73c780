"""The OpenAPI document, made of what each view says of its methods by `@operation`."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, cast

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from common.operations import Operation, operation_of
from common.shapes import Components, Schema

DESCRIPTION = """\
What can be done in LeadSail's pages can be done by this API, but for the figures of Home, one's own profile and second
factor, and the undoing of a bulk change. The guide with examples is `docs/api.md` in LeadSail's source.

**Key.** Send it as `X-API-Key: ls_…` or as `Authorization: Bearer ls_…`. A key belongs to one workspace and has scopes;
each operation says which one it needs. What belongs to another workspace is 404.

**Envelope.** `{"success": true, "data": …}`, or `{"success": false, "error": {"code", "message", "details"}}`. Decide
by `error.code`; `message` and `details` are for people. Fields that an operation does not know are refused.

**Pages.** Lists are newest first. Send `nextCursor` of a page as `cursor` of the next, while `hasMore` is true. A
parameter that is empty counts as not given.

**Once.** Send an `Idempotency-Key` with every POST that makes or dials something: sent again it answers the same and
does nothing.

**Pace.** Every answer of an operation says by `RateLimit-*` how many requests are left in this minute; after that comes
429 with `Retry-After`.

**Times** are ISO 8601 in UTC (`2026-11-20T15:04:05.000Z`), numbers E.164 (`+14155550132`). What is not known is null.
"""
TAGS = {
    "Calls": "Dial leads.",
    "Interactions": "Calls as they go and as they ended: outcome, transcript, recording.",
    "Leads": "Take people in, read and change them, decide on them.",
    "Submissions": "Each time a lead came in: what was sent, and what became of it.",
    "Do-Not-Call": "Numbers and addresses that nobody may contact any more.",
    "Campaigns": "What is called for: hours, pauses, attempts, agents.",
    "Auto-dialer": "What calls the leads of a campaign by itself: switched, watched, fed.",
    "Voice agents": "Who speaks.",
    "Caller numbers": "The numbers that calls are made from.",
    "Prompt templates": "What the agents are told, version by version.",
    "Prompt variables": "What is filled into prompts.",
    "Provider accounts": "The accounts with which calls are placed.",
    "Webhooks": "Addresses that are told what happens, and what was sent to them.",
    "API keys": "Keys like the one you use.",
    "Workspace": "Settings, stop switch and audit trail.",
    "Members": "People and invitations.",
}

STATUS_WORDS = {200: "Done", 206: "A part of the file"}
FAILURES = {
    400: (
        "Refused",
        "What was sent, or the state of things, does not allow it.",
        "VALIDATION_ERROR",
        "Invalid input data",
    ),
    401: ("Unauthorized", "No key, or one that is not valid.", "UNAUTHORIZED", "Authentication required"),
    403: (
        "Forbidden",
        "The key lacks the scope, or may not do this.",
        "FORBIDDEN",
        "This API key needs the scope leads:read",
    ),
    404: ("NotFound", "There is no such thing in the key's workspace.", "NOT_FOUND", "Resource not found"),
    405: (
        "MethodNotAllowed",
        "The address does not know this method.",
        "METHOD_NOT_ALLOWED",
        "This address does not know the method PUT: use GET, POST.",
    ),
    409: (
        "Conflict",
        "The Idempotency-Key was used for another request, or something was changed or exists meanwhile.",
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key was used for another request within the last 24 hours: use a new one.",
    ),
    413: ("TooLarge", "The body is larger than 2 MB.", "PAYLOAD_TOO_LARGE", "The request body is too large"),
    415: (
        "UnsupportedMediaType",
        "The body is not application/json.",
        "UNSUPPORTED_MEDIA_TYPE",
        "Send the body as application/json",
    ),
    416: ("RangeNotSatisfiable", "The range lies beyond the end of the file.", "RANGE_NOT_SATISFIABLE", "…"),
    429: (
        "TooManyRequests",
        "Wait as long as `Retry-After` says.",
        "RATE_LIMITED",
        "Too many requests: try again in 12 seconds.",
    ),
    500: (
        "ServerError",
        "A fault of ours; it is written to the log.",
        "SERVER_ERROR",
        "Something went wrong on our side; nothing was lost, try again",
    ),
}
ALWAYS = (400, 401, 403, 404, 405, 429, 500)
WITH_BODY = (413, 415)
# Before a key is known, where no operation is, or where anything may have happened.
WITHOUT_QUOTA = (401, 404, 500)
QUOTA_HEADERS = {
    "RateLimit-Policy": ({"type": "string"}, "Requests in a window of so many seconds: `600;w=60`."),
    "RateLimit-Limit": ({"type": "integer"}, "Requests that the key has in a window."),
    "RateLimit-Remaining": ({"type": "integer", "minimum": 0}, "Requests that are left in this window."),
    "RateLimit-Reset": ({"type": "integer", "minimum": 1}, "Seconds until all are free again."),
}
HEADERS = QUOTA_HEADERS | {
    "Retry-After": ({"type": "integer", "minimum": 1}, "Seconds to wait."),
    "Idempotent-Replayed": ({"const": "true"}, "This answer was given before to the same Idempotency-Key."),
    "Content-Range": ({"type": "string"}, "Which part this is: `bytes 0-99/31337`."),
    "Accept-Ranges": ({"const": "bytes"}, "Parts may be asked for."),
}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Makes it safe to send the request again: the same key and body get the same answer for 24 hours, "
    "with `Idempotent-Replayed: true`, and nothing is done twice.",
)
ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "Every failure looks like this, whatever it is.",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable: decide by this."},
                "message": {"type": "string", "description": "For people: what is wrong and what to do."},
                "details": {
                    "type": "array",
                    "description": "Where it is wrong: `field: sentence`. Always there with VALIDATION_ERROR.",
                    "items": {"type": "string"},
                },
                "reasons": {
                    "type": "array",
                    "description": "Why a call is refused, the weightiest first.",
                    "items": {
                        "type": "object",
                        "required": ["code", "message", "rule", "nextAllowedAt"],
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                            "rule": {"type": "string"},
                            "nextAllowedAt": {"type": ["string", "null"], "format": "date-time"},
                        },
                    },
                },
                "nextAllowedAt": {"type": ["string", "null"], "format": "date-time"},
                "interactionId": {"type": "string", "description": "The call that is under way already."},
            },
        },
    },
}


class ApiSchema(AutoSchema):
    @property
    def said(self) -> Operation:
        found = operation_of(self.view, self.method)
        assert found, f"{self.method} {self.path} says nothing of itself by @operation"
        return found

    def get_operation_id(self) -> str:
        return self.said.id

    def get_summary(self) -> str:
        return self.said.summary

    def get_description(self) -> str:  # type: ignore[override]
        return f"{self.said.description}\n\nNeeds the scope `{self.said.scope}`.".strip()

    def get_tags(self) -> list[str]:
        return [self.said.tag]

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"ApiKeyAuth": []}, {"BearerAuth": []}]

    def get_request_serializer(self) -> Any:
        return self.said.body

    def get_response_serializers(self) -> Any:
        return None

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def get_override_parameters(self) -> list[Any]:
        asked = [self.said.query] if self.said.query else []
        return [*asked, IDEMPOTENCY_KEY] if self.said.idempotent else asked

    def _get_parameters(self) -> list[dict[str, Any]]:
        """One of the query that is empty counts as one that is not there."""
        found: Any = cast(Any, super())._get_parameters()
        for parameter in found:
            if parameter["in"] == "query" and not parameter.get("required"):
                parameter["schema"].pop("minLength", None)
                parameter["allowEmptyValue"] = True
        return cast("list[dict[str, Any]]", found)

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: Any = cast(Any, super())._resolve_path_parameters(variables)
        for parameter in found:
            if parameter["schema"] == {"type": "string"}:
                parameter["schema"] = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
        return cast("list[dict[str, Any]]", found)

    def _get_request_body(self, direction: Any = "request") -> Any:
        body: Any = cast(Any, super())._get_request_body(direction) if self.said.body else None
        if body and self.said.body_example is not None:
            body["content"]["application/json"]["example"] = self.said.body_example
        return body

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: Any = cast(Any, super())._map_basic_serializer(serializer, direction)
        strict = getattr(serializer, "refuses_unknown_names", False)
        # The generator would take the words of a class that it is made of.
        schema.pop("description", None)
        words = " ".join((type(serializer).__doc__ or "").split())
        return schema | ({"description": words} if words else {}) | ({"additionalProperties": False} if strict else {})

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        codes = {*ALWAYS, *self.said.errors, *(WITH_BODY if self.said.body else ())}
        if self.said.idempotent:
            codes.add(409)
        done = self._file() if self.said.file else {str(self.said.status): self._done()}
        return done | {str(code): self._failed(code) for code in sorted(codes)}

    def _file(self) -> dict[str, Any]:
        content = {self.said.file: {"schema": {"type": "string", "format": "binary"}}}
        whole, part = self._headers("Accept-Ranges"), self._headers("Accept-Ranges", "Content-Range")
        return {
            str(code): {"description": STATUS_WORDS[code], "headers": headers, "content": content}
            for code, headers in ((200, whole), (206, part))
        }

    def _register(self, name: str, schema: Schema, *, kind: str = "schemas", thing: Any = None) -> dict[str, str]:
        component = cast(Any, ResolvedComponent)(name=name, type=kind, schema=schema, object=thing or name)
        self.registry.register_on_missing(component)
        return {"$ref": f"#/components/{kind}/{name}"}

    def _headers(self, *names: str) -> dict[str, Any]:
        return {name: self._header(name, required=True) for name in (*QUOTA_HEADERS, *names)}

    def _header(self, name: str, *, required: bool = False) -> dict[str, str]:
        schema, words = HEADERS[name]
        header = {"description": words, "required": required, "schema": schema}
        return self._register(name, header, kind="headers")

    def _done(self) -> dict[str, Any]:
        components = Components()
        data = components.schema_of(self.said.data) if self.said.data else {"type": "null"}
        for name, schema in components.schemas.items():
            self._register(name, schema, thing=components.shapes[name])
        schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"const": True}, "data": data},
            "additionalProperties": False,
        }
        content: dict[str, Any] = {"schema": schema}
        if self.said.example is not None or not self.said.data:
            content["example"] = {"success": True, "data": self.said.example}
        replayed = {"Idempotent-Replayed": self._header("Idempotent-Replayed")} if self.said.idempotent else {}
        return {
            "description": STATUS_WORDS[self.said.status],
            "headers": self._headers() | replayed,
            "content": {"application/json": content},
        }

    def _failed(self, status: int) -> dict[str, Any]:
        own = self.said.error_examples.get(status)
        name, words, code, message = FAILURES[status]
        content: dict[str, Any] = {"schema": self._register("Error", ERROR_SCHEMA)}
        if own:
            content["examples"] = {title: {"value": _error(**error)} for title, error in own.items()}
        else:
            content["example"] = _error(code=code, message=message)
        response = {
            "description": words,
            "headers": {} if status in WITHOUT_QUOTA else self._headers(*(["Retry-After"] if status == 429 else [])),
            "content": {"application/json": content},
        }
        return response if own else self._register(name, response, kind="responses")


def _error(**error: Any) -> dict[str, Any]:
    return {"success": False, "error": error}


def only_api(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """The paths of the document: those whose views speak by `@operation`."""
    return [
        (path, pattern, method, callback)
        for path, pattern, method, callback in endpoints
        if re.match(r"/api/v1/", path) and operation_of(callback.cls, method)
    ]


def say_the_essentials(result: dict[str, Any], **how: Any) -> dict[str, Any]:
    """What holds for the whole API, in the order in which it is read."""
    used = {operation["tags"][0] for path in result["paths"].values() for operation in path.values()}
    order = [*TAGS, *sorted(used - set(TAGS))]
    result["info"]["description"] = DESCRIPTION
    result["servers"] = [{"url": settings.PUBLIC_URL}]
    _tidy(result)
    result["tags"] = [{"name": tag, "description": TAGS.get(tag, "")} for tag in order if tag in used]
    return result


def _tidy(node: Any) -> None:
    """What the generator leaves behind for a hook that is not used."""
    if isinstance(node, dict):
        node.pop("x-spec-enum-id", None)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _tidy(child)


@cache
def document() -> bytes:
    """As JSON. The code does not change while a process lives, and the document is nothing but the code."""
    found = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(found, ensure_ascii=False, default=float).encode()
