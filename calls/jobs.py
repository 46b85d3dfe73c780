"""Entry points of the queue: ids only, safe to run twice, quiet when the row is gone."""

from __future__ import annotations

from calls.dispatch.pool import DIALS
from calls.ingest.inbox import apply_inbox_event
from calls.ingest.reconcile import look_at, reconcile_one
from calls.ingest.recordings import copy_one
from calls.provider_checks import check_account as check_one
from calls.sandbox_setup import set_up_sandbox as set_up_one


def dial(*interaction_ids: int) -> None:
    """Several at a time, because a job costs more than handing a call to its thread. Whoever dies in between leaves
    calls that are still queued, and the sweep finds them."""
    for interaction_id in interaction_ids:
        DIALS.submit(interaction_id)


def look(interaction_id: int) -> None:
    look_at(interaction_id)


def reconcile(interaction_id: int) -> None:
    reconcile_one(interaction_id)


def apply_event(event_id: int) -> None:
    apply_inbox_event(event_id)


def copy_recording(interaction_id: int) -> None:
    copy_one(interaction_id)


def check_account(account_id: int) -> None:
    check_one(account_id)


def set_up_sandbox(account_id: int) -> None:
    set_up_one(account_id)
