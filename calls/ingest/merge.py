"""Merging a report into its call: facts are added, an outcome is only ever made better known, `dnc` always wins.

A person's correction stands against every report but that one; what the reports say meanwhile is kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db import transaction

from accounts.actors import SYSTEM, Actor
from calls import job_names
from calls.dispatch.placing import mark_placed
from calls.events import UNSEEN, UPDATED, event_of_outcome, tell
from calls.gate.facts import count_attempts
from calls.history import note
from calls.ingest.outcome import LEAD_STATUS, NOBODY_REACHED, Outcome, decide, rank, reported_outcome
from calls.last_call import refresh_last_calls
from calls.models import Dispatch, ErrorCode, Interaction, Status, Transcript
from calls.providers.base import CallReport, Phase
from calls.signals import call_ended
from common import clock
from common.queue import enqueue_after_commit
from leads.models import Lead, LeadStatus
from leads.services import add_to_do_not_call, set_status
from leads.zones import candidate_zones

UNREACHED = {*NOBODY_REACHED, Status.NO_CONTACT}
ANSWERED = (Phase.TALKING, Phase.ENDED)
OUTCOME_FIELDS = ("status", "error_code", "error_message", "callback_at")
UNCORRECTED: dict[str, Any] = {"corrected_at": None, "corrected_by": None, "correction_reason": ""}


@transaction.atomic
def apply_report(interaction_id: int, report: CallReport) -> None:
    """Any number of times, in any order, with any part missing."""
    rows = Interaction.objects.select_related("workspace", "campaign", "lead__workspace")
    interaction = rows.select_for_update(of=("self",)).filter(pk=interaction_id).first()
    if interaction is None:
        return
    if interaction.dispatch != Dispatch.PLACED:
        # A report is proof of the call, also of one that had been given up: what was said on it counts, a no above all.
        mark_placed(interaction, report.conversation_id, report.call_id)
        interaction.refresh_from_db()
    reported = reported_outcome(interaction)
    changes = _facts(interaction, report, reported)
    has_more_lines = _keep_transcript(interaction, report)
    spoken_to = interaction.spoken_to or bool(changes.get("spoken_to"))
    machine = interaction.answered_by_machine or report.machine
    outcome = _outcome(interaction, report, reported, machine=machine, spoken_to=spoken_to)
    if outcome:
        changes |= _beside_correction(interaction, _finish(interaction, outcome, report))
    if changes or has_more_lines:
        Interaction.objects.filter(pk=interaction.pk).update(**changes, updated_at=clock.now())
    if "status" in changes:
        _after_outcome(interaction, changed=changes)
    elif has_more_lines or changes.keys() - UNSEEN:
        tell(UPDATED, interaction)


def _facts(interaction: Interaction, report: CallReport, reported: Outcome) -> dict[str, Any]:
    """What the row does not know yet."""
    learned: dict[str, Any] = {
        "conversation_id": report.conversation_id,
        "provider_call_id": report.call_id,
        "answered_at": report.answered_at or (clock.now() if report.phase in ANSWERED else None),
        "duration": report.duration,
        "termination_reason": report.termination_reason[:300],
        "summary": report.summary,
        "spoken_to": reported.status not in UNREACHED and any(line.role == "user" for line in report.transcript),
        "answered_by_machine": report.machine,
    }
    if report.phase is Phase.ENDED:
        learned["ended_at"] = clock.now()
    changes = {name: value for name, value in learned.items() if value and not getattr(interaction, name)}
    if report.duration and interaction.duration and report.duration > interaction.duration:
        changes["duration"] = report.duration
    if report.has_audio and interaction.recording_state == Interaction.Recording.NONE:
        changes |= {"recording_state": Interaction.Recording.DUE, "recording_due_at": clock.real_now()}
        enqueue_after_commit(job_names.COPY_RECORDING, interaction.pk)
    if "answered_at" in changes:
        note(interaction, "answered", "The call was answered")
    return changes


def _keep_transcript(interaction: Interaction, report: CallReport) -> bool:
    """The longest that was reported: a later report may bring more, an incomplete one must not take lines away."""
    if not report.transcript:
        return False
    transcript, _ = Transcript.objects.get_or_create(interaction=interaction)
    if len(report.transcript) <= len(transcript.messages):
        return False
    started = report.answered_at or report.started_at or interaction.answered_at or interaction.created_at
    transcript.messages = [
        {
            "role": line.role,
            "message": line.message,
            "timestamp": _stamp(started, line.seconds),
            "source": "voice_ai",
        }
        for line in report.transcript
    ]
    transcript.save(update_fields=["messages"])
    return True


def _stamp(started: datetime, seconds: float) -> str:
    moment = started + timedelta(seconds=min(max(seconds, 0), 86400))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _outcome(
    interaction: Interaction, report: CallReport, reported: Outcome, *, machine: bool, spoken_to: bool
) -> Outcome | None:
    """The outcome this report gives, if it says more than the earlier ones."""
    if report.phase is not Phase.FINAL:
        return _late_machine(reported, machine=machine, spoken_to=spoken_to)
    zones = candidate_zones(interaction.lead, interaction.to_number)
    zone = zones[0] if zones else "UTC"
    outcome = decide(report, machine=machine, spoken_to=spoken_to, now=clock.now(), zone=zone)
    stands = rank(reported.status, reported.error_code)
    return outcome if rank(outcome.status, outcome.error_code) > stands else None


def _late_machine(reported: Outcome, *, machine: bool, spoken_to: bool) -> Outcome | None:
    """The carrier's word that a machine answered may come after the transcript of a talk with nobody."""
    silent = reported.status in (Status.INCOMPLETE, Status.COMPLETED) and not spoken_to
    return Outcome(Status.VOICEMAIL) if machine and silent else None


