from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from sandbox.scenarios import MAGIC, MIX, Scenario

# Each fault borrows one part of the magic scenario that shows it.
FAULTS: dict[str, tuple[str, str]] = {
    "timeout_after_accept": ("reply", "30"),
    "drop_after_accept": ("reply", "31"),
    "error_after_accept": ("reply", "32"),
    "no_ids": ("reply", "59"),
    "unreadable_reply": ("reply", "60"),
    "slow_accept": ("reply", "69"),
    "webhook_first": ("reply", "41"),
    "error_before_accept": ("reply", "33"),
    "throttle": ("reply", "34"),
    "system_busy": ("reply", "35"),
    "drop_before_accept": ("reply", "36"),
    "timeout_before_accept": ("reply", "37"),
    "success_false": ("reply", "38"),
    "no_webhook": ("steps", "45"),
    "duplicate_webhook": ("steps", "42"),
    "late_webhook": ("steps", "46"),
    "stale_signature": ("steps", "47"),
    "future_signature": ("steps", "48"),
    "malformed_signature": ("steps", "49"),
    "two_signatures": ("steps", "50"),
    "wrong_secret": ("steps", "51"),
    "unknown_event_first": ("steps", "52"),
    "broken_json_first": ("steps", "64"),
    "unknown_conversation_first": ("steps", "65"),
    "foreign_event_first": ("steps", "66"),
    "chunked_webhook": ("steps", "56"),
    "huge_webhook": ("steps", "57"),
    "no_recording": ("recording", "67"),
    "late_recording": ("recording", "68"),
}


def draw(*parts: object) -> random.Random:
    return random.Random("|".join(str(part) for part in parts))


def choose(seed: int, to_number: str, count: int) -> str:
    """The scenario of a number without a magic ending: a mix that depends only on its arguments."""
    return draw(seed, to_number, count).choices(list(MIX), list(MIX.values()))[0]


def strike(probabilities: Mapping[str, float], seed: int, to_number: str, count: int) -> tuple[str, ...]:
    """The faults that hit this request; the first one in the table wins where two want the same part."""
    hit: dict[str, str] = {}
    for name, (part, _) in FAULTS.items():
        probability = probabilities.get(name, 0)
        if probability and draw(seed, to_number, count, name).random() < probability:
            hit.setdefault(part, name)
    return tuple(hit.values())


def compose(code: str, faults: tuple[str, ...] = ()) -> Scenario:
    scenario = MAGIC[code]
    for name in faults:
        part, source = FAULTS[name]
        scenario = replace(scenario, **{part: getattr(MAGIC[source], part)})
    # A drawn refusal is decided anew for every request, so it must not count the requests as a magic number does.
    return replace(scenario, reply=replace(scenario.reply, times=None)) if faults else scenario


def pick(to_number: str, count: int, seed: int, probabilities: Mapping[str, float]) -> tuple[str, tuple[str, ...]]:
    ending = to_number[-2:]
    if ending in MAGIC:
        return ending, ()
    return choose(seed, to_number, count), strike(probabilities, seed, to_number, count)
