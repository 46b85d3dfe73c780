"""What the product knows of any voice provider: one request, a four-way result, one neutral report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from campaigns.models import ProviderAccount

# What our calls need at a provider. Without the second event a call that never connected is not reported at all.
EVENTS = ("transcript", "call_initiation_failure")
USEFUL_EVENT = "answering_machine_detection"
OUTCOMES = ("dnc", "callback", "qualified", "disqualified", "follow_up", "none")
# Type and description by key, as they have to be entered there.
DATA_KEYS = {
    "crm_outcome": ("string", f"How the call ended: {', '.join(OUTCOMES[:-1])} or none."),
    "callback_at": (
        "string",
        "When the person wants to be called back, in ISO 8601 with their offset; empty if they do not.",
    ),
}


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
    blames_account: bool = False
    """For a refusal that every call through the account would get, whatever its number."""


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


class ProviderBusy(ProviderUnreachable):
    """It asks for fewer questions."""


class KeyRefused(ProviderUnreachable):
    """The key is wrong, or this is not for it to ask."""

    def __init__(self, message: str, *, lacks_permission: bool) -> None:
        super().__init__(message)
        self.lacks_permission = lacks_permission


@dataclass(frozen=True, kw_only=True)
class AgentSetup:
    """How one of the provider's agents is set up, as far as our calls depend on it."""

    allows_prompt: bool
    allows_first_message: bool
    data_keys: frozenset[str]
    own_webhook_id: str = ""
    """Set where the agent does not use the webhook of its workspace."""


@dataclass(frozen=True, kw_only=True)
class ListedNumber:
    id: str
    e164: str
    kind: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Webhook:
    id: str
    url: str
    is_enabled: bool


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    chosen_id: str
    """The one that reports of ended calls go to; empty where none is chosen."""
    events: frozenset[str]
    known: tuple[Webhook, ...]

    @property
    def chosen(self) -> Webhook | None:
        return self.find(self.chosen_id)

    def find(self, webhook_id: str) -> Webhook | None:
        return next((webhook for webhook in self.known if webhook.id == webhook_id), None)


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a provider has for an account. A part that could not be read is the reason why."""

    agents: dict[str, str]
    """Name by id."""
    numbers: tuple[ListedNumber, ...] | ProviderUnreachable
    setups: dict[str, AgentSetup | ProviderUnreachable | None]
    """For the agents that were asked about; None where there is no such agent."""
    webhooks: Webhooks | ProviderUnreachable


class BadSignature(Exception):
    pass


class Adapter(Protocol):
    def place(self, request: PlaceRequest) -> PlaceResult: ...

    def fetch(self, account: ProviderAccount, conversation_id: str) -> CallReport | None:
        """None when the provider does not know the conversation."""

    def find(self, account: ProviderAccount, correlation_id: str) -> list[str]:
        """The conversations with our correlation id. None proves nothing while the request may still arrive."""

    def fetch_audio(self, account: ProviderAccount, conversation_id: str) -> bytes | None: ...

    def inspect(self, account: ProviderAccount, agent_ids: Collection[str]) -> Inspection:
        """Only reads. Raises ProviderUnreachable when not even the list of agents can be had."""

    def verify(self, account: ProviderAccount, headers: dict[str, str], body: bytes) -> None:
        """Raises BadSignature."""

    def read_event(self, body: bytes) -> Event: ...
