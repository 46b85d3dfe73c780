from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from common.charts import Bar, share
from common.openapi import document
from common.templatetags.face import FAMILIES, ICONS

COLOURS = (
    *("paper", "surface", "sunken", "raised", "ink", "ink-soft", "line", "line-strong", "hull", "sea", "link", "focus"),
    *("new", "work", "reached", "won", "quiet", "stopped", "fault"),
)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; it asks neither database nor queue, so that an outage of those does not restart it."""
    return HttpResponse("ok", content_type="text/plain")


def openapi(request: HttpRequest) -> HttpResponse:
    """Open to everybody: it holds nothing of any workspace."""
    response = HttpResponse(document(), content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    return response


def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html")


def styleguide(request: HttpRequest) -> HttpResponse:
    """The design language with an example of each part; for those who build pages, not for those who use them."""
    if not (settings.DEBUG or settings.EMBEDDED):
        raise Http404
    families = [(family, [(name, name.replace("_", " ")) for name in names]) for family, names in FAMILIES.items()]
    bars = [
        Bar(label, count, family, share(count, 30), "#numbers")
        for label, count, family in (("Qualified", 12, "won"), ("Completed", 30, "reached"), ("No answer", 21, "quiet"))
    ]
    context = {"colours": COLOURS, "families": families, "icons": sorted(ICONS), "bars": bars}
    return render(request, "styleguide.html", context)
