"""What a campaign's rules for calling ask for, judged as a whole: where two of them contradict, a sentence says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError

from campaigns.models import RETRYABLE, CallerNumber, Campaign, SequenceStep, VoiceAgent
from campaigns.prompts import find_mistakes
from campaigns.queries import variable_defaults
from common.hours import hours_or_closed, span_text

MOST_STEPS = 20
# In minutes of the day; the dialer's own stand in calls.gate.timing, and a test holds the two together.
PARTS_OF_DAY = {"morning": (0, 12 * 60), "afternoon": (12 * 60, 17 * 60), "evening": (17 * 60, 24 * 60)}
# After a callback only who calls, and from where, is taken from a step.
CALLBACK = "scheduled_callback"
Problems = dict[str, list[str]]


@dataclass(frozen=True)
class StepValues:
    """A step of the sequence as people give it; its place is its place in the list."""

    after_attempt: int | None = None
    outcomes: tuple[str, ...] = ()
    wait_minutes: int | None = None
    part_of_day: str = ""
    agent: VoiceAgent | None = None
    caller_number: CallerNumber | None = None


def steps_of(campaign: Campaign) -> list[StepValues]:
    return [values_of(step) for step in campaign.steps.select_related(*STEP_ROWS)]


STEP_ROWS = ("agent__account", "agent__caller_number__account", "caller_number__account")


def values_of(step: SequenceStep) -> StepValues:
    return StepValues(
        after_attempt=step.after_attempt,
        outcomes=tuple(step.outcomes),
        wait_minutes=step.wait_minutes,
        part_of_day=step.part_of_day,
        agent=step.agent,
        caller_number=step.caller_number,
    )


def rows_of(campaign: Campaign, steps: Sequence[StepValues]) -> list[SequenceStep]:
    """Not saved."""
    return [
        SequenceStep(
            campaign=campaign,
            position=position,
            after_attempt=step.after_attempt,
            outcomes=list(step.outcomes),
            wait_minutes=step.wait_minutes,
            part_of_day=step.part_of_day,
            agent=step.agent,
            caller_number=step.caller_number,
        )
        for position, step in enumerate(steps)
    ]


def steps_text(steps: Sequence[StepValues]) -> str:
    return "; ".join(step_text(step) for step in steps) or "none"


def step_text(step: StepValues) -> str:
    """after attempt 2, no answer or busy: wait 1 day, afternoon, Nora, +14155550100"""
    does = [
        f"wait {span_text(step.wait_minutes)}" if step.wait_minutes is not None else "",
        step.part_of_day,
        step.agent.name if step.agent else "",
        step.caller_number.e164 if step.caller_number else "",
    ]
    return f"{_when(step)}: {', '.join(part for part in does if part) or 'as usual'}"


def _when(step: StepValues) -> str:
    if step.after_attempt == 0:
        return "before the first call"
    when = "after any attempt" if step.after_attempt is None else f"after attempt {step.after_attempt}"
    outcomes = " or ".join(outcome_text(outcome) for outcome in step.outcomes)
    return f"{when}, {outcomes}" if outcomes else when


def outcome_text(outcome: str) -> str:
    return outcome.replace("_", " ")


def check_dialing(campaign: Campaign, steps: Sequence[StepValues]) -> Problems:
    """By column, and by "steps.0.wait_minutes" for the first step's wait; empty when nothing contradicts."""
    return check_campaign(campaign) | check_steps(campaign, steps)


def standing_problems(campaign: Campaign, stored: Sequence[StepValues], wanted: Sequence[StepValues]) -> Problems:
    """Of the steps: those that stand and are only not reached any more are in nobody's way."""
    found = check_steps(campaign, wanted)
    if [_comparable(step) for step in wanted] != [_comparable(step) for step in stored]:
        return found
    return {name: told for name, told in found.items() if not name.endswith(".after_attempt")}


def _comparable(step: StepValues) -> StepValues:
    return replace(step, outcomes=tuple(sorted(step.outcomes)))


def check_campaign(campaign: Campaign) -> Problems:
    """Without its steps."""
    return _by_name(_of_campaign(campaign))


# Between which columns a contradiction is told at one of them, where it is more than the one.
RELATED = {
    "max_attempts_per_day": {"max_attempts"},
    "excluded_statuses": {"retry_outcomes", "first_action"},
    "voicemail_message": {"voicemail_action"},
    "first_action": {"production_agent"},
    "first_action_endpoint": {"first_action"},
}


def rule_problems(campaign: Campaign, changed: Collection[str]) -> Problems:
    """Those that the changed columns have to do with."""
    found = check_campaign(campaign)
    return {name: told for name, told in found.items() if {name, *RELATED.get(name, ())} & set(changed)}


