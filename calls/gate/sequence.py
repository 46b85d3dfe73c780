"""What a campaign's rules say comes after the attempts that were made: stop, or again, when and how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

UNDER_WAY = "in_progress"
# Over for a reason that is not the lead's: no rule speaks of it.
FAULT = "error"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    at: datetime
    status: str
    ended_at: datetime | None = None

    @property
    def over_by(self) -> datetime:
        return self.ended_at or self.at


@dataclass(frozen=True, kw_only=True)
class Step:
    """After this attempt (None: any) with one of these outcomes (none: any that is tried again)."""

    after_attempt: int | None = None
    outcomes: frozenset[str] = frozenset()
    wait: timedelta | None = None
    part: str = ""
    agent_id: int | None = None
    caller_number_id: int | None = None

    def fits(self, made: int, outcome: str) -> bool:
        if made == 0:
            return self.after_attempt == 0
        return self.after_attempt in (None, made) and (not self.outcomes or outcome in self.outcomes)


@dataclass(frozen=True, kw_only=True)
class Rules:
    max_attempts: int
    retry_outcomes: frozenset[str]
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Course:
    """What comes next. `stop` says why nothing does: MAX_ATTEMPTS_REACHED or OUTCOME_FINAL."""

    stop: str = ""
    not_before: datetime | None = None
    step: Step = Step()
    """The one that applies; an empty one where none does."""


def next_course(
    rules: Rules, attempts: Sequence[Attempt], *, since: datetime, callback_at: datetime | None = None
) -> Course:
    """`attempts` are those that count, oldest first. What came of those before `since`, when the lead was sent to the
    dialer, is no reason to stop or wait; a time at which it asked to be called goes before every rule of waiting. While
    the last one is under way nothing is decided: nobody knows what comes of it."""
    if attempts and attempts[-1].status == UNDER_WAY:
        return Course()
    if len(attempts) >= rules.max_attempts:
        return Course(stop="MAX_ATTEMPTS_REACHED")
    last = attempts[-1] if attempts and attempts[-1].over_by >= since else None
    made, outcome = (len(attempts), last.status) if last else (0, "")
    fitting = [step for step in rules.steps if step.fits(made, outcome)]
    if callback_at:
        # Waits and parts of the day are no matter of a promise; who calls, and from where, still is.
        calling = (step for step in fitting if step.agent_id or step.caller_number_id)
        return Course(not_before=callback_at, step=replace(next(calling, Step()), wait=None, part=""))
    step = next(iter(fitting), Step())
    if last and last.status not in rules.retry_outcomes | {FAULT}:
        return Course(stop="OUTCOME_FINAL")
    waited = last.over_by + step.wait if last and step.wait else None
    return Course(not_before=waited, step=step)
