"""`ElevenLabs-Signature: t=<unix seconds>,v0=<hex>`: HMAC-SHA256 over `t.body`, the key being the whole secret."""

from __future__ import annotations

import hashlib
import hmac

from calls.providers.base import BadSignature

FUTURE_SECONDS = 300


def verify(header: str, body: bytes, *, secret: str, now: float, tolerance_seconds: float) -> None:
    if not secret:
        raise BadSignature("the provider account has no webhook secret")
    stamp, signatures = _parse(header)
    if not -FUTURE_SECONDS <= now - stamp <= tolerance_seconds:
        raise BadSignature(f"the timestamp is {now - stamp:.0f} s off")
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    # Every v0 counts: during a rotation there are two.
    matches = [hmac.compare_digest(expected, candidate) for candidate in signatures]
    if not any(matches):
        raise BadSignature("no signature matches")


def _parse(header: str) -> tuple[int, list[str]]:
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.lower() for name, _, value in parts if name == "v0" and value.isascii()]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or len(stamps[0]) > 12 or not signatures:
        raise BadSignature("the header is not t=<seconds>,v0=<hex>")
    return int(stamps[0]), signatures