def check_steps(campaign: Campaign, steps: Sequence[StepValues]) -> Problems:
    return _by_name(_of_steps(campaign, steps))


def _by_name(sentences: Iterable[tuple[str, str]]) -> Problems:
    found: Problems = defaultdict(list)
    for name, sentence in sentences:
        found[name].append(sentence)
    return dict(found)


def _of_campaign(campaign: Campaign) -> Iterator[tuple[str, str]]:
    most, daily = campaign.max_attempts, campaign.max_attempts_per_day
    if most and daily and daily > most:
        yield "max_attempts_per_day", f"A lead is called at most {_times(most)} in all: write no more than that a day."
    yield from (("retry_outcomes", sentence) for sentence in _of_retries(campaign.retry_outcomes))
    yield from (("excluded_statuses", sentence) for sentence in _of_statuses(campaign))
    yield from (("voicemail_message", sentence) for sentence in _of_message(campaign))
    yield from _of_first_action(campaign)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _of_retries(outcomes: Any) -> Iterator[str]:
    if not _are_words(outcomes):
        yield 'Write a list of outcomes, such as ["no_answer", "busy"].'
        return
    for outcome in outcomes:
        if outcome not in RETRYABLE:
            yield f"“{outcome[:40]}” is no outcome that can be tried again: choose from {', '.join(RETRYABLE)}."


def _of_statuses(campaign: Campaign) -> Iterator[str]:
    # Which statuses there are only leads know; the forms and the API ask them.
    statuses = campaign.excluded_statuses
    if not _are_words(statuses):
        yield 'Write a list of lead statuses, such as ["qualified"].'
        return
    yield from (told for status, told in NEVER_EXCLUDED.items() if status in statuses)
    if "pending_action" in statuses and campaign.first_action == Campaign.FirstAction.VOICE_AI:
        yield "A new lead is pending action until its first call, which would never be made: do not leave it out."
    if not _are_words(campaign.retry_outcomes):
        return
    again: dict[str, list[str]] = defaultdict(list)
    for outcome in campaign.retry_outcomes:
        again[STATUS_AFTER.get(outcome, "")].append(outcome_text(outcome))
    for status in statuses:
        if outcomes := again.get(status):
            after = " and ".join(outcomes)
            told = f"After {after} a lead has the status “{outcome_text(status)}” and is to be called again"
            yield f"{told}: do not leave this status out, or do not try again after {after}."


# What becomes of a lead by an outcome that can be tried again; calls.ingest has it for all, and a test holds the two
# together.
STATUS_AFTER = {
    **{"no_answer": "no_answer", "busy": "no_answer", "voicemail": "voicemail"},
    **{"completed": "contacted", "incomplete": "contacted", "follow_up": "contacted"},
}
NEVER_EXCLUDED = {
    "new": "Leads that are new are those to call first: with them left out, nobody would be.",
    "scheduled_callback": "Scheduled callbacks would never be made with their leads left out: leave this status in.",
    "dnc": "Leads on Do-Not-Call are never called, whatever stands here: take it out.",
}


def _are_words(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)


def _of_message(campaign: Campaign) -> Iterator[str]:
    message = campaign.voicemail_message
    if campaign.voicemail_action == Campaign.Voicemail.LEAVE_MESSAGE and not message.strip():
        yield "Write what is said to the voicemail, or let the agent hang up."
    if message:
        yield from find_mistakes(message, variable_defaults(campaign.workspace_id))


def _of_first_action(campaign: Campaign) -> Iterator[tuple[str, str]]:
    action, endpoint = campaign.first_action, campaign.first_action_endpoint
    if endpoint and endpoint.workspace_id != campaign.workspace_id:
        yield "first_action_endpoint", "There is no such webhook endpoint in this workspace: choose another one."
    elif endpoint and endpoint.campaign_code not in ("", campaign.code):
        yield "first_action_endpoint", "This endpoint is another campaign's: choose the workspace's or its own."
    elif endpoint and not endpoint.url:
        yield "first_action_endpoint", "This endpoint has no URL: give it one, or choose another."
    if action == Campaign.FirstAction.WEBHOOK and not endpoint:
        yield "first_action_endpoint", "Choose the webhook endpoint that is told of new leads, or another action."
    if action == Campaign.FirstAction.VOICE_AI and not campaign.production_agent:
        yield "first_action", "A Voice AI call needs a voice agent: choose the campaign's agent first."


def _of_steps(campaign: Campaign, steps: Sequence[StepValues]) -> Iterator[tuple[str, str]]:
    if len(steps) > MOST_STEPS:
        yield "steps", f"These are more than {MOST_STEPS} steps: join those that do the same."
        return
    if not _are_words(campaign.retry_outcomes):
        return
    decided = _deciding(campaign, steps)
    for place, (step, row) in enumerate(zip(steps, rows_of(campaign, steps), strict=True)):
        problems = [*_of_values(row), *_of_case(campaign, step), *_of_wait(campaign, step)]
        problems += [*_of_part(campaign, step), *_of_caller(campaign, step)]
        if not problems and place not in decided:
            problems = [("after_attempt", "Earlier steps decide in every case of this one: move it up, or remove it.")]
        yield from ((f"steps.{place}.{name}", sentence) for name, sentence in problems)


