"""A campaign's auto-dialer on and off."""

from __future__ import annotations

from accounts.actors import Actor
from campaigns.models import Campaign

ACTS = ("start", "pause", "resume", "stop")


def set_dialer(*, campaign: Campaign, act: str, by: Actor) -> bool:
    """start and resume: on. pause: nobody is dialed, the list stays. stop: off, and the list is emptied. Calls in
    flight finish, queued ones of the dialer are withdrawn at once. False when it was so already. Raises ProblemError
    DIALER_STATE for what cannot follow (resume or pause of one that is off)."""
    raise NotImplementedError
