"""Leads in the auto-dialer: sent to it, taken out, and asked when they are called next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from calls.models import DialerEntry
from leads.models import Lead


@dataclass(frozen=True)
class Sent:
    """What became of one lead; `code` is empty where it is in the dialer now."""

    lead: Lead
    next_call_time: datetime | None = None
    code: str = ""
    message: str = ""


def send_to_dialer(*, leads: Sequence[Lead], by: Actor) -> list[Sent]:
    """One answer for each, in their order; a lead that is in already keeps its place and gets its time told."""
    raise NotImplementedError


def take_out(*, lead: Lead, by: Actor, reason: str = "") -> bool:
    """Out of its campaign's dialer, a queued call with it; False when it was not in."""
    raise NotImplementedError


def entry_of(lead: Lead) -> DialerEntry | None:
    """In its campaign's dialer, planned by the rules of now (not saved)."""
    raise NotImplementedError
