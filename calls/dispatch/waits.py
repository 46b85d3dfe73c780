"""How long a request to place a call may run, and when its absence at the provider proves that it never arrived."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from campaigns.models import ProviderAccount

# The provider may answer only when the phone has rung out, and then takes its time.
ANSWER_SECONDS = 30
# What a worker needs beyond the timeouts to write down what came of it, and the network to deliver.
WRITTEN_DOWN = timedelta(seconds=5)
DELIVERED = timedelta(seconds=15)
# From the claim to the request; a call that nobody has sent by then is freed for another worker.
PREPARING_TAKES = timedelta(seconds=30)
# No call is told to wait longer before it is tried again.
LONGEST_WAIT = timedelta(minutes=15)


def longest_request() -> timedelta:
    seconds = settings.CONNECT_TIMEOUT_SECONDS + settings.RING_TIMEOUT_SECONDS + ANSWER_SECONDS
    return timedelta(seconds=seconds)


def proof_after(account: ProviderAccount) -> timedelta:
    """The network may deliver late and the provider's list may lag; the sandbox on this machine does neither."""
    if account.host == "sandbox":
        return longest_request() + DELIVERED
    return timedelta(seconds=settings.RECONCILE_GIVE_UP_SECONDS)
