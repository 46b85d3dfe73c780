"""May this number be called now, and when next? Pure: facts and a moment in, every reason out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.gate.hours import next_open
from common.hours import WeeklyHours, place


@dataclass(frozen=True)
class Reason:
    """Why a call is refused; with the time from which this reason alone would not stand in the way any more."""

    code: str
    message: str
    rule: str
    next_allowed_at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """Reasons come weightiest first."""

    reasons: tuple[Reason, ...] = ()
    next_allowed_at: datetime | None = None
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.reasons

    @property
    def code(self) -> str:
        return self.reasons[0].code if self.reasons else ""

    @property
    def message(self) -> str:
        return self.reasons[0].message if self.reasons else ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the gate may look at, as it is in the database at this moment."""

    number: str
    number_possible: bool = True
    number_valid: bool = True
    number_dead: bool = False
    listed_as: str = ""
    calls_stopped: bool = False
    campaign_active: bool = True
    has_agent: bool = True
    has_prompt: bool = True
    has_caller_number: bool = True
    live_call_id: str = ""
    attempts: int = 0
    max_attempts: int = 1
    last_call_at: datetime | None = None
    min_gap: timedelta = timedelta()
    hours: WeeklyHours = ((),) * 7
    zones: tuple[str, ...] = ()


def evaluate(facts: Facts, now: datetime) -> Verdict:
    reasons = tuple(reason for reason in (*_standing_reasons(facts), *_timed_reasons(facts, now)) if reason)
    warnings = () if facts.number_valid or not facts.number_possible else (NOT_ASSIGNED,)
    return Verdict(reasons=reasons, next_allowed_at=_next_allowed(facts, reasons, now), warnings=warnings)


NOT_ASSIGNED = "The number has a possible form, but such numbers are assigned to nobody: check it before you call."


def _standing_reasons(facts: Facts) -> list[Reason | None]:
    """Reasons that no waiting ends."""
    return [
        _do_not_call(facts),
        _when(facts.calls_stopped, "CALLS_STOPPED", "All calls are stopped by the stop switch.", "stop_switch"),
        _phone(facts),
        _when(not facts.campaign_active, "CAMPAIGN_INACTIVE", "The campaign is not active.", "campaign.status"),
        _when(
            not facts.has_agent,
            "AGENT_NOT_CONFIGURED",
            "The campaign has no voice agent that can call: choose an active one with an active provider account.",
            "campaign.agent",
        ),
        _when(
            facts.has_agent and not facts.has_prompt,
            "PROMPT_NOT_CONFIGURED",
            "Neither the campaign nor the agent has a prompt template.",
            "campaign.template",
        ),
        _when(
            facts.has_agent and not facts.has_caller_number,
            "MISSING_PHONE_NUMBER",
            "There is no number to call from: the campaign or the agent needs an active one of the agent's account.",
            "campaign.caller_number",
        ),
        _live(facts),
        _when(
            facts.attempts >= facts.max_attempts,
            "MAX_ATTEMPTS_REACHED",
            f"The lead was called {_times(facts.attempts)} in this campaign, and may be {_times(facts.max_attempts)}.",
            "campaign.max_attempts",
        ),
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _timed_reasons(facts: Facts, now: datetime) -> list[Reason | None]:
    return [_gap(facts, now), _hours(facts, now)]


def _when(refused: bool, code: str, message: str, rule: str) -> Reason | None:
    return Reason(code, message, rule) if refused else None


def _do_not_call(facts: Facts) -> Reason | None:
    if not facts.listed_as:
        return None
    return Reason("DO_NOT_CALL", f"This number must not be called: {facts.listed_as}", "do_not_call")


def _phone(facts: Facts) -> Reason | None:
    if not facts.number:
        return Reason("INVALID_PHONE_NUMBER", "The lead has no phone number: add one.", "lead.phone")
    if not facts.number_possible:
        message = f"“{facts.number}” is no phone number: write it with + and the country code, such as +14155550132."
        return Reason("INVALID_PHONE_NUMBER", message, "lead.phone")
    if facts.number_dead:
        message = "The last call found that this number does not exist: correct it."
        return Reason("INVALID_PHONE_NUMBER", message, "lead.phone")
    return None


def _live(facts: Facts) -> Reason | None:
    if not facts.live_call_id:
        return None
    message = "A call to this lead or this number is under way: wait until it has ended."
    return Reason("CALL_IN_PROGRESS", message, "one_call_per_number")


def _gap(facts: Facts, now: datetime) -> Reason | None:
    allowed_at = _after_gap(facts)
    if allowed_at is None or now >= allowed_at:
        return None
    message = f"The last call was less than {_span(facts.min_gap)} ago."
    return Reason("MIN_GAP_NOT_ELAPSED", message, "campaign.min_gap", allowed_at)


def _span(gap: timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    size, unit = (minutes // 60, "hour") if minutes >= 60 and minutes % 60 == 0 else (minutes, "minute")
    return f"{size} {unit}" + ("" if size == 1 else "s")


def _after_gap(facts: Facts) -> datetime | None:
    return facts.last_call_at + facts.min_gap if facts.last_call_at else None


def _hours(facts: Facts, now: datetime) -> Reason | None:
    if not facts.number or not facts.number_possible:
        return None
    if not facts.zones:
        message = "It is not known in which time zone the number is: set the lead's time zone."
        return Reason("OUTSIDE_OPERATING_HOURS", message, "campaign.hours")
    opens = next_open(now, facts.hours, facts.zones)
    if opens == now:
        return None
    where = place(facts.zones[0]) if len(facts.zones) == 1 else f"all {len(facts.zones)} zones the lead may be in"
    message = f"It is outside the campaign's calling hours in {where}."
    if opens is None:
        message = f"The campaign's calling hours never leave a moment in {where}."
    return Reason("OUTSIDE_OPERATING_HOURS", message, "campaign.hours", opens)


def _next_allowed(facts: Facts, reasons: tuple[Reason, ...], now: datetime) -> datetime | None:
    """When all timed reasons are gone together; None while a standing one remains."""
    if any(reason.next_allowed_at is None for reason in reasons):
        return None
    start = max(now, _after_gap(facts) or now)
    return next_open(start, facts.hours, facts.zones)
