from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; it asks neither database nor queue, so that an outage of those does not restart it."""
    return HttpResponse("ok", content_type="text/plain")


def styleguide(request: HttpRequest) -> HttpResponse:
    """The design language with an example of each part; for those who build pages, not for those who use them."""
    if not (settings.DEBUG or settings.EMBEDDED):
        raise Http404
    return render(request, "styleguide.html")
