from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def member_list(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def member_role(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def member_remove(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def member_invite(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def invitation_revoke(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")


def invitation_accept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")
