from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from calls.dispatch.waits import DELIVERED, longest_request


@register()
def reconciler_outwaits_the_longest_request(**kwargs: Any) -> list[CheckMessage]:
    longest = int((longest_request() + DELIVERED).total_seconds())
    if longest < settings.RECONCILE_GIVE_UP_SECONDS:
        return []
    message = (
        f"RECONCILE_GIVE_UP_SECONDS is {settings.RECONCILE_GIVE_UP_SECONDS}, but a request to place a call may arrive"
        f" for {longest} s: a call could still be placed after it was given up, and the person dialed twice."
    )
    return [Error(message, hint=f"Set it above {longest}.", id="leadsail.E002")]
