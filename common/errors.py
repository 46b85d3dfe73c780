from __future__ import annotations

from typing import Any

from django.http import Http404

SHOWN_ID = 40


class ProblemError(Exception):
    """Something the person or program asking must know: a stable code, a sentence that says what to do."""

    status = 400

    def __init__(self, code: str, message: str, *, details: list[str] | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.details, self.extra = code, message, details or [], extra


class NotFoundError(ProblemError):
    status = 404

    def __init__(self, message: str = "Resource not found") -> None:
        super().__init__("NOT_FOUND", message)


class UnknownIdError(Http404):
    """An id that the workspace does not know: a page's 404, and a sentence in the API."""

    def __init__(self, thing: str, public_id: object) -> None:
        super().__init__(f"There is no {thing} {str(public_id)[:SHOWN_ID]} in this workspace.")
        self.public_id, self.field = public_id, ""
