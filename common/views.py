from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; it asks neither database nor queue, so that an outage of those does not restart it."""
    return HttpResponse("ok", content_type="text/plain")
