from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.access import find_membership


def workspace(request: HttpRequest) -> dict[str, Any]:
    membership: Any = find_membership(request) if hasattr(request, "user") else None
    if not membership:
        return {}
    return {
        "membership": membership,
        "workspace": membership.workspace,
        "operator_stopped": membership.operator_stopped,
        "trouble": trouble_of(membership),
        "banners_shown": banners_shown(membership),
        "sandbox_url": settings.SANDBOX_URL,
        "debug_pages": settings.DEBUG or settings.EMBEDDED,
    }


def banners_shown(membership: Any) -> str:
    """Asked again with this, the banners answer only what has changed: nothing is read aloud twice."""
    state = (membership.operator_stopped, membership.workspace.calls_stopped_at, trouble_of(membership))
    return hashlib.blake2b(repr(state).encode(), digest_size=6).hexdigest()


def trouble_of(house: Any) -> str:
    """What people would otherwise take for calls that hang."""
    if house.queue_is_down:
        return "The queue does not answer. They go on by themselves when it is back; nothing is lost."
    if not house.dial_worker_lives:
        return "No dial worker is running. They go on by themselves when one is back; nothing is lost."
    if not house.default_worker_lives:
        return "No worker is running for what calls report: outcomes, transcripts and recordings come when one is back."
    if not house.scheduler_lives:
        return "The scheduler is not running: nobody looks after calls that wait for a line or for a report."
    return ""
