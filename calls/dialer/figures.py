"""A campaign's dialer as it is now: what its page and the API show while it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Count:
    """Counted up to a limit: a number of all rows would cost more than it says."""

    number: int
    is_more: bool = False


@dataclass(frozen=True)
class Live:
    state: str
    """off, on or paused; a campaign that is not active dials nobody whatever it says."""
    held_why: str
    held_text: str
    """Why nobody is dialed although somebody is due; empty while it dials or nobody is due."""
    queued: int
    ringing: int
    talking: int
    waiting: Count
    due: Count
    parked: Count
    """Waiting without a time: status left out, waiting for approval, no zone."""
    done: Count
    next_at: datetime | None
    """When the next one is due."""
    started_last_minute: int
    calls_per_minute: int | None
    concurrency: int | None
    placed_today: int
    daily_cap: int | None
    answered_today: int
    reached_today: int


def live_of(campaign: Campaign) -> Live:
    raise NotImplementedError
