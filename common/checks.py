from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def encryption_keys_are_usable(**kwargs: Any) -> list[CheckMessage]:
    try:
        for key in settings.FIELD_ENCRYPTION_KEYS:
            Fernet(key)
    except ValueError:
        hint = (
            'Make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
        return [Error("FIELD_ENCRYPTION_KEYS holds something that is not a Fernet key.", hint=hint, id="leadsail.E001")]
    return []


@register()
def reconciler_outwaits_the_longest_request(**kwargs: Any) -> list[CheckMessage]:
    longest = settings.CONNECT_TIMEOUT_SECONDS + settings.RING_TIMEOUT_SECONDS + 30 + 15
    if longest >= settings.RECONCILE_GIVE_UP_SECONDS:
        message = (
            f"RECONCILE_GIVE_UP_SECONDS is {settings.RECONCILE_GIVE_UP_SECONDS}, but a request to place a call may run"
            f" for {longest} s: a call could still be placed after it was given up, and the person dialed twice."
        )
        return [Error(message, hint=f"Set it above {longest}.", id="leadsail.E002")]
    return []
