"""Timed work of the ingest side: rows that are due, found every second and handed to the job workers."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from calls import job_names
from calls.ingest.reconcile import WAITS
from calls.models import Dispatch, InboxEvent, Interaction
from common import clock
from common.queue import enqueue, has_room

BATCH = 200
UNKNOWN_STEP = timedelta(seconds=5)
JOB_TAKES = timedelta(seconds=30)


def sweep_ingest() -> None:
    if not has_room("default"):
        return
    ask_about_due_calls()
    apply_due_events()
    copy_due_recordings()


def ask_about_due_calls() -> None:
    """The next check is set before the job is sent: a job that dies only delays it."""
    now = clock.real_now()
    due = Interaction.objects.live().filter(dispatch__in=[Dispatch.PLACED, Dispatch.UNKNOWN], check_at__lte=now)
    for interaction in due.only("pk", "dispatch", "checks").order_by("check_at")[:BATCH]:
        wait = timedelta(seconds=WAITS[min(interaction.checks, len(WAITS) - 1)])
        step = UNKNOWN_STEP if interaction.dispatch == Dispatch.UNKNOWN else wait
        Interaction.objects.filter(pk=interaction.pk).update(
            check_at=now + step, checks=min(interaction.checks + 1, 999)
        )
        enqueue(job_names.RECONCILE, interaction.pk)


def apply_due_events() -> None:
    now = clock.real_now()
    waiting = [InboxEvent.State.NEW, InboxEvent.State.UNMATCHED]
    due = InboxEvent.objects.filter(state__in=waiting, due_at__lte=now - timedelta(seconds=2))
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:BATCH]:
        # Counted here, before it is tried: an event that kills its job comes to an end too.
        InboxEvent.objects.filter(pk=pk).update(due_at=now + JOB_TAKES, tries=F("tries") + 1)
        enqueue(job_names.APPLY_EVENT, pk)


def copy_due_recordings() -> None:
    due = Interaction.objects.filter(
        recording_state=Interaction.Recording.DUE, recording_due_at__lte=clock.real_now() - timedelta(seconds=1)
    )
    for pk in due.order_by("recording_due_at").values_list("pk", flat=True)[:BATCH]:
        Interaction.objects.filter(pk=pk).update(recording_due_at=clock.real_now() + JOB_TAKES)
        enqueue(job_names.COPY_RECORDING, pk)
