from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def campaign_list(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def campaign_new(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def campaign_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def campaign_edit(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def campaign_status(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")
