"""The envelope of the public API: {"success": true, "data": …} or {"success": false, "error": {…}}."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import ProblemError

log = structlog.get_logger(__name__)
UNREADABLE = "The request could not be read: it broke off, has too many parts, or is for another host"
FAULT = "Something went wrong on our side; nothing was lost, try again"


def success(data: Any, *, status: int = 200) -> Response:
    return Response({"success": True, "data": data}, status=status)


def failure(code: str, message: str, *, status: int, details: list[str] | None = None, **extra: Any) -> Response:
    error = {"code": code, "message": message, **({"details": details} if details else {}), **extra}
    return Response({"success": False, "error": error}, status=status)


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
            log.warning("api_conflict", error=str(exc))
            message = "Somebody else changed this at the same moment: read it again, then repeat the request"
            return failure("CONFLICT", message, status=409)
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
        case RecursionError():
            return failure("VALIDATION_ERROR", "The JSON is nested too deeply", status=400)
        case Http404():
            return failure("NOT_FOUND", "Resource not found", status=404)
        case PermissionDenied():
            return failure("FORBIDDEN", "This is not allowed", status=403)
        case exceptions.APIException():
            return failure(_code(exc), str(exc.detail), status=exc.status_code)
    log.exception("api_fault", exc_info=exc)
    return failure("SERVER_ERROR", FAULT, status=500)


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
    return JsonResponse({"success": False, "error": {"code": code, "message": message}}, status=status)


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
    codes = {403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 415: "UNSUPPORTED_MEDIA_TYPE"}
    return codes.get(exc.status_code, "VALIDATION_ERROR")


def _flatten(detail: Any, path: str = "") -> list[str]:
    if isinstance(detail, dict):
        return [line for key, value in detail.items() for line in _flatten(value, _below(path, str(key)))]
    if isinstance(detail, list):
        return [line for value in detail for line in _flatten(value, path)]
    return [f"{path}: {detail}" if path else str(detail)]


def _below(path: str, name: str) -> str:
    """What is wrong with an object as a whole is said of the object."""
    return path if name == "non_field_errors" else f"{path}.{name}" if path else name
