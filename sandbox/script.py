from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from sandbox.calls import Plan
from sandbox.phrases import SMALL_TALK, STORIES, Story

WORDS_PER_SECOND = 2.6
# Every text of a talk is read at 0.6 to 1.1 seconds after the other side has finished.
PAUSE = (0.6, 1.1)
NAME_VARIABLES = ("first_name", "lead_first_name", "firstName", "customer_name", "name", "lead_name")
ZONE_VARIABLES = ("timezone", "lead_timezone", "time_zone")
ZONE_OF_PREFIX = {"+1": "America/New_York", "+44": "Europe/London", "+61": "Australia/Sydney"}


@dataclass(frozen=True)
class Turn:
    role: str
    text: str
    at: float
    secs: float


@dataclass(frozen=True)
class Talk:
    turns: tuple[Turn, ...]
    duration: int
    ends: str
    summary: str
    title: str
    callback_at: str | None

    @property
    def user_turns(self) -> int:
        return sum(turn.role == "user" for turn in self.turns)


def lead_name(plan: Plan) -> str:
    given = (plan.variables.get(name) for name in NAME_VARIABLES)
    return next((str(value) for value in given if value), "the customer")


def lead_zone(plan: Plan) -> tzinfo:
    given = [str(plan.variables.get(name, "")) for name in ZONE_VARIABLES]
    given += [zone for prefix, zone in ZONE_OF_PREFIX.items() if plan.to_number.startswith(prefix)]
    for name in filter(None, given):
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            continue
    return UTC


def callback_moment(plan: Plan, rng: random.Random) -> datetime:
    tomorrow = datetime.fromtimestamp(plan.accepted_at, lead_zone(plan)) + timedelta(days=1)
    return tomorrow.replace(hour=rng.randint(10, 16), minute=rng.choice((0, 15, 30)), second=0, microsecond=0)


def lines(story: Story, plan: Plan, rng: random.Random) -> list[tuple[str, str]]:
    """The turns as (role, text), before names are filled in."""
    opening = [("agent", plan.first_message)] if plan.first_message else []
    said = [("user", rng.choice(story.greeting))] if story.greeting else []
    turns = opening + said if story.speaks_first else said + opening
    asked = rng.sample(SMALL_TALK, rng.randint(*story.questions))
    decided = story.closing if story.whole or not story.closing else (rng.choice(story.closing),)
    for question, answer in (*asked, *decided):
        turns += [("agent", question), ("user", answer)]
    if story.farewell:
        turns.append(("agent", rng.choice(story.farewell)))
    return [(role, text) for role, text in turns if text]


def spoken_secs(text: str) -> float:
    return max(0.8, len(text.split()) / WORDS_PER_SECOND)


def time_turns(turns: list[tuple[str, str]], rng: random.Random) -> list[Turn]:
    timed, clock = [], 0.0
    for role, text in turns:
        secs = spoken_secs(text)
        timed.append(Turn(role, text, clock, secs))
        clock += secs + rng.uniform(*PAUSE)
    return timed


def stretch(turns: list[Turn], least: float) -> list[Turn]:
    """Spread the turns over a longer call: people think before they answer."""
    length = turns[-1].at + turns[-1].secs if turns else 0
    if not turns or length >= least or len(turns) < 3:
        return turns
    factor = least / length
    return [Turn(turn.role, turn.text, turn.at * factor, turn.secs) for turn in turns]


def callback_value(plan: Plan, moment: datetime) -> str | None:
    if plan.line.callback == "tomorrow":
        return moment.isoformat()
    return "some time next week, when it is quieter" if plan.line.callback else None


def wanted_secs(plan: Plan) -> float:
    return plan.max_duration if plan.line.runs_to_limit else plan.line.least_secs


@lru_cache(maxsize=512)
def talk_of(plan: Plan) -> Talk:
    line, rng = plan.line, plan.draw("talk")
    story = STORIES[line.story]
    moment = callback_moment(plan, rng)
    words = {"name": lead_name(plan), "time": moment.strftime("%H:%M")}
    spoken = [(role, fill(text, words)) for role, text in lines(story, plan, rng)]
    turns = stretch(time_turns(spoken, rng), wanted_secs(plan))
    length = turns[-1].at + turns[-1].secs + 1 if turns else 1
    return Talk(
        turns=tuple(turns),
        duration=round(min(max(length, wanted_secs(plan)), plan.max_duration)),
        ends=plan.start_error or rng.choice(line.ends),
        summary=fill(story.summary, words),
        title=fill(story.title, words),
        callback_at=callback_value(plan, moment),
    )


def fill(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text
