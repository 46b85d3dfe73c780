"""Requests signed as https://www.standardwebhooks.com says: any library of that name verifies them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from common import clock
from webhooks.models import WebhookEndpoint, WebhookEvent

PREFIX = "whsec_"


class BadSecret(Exception):
    """A stored secret that nothing can be signed with."""


def signed_headers(endpoint: WebhookEndpoint, event: WebhookEvent, body: bytes) -> dict[str, str]:
    """`webhook-id` is the same at every try: the receiver knows by it what it has already taken. The timestamp is real
    time, and each try's own: the receiver judges it by its own clock. Business time stands in the body."""
    timestamp = int(clock.real_now().timestamp())
    signed = f"{event.public_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": event.public_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in _secrets(endpoint)),
    }


def _secrets(endpoint: WebhookEndpoint) -> list[str]:
    """After a rotation both, so that the receiver may change to the new one at any moment until then."""
    until = endpoint.previous_secret_until
    rotating = until is not None and clock.now() < until and endpoint.previous_secret
    return [endpoint.secret, endpoint.previous_secret] if rotating else [endpoint.secret]


def _signature(secret: str, signed: bytes) -> str:
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise BadSecret("the endpoint's secret cannot be used: rotate it")
    return key
