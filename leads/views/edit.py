from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def lead_new(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_edit(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_status(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_owner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_campaign(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_tags(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_note(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_note_delete(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_dnc_set(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def lead_dnc_lift(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")
