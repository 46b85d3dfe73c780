"""What the product knows of any voice provider: one request, a four-way result, one neutral report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from campaigns.models import ProviderAccount


@dataclass(frozen=True, kw_only=True)
class PlaceRequest:
    account: ProviderAccount
    correlation_id: str
    agent_id: str
    number_id: str
    number_kind: str
    to_number: str
    prompt: str
    first_message: str
    variables: dict[str, str]
    user_id: str
    ring_timeout: int
    answer_seconds: int


class Placement(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class PlaceResult:
    """`unknown` means that a phone may be ringing: it is never posted again, only asked about."""

    placement: Placement
    conversation_id: str = ""
    call_id: str = ""
    message: str = ""
    retry_after: float | None = None
    reached: bool = True
    """False for a rejection by the network: the provider never saw the request, so it may be sent again."""


class Phase(StrEnum):
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"
    """The talk is over, its analysis is not there yet."""
    FINAL = "final"


@dataclass(frozen=True, kw_only=True)
class Line:
    role: str
    message: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CallReport:
    """What a provider says about a call, in our words. Empty means "not said", never "not so"."""

    phase: Phase
    conversation_id: str
    correlation_id: str = ""
    call_id: str = ""
    status: str = ""
    error_code: str = ""
    error_message: str = ""
    termination_reason: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    duration: int | None = None
    transcript: tuple[Line, ...] = ()
    summary: str = ""
    has_audio: bool = False
    machine: bool = False
    wish: str = ""
    """The business outcome from structured analysis: dnc, callback, qualified, disqualified, follow_up or nothing."""
    callback: str = ""
    excerpt: bool = False
    """Sent without its transcript, which has to be fetched before the outcome can be told."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One webhook body, read: `report` is None for what the product has no use for."""

    type: str
    conversation_id: str = ""
    report: CallReport | None = None


class ProviderUnreachable(Exception):
    """A question (not a dial) got no usable answer: ask again later."""


class BadSignature(Exception):
    pass


class Adapter(Protocol):
    def place(self, request: PlaceRequest) -> PlaceResult: ...

    def fetch(self, account: ProviderAccount, conversation_id: str) -> CallReport | None:
        """None when the provider does not know the conversation."""

    def find(self, account: ProviderAccount, correlation_id: str) -> list[str]:
        """The conversations with our correlation id. None proves nothing while the request may still arrive."""

    def fetch_audio(self, account: ProviderAccount, conversation_id: str) -> bytes | None: ...

    def verify(self, account: ProviderAccount, headers: dict[str, str], body: bytes) -> None:
        """Raises BadSignature."""

    def read_event(self, body: bytes) -> Event: ...
