"""Rules for calling that go together, so that nobody starts from nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaigns.dialing import StepValues
from campaigns.models import Campaign, VoiceAgent

DAY = 24 * 60
# A day and three hours after the last call is another time of day.
NEXT_DAY = DAY + 3 * 60


@dataclass(frozen=True)
class Preset:
    name: str
    label: str
    text: str
    """One sentence for people."""
    columns: dict[str, Any]
    steps: tuple[StepValues, ...]
    first_action: str = ""
    """Set where the campaign has an agent who can do it."""

    def columns_for(self, agent: VoiceAgent | None, *, first_action: str) -> dict[str, Any]:
        """What somebody chose to happen with leads that come in stays; only nothing becomes something."""
        takes_over = self.first_action and agent and first_action == Campaign.FirstAction.NONE
        return self.columns | ({"first_action": self.first_action} if takes_over else {})


def _preset(
    name: str, label: str, text: str, steps: tuple[StepValues, ...], *, first_action: str = "", **columns: Any
) -> Preset:
    return Preset(name, label, text, columns, steps, first_action)


GENTLE = _preset(
    "gentle",
    "Gentle",
    "At most three calls to a lead, two and four days apart, and one at a time.",
    (StepValues(after_attempt=1, wait_minutes=2 * DAY, part_of_day="afternoon"), StepValues(wait_minutes=4 * DAY)),
    min_gap_minutes=DAY,
    max_attempts=3,
    max_attempts_per_day=1,
    retry_outcomes=["no_answer", "busy"],
    dialer_concurrency=1,
    calls_per_minute=2,
    new_first=True,
)
STANDARD = _preset(
    "standard",
    "Standard",
    "Up to six calls to a lead, first again in the afternoon, then every next day at another time.",
    (StepValues(after_attempt=1, part_of_day="afternoon"), StepValues(wait_minutes=NEXT_DAY)),
    min_gap_minutes=240,
    max_attempts=6,
    max_attempts_per_day=2,
    retry_outcomes=["no_answer", "busy", "voicemail"],
    dialer_concurrency=5,
    calls_per_minute=10,
    new_first=True,
)
SPEED_TO_LEAD = _preset(
    "speed_to_lead",
    "Speed to lead",
    "New leads at once, again after half an hour and four hours, then every next day, up to eight calls.",
    (
        StepValues(after_attempt=1, wait_minutes=30),
        StepValues(after_attempt=2, wait_minutes=240),
        StepValues(wait_minutes=NEXT_DAY),
    ),
    min_gap_minutes=30,
    max_attempts=8,
    max_attempts_per_day=3,
    retry_outcomes=["no_answer", "busy", "voicemail", "incomplete"],
    dialer_concurrency=10,
    calls_per_minute=30,
    new_first=True,
    first_action=Campaign.FirstAction.VOICE_AI,
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in (GENTLE, STANDARD, SPEED_TO_LEAD)}
