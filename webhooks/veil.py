"""A receiver may repeat what it was sent. Headers' values and secrets are shown to nobody, so not in the log either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from common.fields import SecretUnreadable
from webhooks.models import WebhookEndpoint
from webhooks.shapes import MASK
from webhooks.signing import PREFIX

# Shorter ones are no secrets, and an answer with each 1 hidden in it would be of no use.
SHORTEST, SHORTEST_WORD = 4, 8


class Veil:
    def __init__(self, endpoint: WebhookEndpoint, headers: Mapping[str, str]) -> None:
        texts = {*_secrets_of(endpoint)} | {text for value in headers.values() for text in _parts_of(value)}
        spelled = {spelling for text in texts for spelling in _spellings_of(text)}
        # The longest first: of two that begin alike, the whole is hidden.
        self._hidden = re.compile(b"|".join(map(re.escape, sorted(spelled, key=len, reverse=True))) or b"(?!)")

    def over(self, data: bytes) -> bytes:
        return self._hidden.sub(MASK.encode(), data)

    def over_header(self, text: str) -> str:
        """Bytes that were read as Latin-1."""
        return self.over(text.encode("latin-1", "replace")).decode("latin-1")


def _secrets_of(endpoint: WebhookEndpoint) -> Iterator[str]:
    """With the prefix and without."""
    for name in ("secret", "previous_secret"):
        try:
            secret = str(getattr(endpoint, name))
        except SecretUnreadable:
            # What cannot be read is not sent either.
            continue
        yield from (text for text in (secret, secret.removeprefix(PREFIX)) if text)


def _parts_of(value: str) -> Iterator[str]:
    """Of “Bearer 3f6c9a17” also what a receiver would call unknown."""
    if len(value) >= SHORTEST:
        yield value
    yield from (word for word in value.split() if len(word) >= SHORTEST_WORD)


def _spellings_of(text: str) -> set[bytes]:
    return {text.encode(), text.encode("latin-1", "replace"), json.dumps(text)[1:-1].encode()}