def _finish(interaction: Interaction, outcome: Outcome, report: CallReport) -> dict[str, Any]:
    status = outcome.status
    if status in NOBODY_REACHED and _was_last_attempt(interaction):
        base_reason = report.termination_reason or interaction.termination_reason
        reason = ": ".join(part for part in (status, base_reason) if part)
        return _final(interaction, Status.NO_CONTACT, outcome) | {"termination_reason": reason[:300]}
    fields = _final(interaction, status, outcome)
    if status == Status.ERROR:
        fields["error_message"] = (
            report.error_message or report.termination_reason or "The provider reported a failure."
        )
    return fields


def _final(interaction: Interaction, status: str, outcome: Outcome) -> dict[str, Any]:
    # A greeting on tape is a turn of the "user", but nobody was spoken to.
    nobody = {"spoken_to": False} if outcome.status in NOBODY_REACHED else {}
    return nobody | {
        "status": status,
        "error_code": outcome.error_code,
        "error_message": "",
        "callback_at": outcome.callback_at,
        "ended_at": interaction.ended_at or clock.now(),
        "check_at": None,
    }


def _beside_correction(interaction: Interaction, fields: dict[str, Any]) -> dict[str, Any]:
    """What a person has corrected stays as it is; only a no goes over it."""
    if interaction.corrected_at is None:
        return fields
    if fields["status"] == Status.DNC:
        return fields | {"machine_status": Status.DNC} | _overrule(interaction)
    reported = Outcome(**{name: fields.pop(name) for name in OUTCOME_FIELDS})
    label = Status(reported.status).label
    note(interaction, "reported", f"A later report says {label}; the correction stands", reported=reported.as_json())
    return fields | {"machine_status": reported.status}


def _overrule(interaction: Interaction) -> dict[str, Any]:
    if interaction.status == Status.DNC:
        return {}
    note(interaction, "correction_overruled", "The correction no longer holds: on the call it was asked to stop")
    return UNCORRECTED


def _was_last_attempt(interaction: Interaction) -> bool:
    counts = not interaction.is_test or interaction.lead.is_test
    attempts = count_attempts(interaction.lead, interaction.campaign, up_to=interaction.pk)
    return counts and attempts >= interaction.campaign.max_attempts


