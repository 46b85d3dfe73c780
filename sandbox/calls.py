from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.faults import compose, draw
from sandbox.scenarios import REFUSED_START, Line, Scenario

JSON = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """What was asked for and what will come of it; decided once, when the call is accepted."""

    conversation_id: str
    tenant: str
    provider: str
    agent_id: str
    agent_name: str
    phone_number_id: str
    from_number: str
    to_number: str
    sid: str
    client_data: JSON
    first_message: str
    collects: JSON
    criteria: list[str]
    language: str
    code: str
    faults: list[str]
    seed: int
    count: int
    ringing_timeout: float
    max_duration: float
    machine_detection: bool
    start_error: str
    accepted_at: float

    def __hash__(self) -> int:
        return hash(self.conversation_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and other.conversation_id == self.conversation_id

    @cached_property
    def scenario(self) -> Scenario:
        return compose(self.code, tuple(self.faults))

    @property
    def line(self) -> Line:
        return REFUSED_START if self.start_error else self.scenario.line

    @property
    def outcome(self) -> str:
        return "error" if self.start_error else self.scenario.outcome

    @property
    def variables(self) -> JSON:
        variables: JSON = self.client_data.get("dynamic_variables") or {}
        return variables

    @property
    def user_id(self) -> str | None:
        user_id: str | None = self.client_data.get("user_id")
        return user_id

    @property
    def attempt(self) -> str | None:
        value = self.variables.get("crm_attempt_id")
        return None if value is None else str(value)

    @property
    def ring_secs(self) -> float:
        return min(self.draw("ring").uniform(*self.line.ring), self.ringing_timeout)

    def draw(self, *parts: object) -> random.Random:
        return draw(self.seed, self.to_number, self.count, *parts)


@dataclass
class Call:
    plan: Plan
    status: str = "initiated"
    answered_at: float | None = None
    ended_at: float | None = None
    done_at: float | None = None
    next_step: int = 0
    stamps: dict[str, int] = field(default_factory=dict)
    retrying: dict[str, int] = field(default_factory=dict)
    audio_gets: int = 0
    reported: bool = False

    @property
    def id(self) -> str:
        return self.plan.conversation_id

    @property
    def ended(self) -> bool:
        return self.ended_at is not None
