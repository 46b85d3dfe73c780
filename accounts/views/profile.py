from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


def profile(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("stub")
