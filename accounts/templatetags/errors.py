from __future__ import annotations

import structlog
from django import template

register = template.Library()


@register.simple_tag
def request_id() -> str:
    """Needs no context: the page about a fault of ours is rendered without one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