def _after_outcome(interaction: Interaction, *, changed: Iterable[str]) -> None:
    """`interaction` still has the status that stood until now."""
    before = interaction.status
    # Only these: its lead, campaign and workspace were read along, and would all be forgotten.
    interaction.refresh_from_db(fields=[*changed, "updated_at"])
    event = event_of_outcome(interaction, before=before)
    note(interaction, "outcome", interaction.get_status_display(), status=interaction.status)
    carry_to_lead(interaction, by=SYSTEM, reason=f"Outcome of the call: {interaction.get_status_display()}")
    call_ended.send(Interaction, interaction=interaction)
    tell(event, interaction)


def carry_to_lead(interaction: Interaction, *, by: Actor, reason: str) -> None:
    """What an outcome means beyond its call: the lead's last outcome, the Do-Not-Call list, the lead's status."""
    refresh_last_calls([interaction.lead_id])
    if interaction.status == Status.DNC:
        _honour_opt_out(interaction, by=by)
    if _moves_lead(interaction):
        set_status(
            lead=interaction.lead,
            status=LEAD_STATUS[interaction.status],
            by=by,
            reason=reason,
            interaction_public_id=interaction.public_id,
        )


def take_back_from_lead(interaction: Interaction, *, by: Actor, reason: str) -> None:
    """An outcome that says nothing of the lead leaves it no status from this call: it has the one before again."""
    if not _says_nothing(interaction) or not _speaks_for_lead(interaction):
        return
    changes = interaction.lead.status_changes.order_by("-id")
    mine = list(takewhile(lambda change: change.interaction_public_id == interaction.public_id, changes))
    if mine:
        set_status(
            lead=interaction.lead,
            status=mine[-1].before,
            by=by,
            reason=reason,
            interaction_public_id=interaction.public_id,
        )


def _honour_opt_out(interaction: Interaction, *, by: Actor = SYSTEM) -> None:
    add_to_do_not_call(
        workspace=interaction.workspace,
        address=interaction.to_number,
        by=by,
        reason="Asked for on a call",
        source=interaction.public_id,
    )


def honour_second_conversation(interaction: Interaction, report: CallReport) -> None:
    """The provider placed one call twice. Whatever else was said the second time, a no is a no."""
    note(interaction, "duplicate", "The provider placed this call more than once", conversation=report.conversation_id)
    if report.wish == "dnc":
        _honour_opt_out(interaction)


def _moves_lead(interaction: Interaction) -> bool:
    return not _says_nothing(interaction) and _speaks_for_lead(interaction)


def _says_nothing(interaction: Interaction) -> bool:
    return interaction.error_code in (ErrorCode.PROVIDER_FAULT, ErrorCode.NO_REPORT)


def _speaks_for_lead(interaction: Interaction) -> bool:
    """A test of a real lead does not; an older call never overrules a newer one, and nothing but a no a no."""
    if interaction.is_test and not interaction.lead.is_test:
        return False
    if interaction.status == Status.DNC:
        return True
    status = Lead.objects.values_list("status", flat=True).get(pk=interaction.lead_id)
    newer = Interaction.objects.placed().filter(lead=interaction.lead_id, pk__gt=interaction.pk)
    if not interaction.lead.is_test:
        newer = newer.filter(is_test=False)
    return status != LeadStatus.DNC and not newer.exists()


def give_up(interaction: Interaction, message: str) -> None:
    """Our own guess, after the deadline: a report that comes later still tells what really happened."""
    with transaction.atomic():
        fields = {
            "status": Status.ERROR,
            "error_code": ErrorCode.NO_REPORT,
            "error_message": message,
            "ended_at": clock.now(),
            "check_at": None,
            "updated_at": clock.now(),
        }
        if Interaction.objects.live().filter(pk=interaction.pk, dispatch=Dispatch.PLACED).update(**fields):
            _after_outcome(interaction, changed=fields)
