"""Entry points of the queue: ids only, safe to run twice, quiet when the row is gone."""

from __future__ import annotations

from common.queue import enqueue
from leads import job_names
from leads.bulk import work_on


def run_bulk_change(change_id: int) -> None:
    """One chunk and a job for the next: other jobs get their turn in between, and a worker that is to end may."""
    if work_on(change_id):
        enqueue(job_names.RUN_BULK_CHANGE, change_id)
