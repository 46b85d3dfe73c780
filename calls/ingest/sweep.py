"""Timed work of the ingest side: rows that are due, found every second and handed to the job workers."""

from __future__ import annotations

from datetime import timedelta

from calls import job_names
from calls.models import Dispatch, InboxEvent, Interaction
from common import clock
from common.queue import enqueue, has_room

BATCH = 200
JOB_TAKES = timedelta(seconds=30)
JOB_DIED = timedelta(minutes=2)


def sweep_ingest() -> None:
    if has_room("events"):
        apply_due_events()
    if has_room("default"):
        ask_about_due_calls()
        copy_due_recordings()


def ask_about_due_calls() -> None:
    """The job sets the next check itself; until it has run, the call is not asked about a second time."""
    now = clock.real_now()
    due = Interaction.objects.live().filter(dispatch__in=[Dispatch.PLACED, Dispatch.UNKNOWN], check_at__lte=now)
    for pk in due.order_by("check_at").values_list("pk", flat=True)[:BATCH]:
        Interaction.objects.filter(pk=pk).update(check_at=now + JOB_DIED)
        enqueue(job_names.RECONCILE, pk)


def apply_due_events() -> None:
    now = clock.real_now()
    waiting = [InboxEvent.State.NEW, InboxEvent.State.UNMATCHED]
    due = InboxEvent.objects.filter(state__in=waiting, due_at__lte=now - timedelta(seconds=2))
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:BATCH]:
        InboxEvent.objects.filter(pk=pk).update(due_at=now + JOB_TAKES)
        enqueue(job_names.APPLY_EVENT, pk, queue="events")


def copy_due_recordings() -> None:
    due = Interaction.objects.filter(
        recording_state=Interaction.Recording.DUE, recording_due_at__lte=clock.real_now() - timedelta(seconds=1)
    )
    for pk in due.order_by("recording_due_at").values_list("pk", flat=True)[:BATCH]:
        Interaction.objects.filter(pk=pk).update(recording_due_at=clock.real_now() + JOB_TAKES)
        enqueue(job_names.COPY_RECORDING, pk)
