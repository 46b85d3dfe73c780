from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest


def say(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """A toast on the next page; `undo` is an address that takes the act back when it is posted to."""
    messages.success(request, text, extra_tags=undo)
