"""The threads in which a worker waits for receivers. Those that fail have a few of their own: however many of them let
us wait, the others are served."""

from __future__ import annotations

import time

from common.pool import Pool
from common.queue import enqueue
from webhooks.delivering import claim, deliver
from webhooks.models import WebhookEndpoint
from webhooks.services import SERVE

TURN_SECONDS = 2.0


def hand_over(endpoint_id: int) -> bool:
    """False when there is no free thread, or no such endpoint any more."""
    failing = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("failing_since", flat=True)
    return any((PROBES if since else DELIVERIES).submit(endpoint_id, wait=False) for since in failing)


def take_turn(endpoint_id: int) -> None:
    """One after the other until nothing is due; after a while the endpoint stands in line again behind the others. One
    that fails is left alone until the next sweep."""
    until = time.monotonic() + TURN_SECONDS
    while (delivery := claim(endpoint_id)) and deliver(delivery) and not _is_draining():
        if time.monotonic() > until:
            enqueue(SERVE, endpoint_id)
            return


def _is_draining() -> bool:
    return DELIVERIES.draining or PROBES.draining


def drain() -> None:
    DELIVERIES.drain()
    PROBES.drain()


DELIVERIES = Pool(take_turn, size=32, name="webhook")
PROBES = Pool(take_turn, size=8, name="webhook-probe")
