"""May this number be called now, and when next? Pure: facts and a moment in, every reason out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calls.gate.hours import next_open
from calls.gate.sequence import Attempt
from calls.gate.timing import Timing, after_day_limit, after_gap, all_zones, next_call_time, why_never
from common.hours import is_holiday, place, span_text


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
    dialer_refusal: tuple[str, str] | None = None
    """For a call of the dialer: code and sentence of why it would not make it."""
    attempts: int = 0
    max_attempts: int = 1
    timing: Timing = Timing(openings=())
    zones: tuple[str, ...] = ()
    """Where the lead may be."""
    made: tuple[Attempt, ...] = ()
    """The attempts that count, oldest first."""
    contact_type: str = "new"
    """For the prompt: new, first (was called before) or returning (was spoken to before)."""


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
        _dialer(facts),
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
    return [_gap(facts, now), _day_limit(facts, now), _number_cap(facts, now), _hours(facts, now)]


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


def _dialer(facts: Facts) -> Reason | None:
    return Reason(*facts.dialer_refusal, "campaign.auto_dialer") if facts.dialer_refusal else None


def _gap(facts: Facts, now: datetime) -> Reason | None:
    allowed_at = after_gap(facts.timing)
    if allowed_at is None or now >= allowed_at:
        return None
    message = f"The last call was less than {span_text(int(facts.timing.min_gap.total_seconds() // 60))} ago."
    return Reason("MIN_GAP_NOT_ELAPSED", message, "campaign.min_gap", allowed_at)


def _day_limit(facts: Facts, now: datetime) -> Reason | None:
    allowed_at = after_day_limit(facts.timing)
    if allowed_at is None or now >= allowed_at:
        return None
    most = facts.timing.max_per_day or 0
    message = f"The lead was called {_times(most)} within 24 hours, and may not be called more often."
    return Reason("MAX_ATTEMPTS_PER_DAY", message, "campaign.max_attempts_per_day", allowed_at)


def _number_cap(facts: Facts, now: datetime) -> Reason | None:
    free_at = facts.timing.number_free_at
    if free_at is None or now >= free_at:
        return None
    message = "The number to call from has made all the calls it may make today: choose another one, or wait."
    return Reason("CALLER_NUMBER_DAILY_CAP", message, "caller_number.daily_cap", free_at)


def _hours(facts: Facts, now: datetime) -> Reason | None:
    if not facts.number or not facts.number_possible:
        return None
    if not facts.timing.openings:
        return Reason("OUTSIDE_OPERATING_HOURS", why_never(facts.timing), "campaign.hours")
    opens = next_open(now, facts.timing.openings)
    if opens == now:
        return None
    if opens is None:
        return Reason("OUTSIDE_OPERATING_HOURS", why_never(facts.timing), "campaign.hours")
    if closed := _holiday(facts, now):
        message = f"The campaign does not call on holidays, and {closed} is one."
        return Reason("OUTSIDE_OPERATING_HOURS", message, "campaign.holidays", opens)
    message = f"It is outside the campaign's calling hours in {_where_closed(facts, now)}."
    return Reason("OUTSIDE_OPERATING_HOURS", message, "campaign.hours", opens)


def _where_closed(facts: Facts, now: datetime) -> str:
    openings = facts.timing.openings
    closed = [place(opening.zone) for opening in openings if next_open(now, (opening,)) != now]
    if len(closed) < len(openings):
        return f"{closed[0]}, one of the {len(openings)} zones the lead may be in"
    return closed[0] if len(closed) == 1 else all_zones(openings)


def _holiday(facts: Facts, now: datetime) -> str:
    days = ((now.astimezone(ZoneInfo(opening.zone)).date(), opening.holidays) for opening in facts.timing.openings)
    return next((f"{day:%A} {day.day} {day:%B}" for day, holidays in days if is_holiday(day, holidays)), "")


def _next_allowed(facts: Facts, reasons: tuple[Reason, ...], now: datetime) -> datetime | None:
    """When all timed reasons are gone together; None while a standing one remains."""
    if any(reason.next_allowed_at is None for reason in reasons):
        return None
    return next_call_time(facts.timing, now)
