"""The OpenAPI document, made of what each view says of its methods by `@operation`."""

from __future__ import annotations

import re
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from common.operations import Operation, operation_of
from common.shapes import Components, Schema

STATUS_WORDS = {
    200: "Done",
    201: "Made",
    206: "A part of the file",
    400: "Refused: what was sent, or the state of things, does not allow it",
    401: "No key, or one that is unknown, revoked or expired",
    403: "The key lacks the scope",
    404: "There is no such thing in the key's workspace",
    405: "The address does not know this method",
    409: "Another request used the Idempotency-Key, or somebody else was faster",
    413: "The body is larger than 2 MB",
    415: "The body is not application/json",
    416: "The range lies beyond the end",
    429: "Too many requests: wait as long as Retry-After says",
    500: "A fault of ours; nothing was lost",
}
ALWAYS = (400, 401, 403, 404, 405, 429, 500)
WITH_BODY = (413, 415)
ERROR_EXAMPLES = {
    400: ("VALIDATION_ERROR", "Invalid input data"),
    401: ("UNAUTHORIZED", "Authentication required"),
    403: ("FORBIDDEN", "This API key needs the scope leads:read"),
    404: ("NOT_FOUND", "Resource not found"),
    405: ("METHOD_NOT_ALLOWED", 'Method "PUT" not allowed.'),
    409: ("IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another request: use a new one."),
    413: ("PAYLOAD_TOO_LARGE", "The request body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json"),
    416: ("RANGE_NOT_SATISFIABLE", "The range lies beyond the end"),
    429: ("RATE_LIMITED", "Too many requests: try again in 12 seconds"),
    500: ("SERVER_ERROR", "Something went wrong on our side; nothing was lost, try again"),
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
                "details": {"type": "array", "items": {"type": "string"}},
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

    def _get_request_body(self, direction: Any = "request") -> Any:
        body: Any = cast(Any, super())._get_request_body(direction) if self.said.body else None
        if body and self.said.body_example is not None:
            body["content"]["application/json"]["example"] = self.said.body_example
        return body

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        codes = {*ALWAYS, *self.said.errors, *(WITH_BODY if self.said.body else ())}
        if self.said.idempotent:
            codes.add(409)
        done = self._file() if self.said.file else {str(self.said.status): self._done()}
        return done | {str(code): self._failed(code) for code in sorted(codes)}

    def _file(self) -> dict[str, Any]:
        content = {self.said.file: {"schema": {"type": "string", "format": "binary"}}}
        return {str(code): {"description": STATUS_WORDS[code], "content": content} for code in (200, 206)}

    def _register(self, name: str, schema: Schema) -> None:
        component = cast(Any, ResolvedComponent)(name=name, type="schemas", schema=schema, object=name)
        self.registry.register_on_missing(component)

    def _done(self) -> dict[str, Any]:
        components = Components()
        data = components.schema_of(self.said.data) if self.said.data else {"type": "null"}
        for name, schema in components.schemas.items():
            self._register(name, schema)
        schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"const": True}, "data": data},
            "additionalProperties": False,
        }
        content: dict[str, Any] = {"schema": schema}
        if self.said.example is not None or not self.said.data:
            content["example"] = {"success": True, "data": self.said.example}
        return {"description": STATUS_WORDS[self.said.status], "content": {"application/json": content}}

    def _failed(self, code: int) -> dict[str, Any]:
        self._register("Error", ERROR_SCHEMA)
        name, message = ERROR_EXAMPLES[code]
        content = {
            "schema": {"$ref": "#/components/schemas/Error"},
            "example": {"success": False, "error": {"code": name, "message": message}},
        }
        headers = {"Retry-After": {"schema": {"type": "integer"}}} if code == 429 else {}
        found: dict[str, Any] = {"description": STATUS_WORDS[code], "content": {"application/json": content}}
        return found | ({"headers": headers} if headers else {})


def only_api(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """The paths of the document: those whose views speak by `@operation`."""
    return [
        (path, pattern, method, callback)
        for path, pattern, method, callback in endpoints
        if re.match(r"/api/v1/", path) and operation_of(callback.cls, method)
    ]
