"""The lanes in which a worker sends: what is healthy, what fails, and tests have threads of their own. However many
that fail let us wait, the others are served; and a test, which somebody is looking at, waits behind no delivery."""

from __future__ import annotations

import time

from webhooks.delivering import OF_A_WORKSPACE, claim, deliver, tests_of
from webhooks.lanes import Lane
from webhooks.models import WebhookEndpoint

TURN_SECONDS = 2.0


def hand_over(endpoint_id: int) -> None:
    """A job too many is harmless: it finds nothing to claim, or nobody."""
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        return
    if tests_of(endpoint).exists():
        TESTS.submit(endpoint.workspace_id, endpoint_id)
    lane = PROBES if endpoint.failing_since else DELIVERIES
    lane.submit(endpoint.workspace_id, endpoint_id)


def take_turn(endpoint_id: int) -> None:
    """One after the other until nothing is due; after a while the endpoint stands in line again behind the others. One
    that fails is left alone until the next sweep."""
    until = time.monotonic() + TURN_SECONDS
    while (delivery := claim(endpoint_id)) and deliver(delivery) and not _is_draining():
        if time.monotonic() > until:
            hand_over(endpoint_id)
            return


def send_tests(endpoint_id: int) -> None:
    while not _is_draining() and (delivery := claim(endpoint_id, tests=True)):
        deliver(delivery)


def _is_draining() -> bool:
    return any(lane.draining for lane in LANES)


def drain() -> None:
    for lane in LANES:
        lane.close()
    for lane in LANES:
        lane.wait()


# Of each a quarter at most is one workspace's.
DELIVERIES = Lane(take_turn, size=32, share=OF_A_WORKSPACE, name="webhook")
PROBES = Lane(take_turn, size=8, share=2, name="webhook-probe")
TESTS = Lane(send_tests, size=8, share=2, name="webhook-test")
LANES = (DELIVERIES, PROBES, TESTS)
