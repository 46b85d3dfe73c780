"""A person's word on how a call ended: it stands in `status`, what the reports said stays beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.services import record
from calls.events import UPDATED, tell
from calls.history import note
from calls.ingest.merge import UNCORRECTED, carry_to_lead, take_back_from_lead
from calls.ingest.outcome import FARTHEST, Outcome, reported_outcome
from calls.models import Dispatch, Interaction, Status
from calls.signals import call_ended
from common import clock
from common.errors import ProblemError

FINAL = [(status.value, status.label) for status in Status if status != Status.IN_PROGRESS]
MAX_REASON = 300
LEAD_REASON = 200


class OutcomeChangedError(ProblemError):
    """What the person saw is not what stands any more."""

    def __init__(self, call: Interaction) -> None:
        who = f"{call.corrected_by or 'Somebody'} has" if call.corrected_at else "A report or somebody else has"
        super().__init__(
            "OUTCOME_CHANGED",
            f"{who} corrected this meanwhile: the outcome is {call.get_status_display()} now. "
            "Send again if yours should stand.",
        )


def seen_of(call: Interaction) -> str:
    """Sent along with the form, so that a correction of what has changed since is noticed."""
    return f"{call.status} {call.corrected_at.isoformat() if call.corrected_at else ''}".strip()


def why_not_correctable(call: Interaction) -> str:
    if not call.is_final:
        return "The call is still under way: correct its outcome when it has ended."
    if call.dispatch != Dispatch.PLACED:
        return "This call was never placed. There was no conversation, so there is no outcome to correct."
    return ""


def callback_problem(callback_at: datetime | None, reported: Outcome) -> str:
    """What the reports said may be over by now and is what was said all the same."""
    now = clock.now()
    if callback_at is None:
        return "Give the time at which the lead wants to be called back."
    if _agrees(Outcome(Status.SCHEDULED_CALLBACK, callback_at=callback_at), reported):
        return ""
    if callback_at <= now:
        return "This time is over: give one in the future."
    return "" if callback_at <= now + FARTHEST else "This is more than two years away: give an earlier time."


@transaction.atomic
def correct_outcome(
    *,
    interaction: Interaction,
    status: str,
    reason: str,
    by: Actor,
    callback_at: datetime | None = None,
    seen: str = "",
) -> Interaction:
    """Returns the call as it stands then; `seen` is what `seen_of` gave when the person was shown the call."""
    call = Interaction.objects.select_for_update().get(pk=interaction.pk)
    wanted = Outcome(Status(status), callback_at=callback_at if status == Status.SCHEDULED_CALLBACK else None)
    reported = reported_outcome(call)
    _check(call, wanted, reported, reason=reason.strip(), seen=seen)
    before = _outcome_of(call)
    changes = _take_back(reported) if _agrees(wanted, reported) else _correct(call, wanted, reason.strip(), by)
    Interaction.objects.filter(pk=call.pk).update(**changes, updated_at=clock.now())
    call.refresh_from_db()
    _tell(call, before=before, reported=reported, reason=reason.strip(), by=by)
    said = f"Outcome corrected to {call.get_status_display()}: {reason.strip()}"
    carry_to_lead(call, by=by, reason=said[:LEAD_REASON])
    take_back_from_lead(call, by=by, reason=f"Correction taken back: {reason.strip()}"[:LEAD_REASON])
    call_ended.send(Interaction, interaction=call)
    tell(UPDATED, call)
    return call


def _outcome_of(call: Interaction) -> Outcome:
    return Outcome(call.status, call.error_code, call.callback_at, error_message=call.error_message)


def _check(call: Interaction, wanted: Outcome, reported: Outcome, *, reason: str, seen: str) -> None:
    if problem := why_not_correctable(call):
        raise ProblemError("NOT_CORRECTABLE", problem)
    if seen and seen != seen_of(call):
        raise OutcomeChangedError(call)
    if wanted.status == Status.IN_PROGRESS:
        raise _wrong("status", "A call that has ended cannot be in progress again.")
    if not reason or len(reason) > MAX_REASON:
        raise _wrong("reason", f"Say why in 1 to {MAX_REASON} characters.")
    if wanted.status == Status.SCHEDULED_CALLBACK and (problem := callback_problem(wanted.callback_at, reported)):
        raise _wrong("callbackAt", problem)
    if _agrees(wanted, _outcome_of(call)):
        raise ProblemError("NO_CHANGE", f"The outcome is {call.get_status_display()} already: choose another one.")


def _wrong(field: str, message: str) -> ProblemError:
    return ProblemError("VALIDATION_ERROR", message, details=[f"{field}: {message}"])


def _agrees(wanted: Outcome, reported: Outcome) -> bool:
    """A form's times have no seconds."""
    return wanted.status == reported.status and _minute(wanted.callback_at) == _minute(reported.callback_at)


def _minute(moment: datetime | None) -> datetime | None:
    return moment.replace(second=0, microsecond=0) if moment else None


def _take_back(reported: Outcome) -> dict[str, Any]:
    return UNCORRECTED | {
        "status": reported.status,
        "machine_status": "",
        "error_code": reported.error_code,
        "error_message": reported.error_message,
        "callback_at": reported.callback_at,
    }


def _correct(call: Interaction, wanted: Outcome, reason: str, by: Actor) -> dict[str, Any]:
    return {
        "status": wanted.status,
        "machine_status": call.machine_status or call.status,
        "error_code": "",
        "error_message": "",
        "callback_at": wanted.callback_at,
        "corrected_at": clock.now(),
        "corrected_by": by.user,
        "correction_reason": reason,
    }


def _tell(call: Interaction, *, before: Outcome, reported: Outcome, reason: str, by: Actor) -> None:
    was = Status(before.status).label
    note(
        call,
        "corrected",
        f"{by} corrected the outcome from {was} to {call.get_status_display()}: {reason}",
        before=before.as_json(),
        reported=reported.as_json(),
    )
    record(
        workspace=call.workspace,
        by=by,
        verb="interaction.corrected",
        object_type="interaction",
        object_id=call.public_id,
        data={"before": before.status, "after": call.status, "reason": reason},
    )
