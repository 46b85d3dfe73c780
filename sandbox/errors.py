from __future__ import annotations

import json
from typing import Any

from aiohttp import web


class ApiError(Exception):
    """An answer in the provider's own error format: `detail` is an object, or a list for a 422."""

    def __init__(self, status: int, detail: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.headers = headers

    def response(self) -> web.Response:
        return json_response({"detail": self.detail}, self.status, self.headers)


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def problem(status: int, name: str, message: str) -> ApiError:
    return ApiError(status, {"status": name, "message": message})


def invalid(location: list[str | int], message: str, kind: str, given: Any = None) -> ApiError:
    return ApiError(422, [{"type": kind, "loc": location, "msg": message, "input": given}])


def not_found(key: str) -> ApiError:
    return problem(404, "document_not_found", f"Document with id {key} not found.")