def _of_values(row: SequenceStep) -> Iterator[tuple[str, str]]:
    """What each field by itself may hold."""
    try:
        row.clean_fields(exclude=["campaign", "position", "agent", "caller_number"])
    except ValidationError as error:
        yield from ((name, sentence) for name, told in error.message_dict.items() for sentence in told)


def _of_case(campaign: Campaign, step: StepValues) -> Iterator[tuple[str, str]]:
    """Whether what it waits for can happen at all."""
    after, most = step.after_attempt, campaign.max_attempts
    if after and most and after >= most:
        sentence = f"A lead is called at most {_times(most)}, so nothing follows attempt {after}"
        yield "after_attempt", f"{sentence}: allow more attempts, or remove the step."
    if after == 0 and step.outcomes:
        yield "outcomes", "Before the first call nothing has come of one: choose no outcomes here."
        return
    for outcome in step.outcomes:
        if outcome not in RETRYABLE:
            yield "outcomes", f"“{outcome[:40]}” is no outcome that can be tried again."
        elif outcome not in campaign.retry_outcomes:
            again = "let the dialer try it again"
            yield "outcomes", f"After {outcome_text(outcome)} the dialer does not call again: {again}, or take it out."
    if after != 0 and not campaign.retry_outcomes and not (step.outcomes or step.agent or step.caller_number):
        yield "outcomes", "No outcome is tried again, so this step never applies: choose some, or remove the step."


def _of_wait(campaign: Campaign, step: StepValues) -> Iterator[tuple[str, str]]:
    wait, gap = step.wait_minutes, campaign.min_gap_minutes
    if wait is None:
        return
    if step.after_attempt == 0:
        yield "wait_minutes", "Before the first call there is nothing to wait after: leave it empty."
    elif gap and wait < gap:
        yield "wait_minutes", f"The minimum gap is {span_text(gap)}: wait at least as long, or leave it empty."


def _of_part(campaign: Campaign, step: StepValues) -> Iterator[tuple[str, str]]:
    """Hours of a fixed zone say nothing of the lead's day."""
    part = step.part_of_day
    if part not in PARTS_OF_DAY or campaign.hours_zone:
        return
    hours, (begins, ends) = hours_or_closed(campaign.hours), PARTS_OF_DAY[part]
    if any(hours) and not any(start < ends and begins < end for day in hours for start, end in day):
        yield "part_of_day", f"The campaign's hours leave no time in the {part}: choose another part, or none."


def _of_caller(campaign: Campaign, step: StepValues) -> Iterator[tuple[str, str]]:
    """A provider can only call from a number that its own account holds."""
    for name, row in (("agent", step.agent), ("caller_number", step.caller_number)):
        if row and row.workspace_id != campaign.workspace_id:
            yield name, "There is no such one in this workspace: choose another."
            return
    agent = step.agent or campaign.production_agent
    number = step.caller_number or (campaign.caller_number_for(agent) if agent else None)
    if not (step.agent or step.caller_number) or not agent or not number or number.account_id == agent.account_id:
        return
    sentence = f"{number} is held by {number.account}, but {agent.name} calls through {agent.account}"
    yield "caller_number", f"{sentence}: choose a number of that account here."


def _deciding(campaign: Campaign, steps: Sequence[StepValues]) -> set[int]:
    """The places of the steps that are the first to fit at least one case."""
    named = {step.after_attempt for step in steps if step.after_attempt}
    other = next(number for number in range(1, len(named) + 2) if number not in named)
    reached = {number for number in named if number < (campaign.max_attempts or 1)}
    outcomes = (*campaign.retry_outcomes, CALLBACK)
    # Of a step after any attempt nobody asks how many there are.
    cases = [(0, ""), *((made, outcome) for made in (*reached, other) for outcome in outcomes)]
    firsts = (_first(steps, made, outcome) for made, outcome in cases)
    return {place for place in firsts if place is not None}


def _first(steps: Sequence[StepValues], made: int, outcome: str) -> int | None:
    return next((place for place, step in enumerate(steps) if _fits(step, made, outcome)), None)


def _fits(step: StepValues, made: int, outcome: str) -> bool:
    if made == 0:
        return step.after_attempt == 0
    if outcome == CALLBACK and not (step.agent or step.caller_number):
        return False
    return step.after_attempt in (None, made) and (not step.outcomes or outcome in step.outcomes)
