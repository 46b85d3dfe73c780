"""What a campaign's rules for calling mean together, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from campaigns.dialing import Problems, StepValues, outcome_text
from campaigns.models import Campaign
from common.hours import holidays_or_none, hours_or_closed, place, span_text, week_text

FIRST_ACTIONS = {
    Campaign.FirstAction.NONE: "A lead that comes in waits until somebody sends it to the dialer.",
    Campaign.FirstAction.VOICE_AI: "A lead that comes in is called at once, or as soon as the hours allow.",
    Campaign.FirstAction.HUMAN_REVIEW: "A lead that comes in waits for a person to approve it.",
    Campaign.FirstAction.WEBHOOK: "A lead that comes in is reported to your own system.",
}


def dialing_words(campaign: Campaign, steps: Sequence[StepValues]) -> list[str]:
    return [
        f"{_when(campaign)}, {_how_often(campaign)}.",
        _again(campaign, len(steps)),
        *_left_out(campaign),
        _how_fast(campaign),
        FIRST_ACTIONS.get(campaign.first_action, ""),  # type: ignore[call-overload]
    ]


def problem_words(problems: Problems) -> list[str]:
    """What contradicts, in the order of the steps it is about."""
    return [f"{_whose(name)}{sentence}" for name, sentences in problems.items() for sentence in sentences]


def _whose(name: str) -> str:
    first, _, rest = name.partition(".")
    place = rest.partition(".")[0]
    return f"Step {int(place) + 1}: " if first == "steps" and place.isdecimal() else ""


def hours_words(campaign: Campaign) -> str:
    week = week_text(hours_or_closed(campaign.hours))
    if week == "Always":
        return "at any hour"
    where = f"{place(campaign.hours_zone)} time" if campaign.hours_zone else "where the lead is"
    return f"{week} {where}" if campaign.hours_zone else f"{week}, {where}"


def _when(campaign: Campaign) -> str:
    if not any(hours_or_closed(campaign.hours)):
        return "Calls nobody, because its hours are never open"
    days = len(holidays_or_none(campaign.holidays))
    closed = f", but not on {_counted(days, 'holiday')}" if days else ""
    return f"Calls {hours_words(campaign)}{closed}"


def _how_often(campaign: Campaign) -> str:
    daily = campaign.max_attempts_per_day
    in_a_day = f", {_times(daily)} in 24 hours" if daily else ""
    gap = f", at least {span_text(campaign.min_gap_minutes)} apart" if campaign.min_gap_minutes else ""
    return f"each lead at most {_times(campaign.max_attempts)}{in_a_day}{gap}"


def _again(campaign: Campaign, steps: int) -> str:
    outcomes = [outcome_text(outcome) for outcome in campaign.retry_outcomes]
    if not outcomes or campaign.max_attempts == 1:
        return "It calls each lead once and does not try again."
    by_steps = f", as {_counted(steps, 'step')} below {'say' if steps > 1 else 'says'}" if steps else ""
    return f"It tries again after {_listed(outcomes)}{by_steps}."


def _left_out(campaign: Campaign) -> Iterator[str]:
    statuses = [outcome_text(str(status)) for status in campaign.excluded_statuses or ()]
    if statuses:
        yield f"It leaves out leads that are {_listed(statuses)}."


def _how_fast(campaign: Campaign) -> str:
    limits = list(_limits(campaign))
    first = "New leads come before retries" if campaign.new_first else "Retries and new leads come as they are due"
    most = f"at most {_listed(limits, 'and')}" if limits else "as many at a time as the provider account has lines"
    return f"{first}, {most}."


def _limits(campaign: Campaign) -> Iterator[str]:
    if campaign.dialer_concurrency:
        yield f"{_counted(campaign.dialer_concurrency, 'call')} at a time"
    if campaign.calls_per_minute:
        yield f"{campaign.calls_per_minute} a minute"
    if campaign.daily_cap:
        yield f"{campaign.daily_cap} a day"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(words: Sequence[Any], last: str = "or") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else str(words[0])
