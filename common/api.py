"""The envelope of the public API: {"success": true, "data": …} or {"success": false, "error": {…}}."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import ProblemError, UnknownIdError

log = structlog.get_logger(__name__)
UNREADABLE = "The request could not be read: it broke off, has too many parts, or is for another host"
# What a client is told of what is wrong, at most.
MOST_LINES, LONGEST_LINE = 50, 1000
# PostgreSQL chose this transaction to end a deadlock, could not order it, or it waited too long for what somebody else
# holds: nothing of it was kept.
ROLLED_BACK = ("40P01", "40001", "55P03")
FAULT = "Something went wrong on our side; nothing was lost, try again"


def success(data: Any, *, status: int = 200) -> Response:
    return Response({"success": True, "data": data}, status=status)


def failure(code: str, message: str, *, status: int, details: list[str] | None = None, **extra: Any) -> Response:
    return Response(_envelope(code, message, details, **extra), status=status)


def _envelope(code: str, message: str, details: list[str] | None = None, **extra: Any) -> dict[str, Any]:
    """Whoever is told that the input is invalid may count on details."""
    lines = details or ([message] if code == "VALIDATION_ERROR" else None)
    error = {"code": code, "message": message, **({"details": lines} if lines else {}), **extra}
    return {"success": False, "error": error}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    set_rollback()
    match exc:
        case ProblemError():
            return failure(exc.code, exc.message, status=exc.status, details=exc.details, **exc.extra)
        case exceptions.ValidationError():
            details = _flatten(exc.detail)
            return failure("VALIDATION_ERROR", "Invalid input data", status=400, details=details)
        case ModelValidationError():
            return failure("VALIDATION_ERROR", "Invalid input data", status=400, details=_of_model(exc))
        case IntegrityError():
            return _conflict(exc)
        case OperationalError() if getattr(exc.__cause__, "sqlstate", "") in ROLLED_BACK:
            return _conflict(exc)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            response = failure("UNAUTHORIZED", str(exc.detail), status=401)
            response["WWW-Authenticate"] = 'ApiKey realm="LeadSail", Bearer realm="LeadSail"'
            return response
        case RequestDataTooBig():
            return failure("PAYLOAD_TOO_LARGE", "The request body is too large", status=413)
        case SuspiciousOperation() | UnreadablePostError():
            return failure("VALIDATION_ERROR", UNREADABLE, status=400)
        case exceptions.UnsupportedMediaType():
            message = "Send the body as JSON, and say so: Content-Type: application/json"
            return failure("UNSUPPORTED_MEDIA_TYPE", message, status=415)
        case UnknownIdError():
            return failure("NOT_FOUND", "Resource not found", status=404, details=_flatten(str(exc), exc.field))
        case Http404():
            return failure("NOT_FOUND", "Resource not found", status=404)
        case PermissionDenied():
            return failure("FORBIDDEN", "This is not allowed", status=403)
        case exceptions.MethodNotAllowed():
            return failure("METHOD_NOT_ALLOWED", _no_method(context), status=405)
        case exceptions.APIException():
            return failure(_code(exc), str(exc.detail), status=exc.status_code)
    log.exception("api_fault", exc_info=exc)
    return failure("SERVER_ERROR", FAULT, status=500)


def _conflict(exc: Exception) -> Response:
    log.warning("api_conflict", error=str(exc))
    message = "Somebody else changed this at the same moment: read it again, then repeat the request"
    return failure("CONFLICT", message, status=409)


def _no_method(context: dict[str, Any]) -> str:
    methods = ", ".join(name for name in context["view"].allowed_methods if name not in ("HEAD", "OPTIONS"))
    return f"This address does not know the method {context['request'].method[:20]}: use {methods}."


def unknown_address(request: HttpRequest, *args: object, **kwargs: object) -> JsonResponse:
    """Under /api/ no answer is HTML, not even to an address that does not exist."""
    hint = "leave out the slash at its end, or look at the list" if request.path.endswith("/") else "the list is"
    return _before_any_view("NOT_FOUND", f"There is no address {request.path[:200]}: {hint} at /api/docs", status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _before_any_view("VALIDATION_ERROR", UNREADABLE, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _before_any_view("SERVER_ERROR", FAULT, status=500) if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _before_any_view(code: str, message: str, *, status: int) -> JsonResponse:
    return JsonResponse(_envelope(code, message), status=status)


def _of_model(error: ModelValidationError) -> list[str]:
    """Fields by the names that the API gives them."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    return [
        message if field == "__all__" else f"{_camel(field)}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _code(exc: exceptions.APIException) -> str:
    codes = {403: "FORBIDDEN", 404: "NOT_FOUND", 415: "UNSUPPORTED_MEDIA_TYPE"}
    return codes.get(exc.status_code, "VALIDATION_ERROR")


def _flatten(detail: Any, path: str = "") -> list[str]:
    return [line[:LONGEST_LINE] for line in islice(_lines(detail, path), MOST_LINES)]


def _lines(detail: Any, path: str) -> Iterator[str]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _lines(value, _below(path, str(key)))
    elif isinstance(detail, list):
        for value in detail:
            yield from _lines(value, path)
    else:
        yield f"{path}: {detail}" if path else str(detail)


def _below(path: str, name: str) -> str:
    """What is wrong with an object as a whole is said of the object."""
    return path if name == "non_field_errors" else f"{path}.{name}" if path else name
