"""Calls as pages show them: one card each, the same on the lead page, on the conversation page and while it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calls.gate.rules import Verdict
from calls.models import Dispatch, Interaction, InteractionEvent
from calls.services import preflight
from leads.models import Lead, LeadStatus

CARDS = 20
SHOWN = ("agent", "user", "api_key", "transcript", "lead", "corrected_by")
PHASES = {"queued": "Queued", "ringing": "Ringing", "in_progress": "In progress", "ended": "Ended"}
WAITING = {
    Dispatch.QUEUED: "Waiting to be dialled.",
    Dispatch.PLACING: "Dialling.",
    Dispatch.UNKNOWN: "The provider did not say whether it took the call. It is not dialled twice; we are asking.",
}


@dataclass(frozen=True)
class Step:
    label: str
    state: str


@dataclass(frozen=True)
class Line:
    role: str
    speaker: str
    text: str
    offset: int | None


@dataclass(frozen=True)
class ShownCall:
    """What a card and a row of the list have in common."""

    call: Interaction

    @property
    def phase_label(self) -> str:
        return PHASES[self.call.phase]

    @property
    def has_recording(self) -> bool:
        return self.call.recording_state == Interaction.Recording.STORED


@dataclass(frozen=True)
class CallCard(ShownCall):
    zone: str
    explanation: str
    steps: tuple[Step, ...]
    lines: tuple[Line, ...]
    version: str
    is_open: bool

    @property
    def is_settled(self) -> bool:
        """Nothing more is expected: the call is over, and its recording is here or will never be."""
        return self.call.is_final and self.call.recording_state != Interaction.Recording.DUE

    @property
    def since(self) -> datetime:
        """From when the current phase is counted."""
        call = self.call
        return call.answered_at or call.placed_at or call.created_at

    @property
    def may_cancel(self) -> bool:
        return self.call.dispatch == Dispatch.QUEUED


def card_of(call: Interaction, *, zone: str, is_open: bool = True) -> CallCard:
    lines = _lines(call)
    return CallCard(
        call=call,
        zone=zone,
        explanation=_explain(call),
        steps=_steps(call),
        lines=lines,
        version=_version(call, len(lines)),
        is_open=is_open,
    )


@dataclass(frozen=True)
class Cards:
    cards: list[CallCard]
    older: int | None


def cards_of(lead: Lead, *, zone: str, older: int | None = None) -> Cards:
    """The lead's calls, newest first; the first one, and any that runs, is open."""
    calls = lead.interactions.select_related(*SHOWN).order_by("-id")
    rows = list((calls.filter(pk__lt=older) if older else calls)[: CARDS + 1])
    shown = rows[:CARDS]
    cards = [card_of(call, zone=zone, is_open=i == 0 or not call.is_final) for i, call in enumerate(shown)]
    return Cards(cards, older=shown[-1].pk if len(rows) > CARDS else None)


@dataclass(frozen=True)
class Neighbours:
    """The lead's calls before and after this one."""

    earlier: Interaction | None
    later: Interaction | None


def neighbours_of(call: Interaction) -> Neighbours:
    calls = Interaction.objects.filter(lead=call.lead_id)
    earlier = calls.filter(pk__lt=call.pk).order_by("-id").first()
    return Neighbours(earlier, calls.filter(pk__gt=call.pk).order_by("id").first())


def history_of(call: Interaction) -> list[InteractionEvent]:
    return list(call.events.order_by("id")[:200])


def _explain(call: Interaction) -> str:
    if not call.is_final:
        return WAITING.get(Dispatch(call.dispatch), "")
    return call.error_message or call.error_code


def _steps(call: Interaction) -> tuple[Step, ...]:
    """A call that ended before somebody answered has skipped what lies between."""
    reached = {"queued": True, "ringing": call.placed_at, "in_progress": call.answered_at, "ended": call.is_final}
    states = []
    for phase, label in PHASES.items():
        if phase == call.phase:
            state = "current"
        elif reached[phase]:
            state = "done"
        else:
            state = "skipped" if call.is_final else "todo"
        states.append(Step(label, state))
    return tuple(states)


def _lines(call: Interaction) -> tuple[Line, ...]:
    if not hasattr(call, "transcript"):
        return ()
    start = call.answered_at or call.placed_at
    return tuple(_line(message, start) for message in call.transcript.messages)


def _line(message: dict[str, Any], start: datetime | None) -> Line:
    role = "agent" if message.get("role") == "agent" else "user"
    speaker = "Agent" if role == "agent" else "Lead"
    return Line(role, speaker, str(message.get("message") or ""), _offset(message.get("timestamp"), start))


def _offset(timestamp: Any, start: datetime | None) -> int | None:
    try:
        said_at = datetime.fromisoformat(str(timestamp))
        return max(0, int((said_at - start).total_seconds())) if start else None
    except (ValueError, TypeError):
        return None


def _version(call: Interaction, lines: int) -> str:
    """Changes exactly when the card would look different."""
    parts = (
        *(call.dispatch, call.status, call.placed_at, call.answered_at, call.ended_at, call.duration),
        *(call.summary, call.callback_at, call.error_code, call.error_message, call.termination_reason),
        *(call.recording_state, call.recording.name, call.lead.status, lines),
        *(call.machine_status, call.corrected_at, call.correction_reason),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class NextStep:
    """The answer to “what do I do next”: one sentence, and from when."""

    tone: str
    text: str
    at: datetime | None = None
    more: int = 0


def next_step_of(lead: Lead) -> NextStep:
    if lead.interactions.live().exists():
        return NextStep("live", "A call is under way.")
    callback_at = lead.callback_at if lead.status == LeadStatus.SCHEDULED_CALLBACK else None
    return _next_step(preflight(lead=lead).verdict, callback_at)


def _next_step(verdict: Verdict, callback_at: datetime | None) -> NextStep:
    if verdict.allowed:
        return NextStep("go", "Asked to be called back" if callback_at else "May be called now", callback_at)
    first = verdict.reasons[0]
    tone = "wait" if verdict.next_allowed_at else "stop"
    return NextStep(tone, first.message, verdict.next_allowed_at, more=len(verdict.reasons) - 1)
