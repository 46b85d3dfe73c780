"""The threads in which a dial worker waits for the provider."""

from __future__ import annotations

from django.conf import settings

from calls.dispatch.placing import dial
from common.pool import Pool
from common.process import new_token


def _dial(interaction_id: int) -> None:
    dial(interaction_id, new_token())


DIALS = Pool(_dial, size=settings.DIAL_POOL_SIZE, name="dial")
