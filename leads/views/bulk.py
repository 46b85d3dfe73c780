from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def bulk_confirm(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def bulk_start(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def bulk_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def bulk_undo(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")
