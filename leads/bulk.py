"""One change to many leads: each lead in a transaction of its own, from wherever the last worker stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor
from accounts.models import AuditEvent, Workspace
from accounts.services import record
from common import clock
from common.errors import ProblemError
from common.patience import OF_THE_DATABASE
from common.queue import enqueue, enqueue_after_commit, has_room
from leads import job_names
from leads.bulk_kinds import Act, ActForMany, Before, act_of
from leads.models import BulkChange, BulkItem, Lead

log = structlog.get_logger(__name__)
MOST_LEADS = 10_000
AT_ONCE = 50
CHUNK = 100
LOST_AFTER = timedelta(seconds=30)
SWEPT = 100
MORE_LEADS = "MORE_LEADS"
STARTED, TAKEN_BACK = "bulk_change.started", "bulk_change.taken_back"

State, Item = BulkChange.State, BulkItem.State
UNFINISHED = (State.RUNNING, State.UNDOING)
# What can be the matter with a lead; anything else is our mistake.
OF_THE_LEAD = (ValidationError, ProblemError, ObjectDoesNotExist, IntegrityError, DataError)


@dataclass(frozen=True)
class Progress:
    done: int
    of: int

    def __str__(self) -> str:
        return f"{self.done:,} of {self.of:,} leads"


@dataclass(frozen=True)
class BulkResult:
    total: int
    waiting: int
    changed: int
    same: int
    undone: int
    kept: int
    failed: int

    @property
    def is_small(self) -> bool:
        return self.total <= AT_ONCE

    @property
    def progress(self) -> Progress:
        return Progress(self.total - self.waiting, self.total)

    @property
    def undo_progress(self) -> Progress:
        return Progress(self.undone + self.kept, self.changed + self.undone + self.kept)

    def __str__(self) -> str:
        parts = [
            (self.changed, "changed"),
            (self.same, "were so already" if self.same > 1 else "was so already"),
            (self.failed, "could not be changed"),
        ]
        return ", ".join(f"{count:,} {words}" for count, words in parts if count) or "nothing was left to change"

    @property
    def undo_words(self) -> str:
        parts = [(self.undone, "taken back"), (self.kept, "left alone because of a later change")]
        return ", ".join(f"{count:,} {words}" for count, words in parts if count) or "nothing had to be taken back"


def result_of(change: BulkChange) -> BulkResult:
    counts = {f"n_{state}": Count("id", filter=Q(state=state)) for state in Item.values}
    found = change.items.aggregate(total=Count("id"), **counts)
    return BulkResult(
        total=found["total"],
        waiting=found["n_waiting"],
        changed=found["n_changed"],
        same=found["n_same"],
        undone=found["n_undone"],
        kept=found["n_kept"],
        failed=found["n_failed"],
    )


@transaction.atomic
def start_bulk_change(
    *,
    workspace: Workspace,
    leads: QuerySet[Lead],
    kind: str,
    value: str,
    label: str,
    by: Actor,
    reason: str = "",
    confirmed: int | None = None,
) -> BulkChange:
    """For few leads the caller goes on with `finish`; for many a job does the work. `confirmed` is how many leads the
    person was told of."""
    ids = list(leads.filter(workspace=workspace).order_by("id").values_list("pk", flat=True)[: MOST_LEADS + 1])
    check_size(len(ids))
    if confirmed is not None and len(ids) > confirmed:
        raise ProblemError(
            MORE_LEADS, "More leads match by now than you were shown: look at the number and confirm again."
        )
    change = BulkChange.objects.create(
        workspace=workspace, user=by.user, kind=kind, value=value, label=label[:120], reason=reason
    )
    BulkItem.objects.bulk_create([BulkItem(change=change, lead_id=pk) for pk in ids], batch_size=1000)
    _record(change, by=by, verb=STARTED, what=str(change), leads=len(ids))
    _send(change, len(ids))
    return change


def check_size(leads: int) -> None:
    if not leads:
        raise ProblemError("NO_LEADS", "Select at least one lead first: tick the box before its name.")
    if leads > MOST_LEADS:
        raise ProblemError(
            "TOO_MANY_LEADS", f"These are more than {MOST_LEADS:,} leads: narrow the list and change them in parts."
        )


@transaction.atomic
def undo_bulk_change(*, change: BulkChange, by: Actor) -> bool:
    """False when it is not finished yet or is being taken back already."""
    finished = BulkChange.objects.filter(pk=change.pk, state=State.DONE)
    if not finished.update(state=State.UNDOING, enqueued_at=clock.real_now()):
        return False
    _record(change, by=by, verb=TAKEN_BACK, what=str(change))
    _send(change, change.items.count())
    return True


def _record(change: BulkChange, *, by: Actor, verb: str, **data: object) -> None:
    about = {"object_type": "bulk_change", "object_id": change.public_id}
    record(workspace=change.workspace, by=by, verb=verb, **about, data=data)


def _send(change: BulkChange, leads: int) -> None:
    if leads > AT_ONCE:
        enqueue_after_commit(job_names.RUN_BULK_CHANGE, change.pk)


def finish(change: BulkChange) -> None:
    while work_on(change.pk):
        pass


def work_on(change_id: int) -> bool:
    """One chunk, forwards or back; True while there may be more. Any number of workers may be at it."""
    unfinished = BulkChange.objects.filter(pk=change_id, state__in=UNFINISHED)
    change = unfinished.select_related("workspace", "user").first()
    if change is None:
        return False
    unfinished.update(enqueued_at=clock.real_now())
    is_undo = change.state == State.UNDOING
    items = list(change.items.filter(state=_from(is_undo)).order_by("id")[:CHUNK])
    act = act_of(change, by=_actor_of(change))
    if isinstance(act, ActForMany) and not is_undo:
        _handle_all(items, act)
    else:
        for item in items:
            _handle(item, act, is_undo)
    if not items:
        _end(change)
    return bool(items)


def _from(is_undo: bool) -> BulkItem.State:
    return Item.CHANGED if is_undo else Item.WAITING


def _end(change: BulkChange) -> None:
    end = State.UNDONE if change.state == State.UNDOING else State.DONE
    BulkChange.objects.filter(pk=change.pk, state=change.state).update(state=end)


def _actor_of(change: BulkChange) -> Actor:
    """Whoever asked for what is going on now: an admin may take back what a member did."""
    if change.state == State.RUNNING:
        return Actor(user=change.user)
    events = AuditEvent.objects.filter(
        workspace=change.workspace, object_type="bulk_change", object_id=change.public_id, verb=TAKEN_BACK
    )
    event = events.select_related("user").order_by("-at").first()
    return Actor(user=event.user if event else None)


def _handle(item: BulkItem, act: Act, is_undo: bool) -> None:
    """What is a matter of the database stops the worker, and the sweep sends another."""
    try:
        _undo(item, act) if is_undo else _do(item, act)
    except OF_THE_DATABASE:
        raise
    except Exception as error:
        _set_aside(item, error, is_undo)


def _set_aside(item: BulkItem, error: Exception, is_undo: bool) -> None:
    log.warning("bulk_item_failed", item=item.pk, error=str(error), exc_info=not isinstance(error, OF_THE_LEAD))
    left = {"state": Item.KEPT} if is_undo else {"state": Item.FAILED, "before": {"failed": _words(error)}}
    BulkItem.objects.filter(pk=item.pk, state=item.state).update(**left)


def _handle_all(items: Sequence[BulkItem], act: ActForMany) -> None:
    """Where it fails for all, each is tried alone, so that one lead stops nobody else."""
    try:
        _do_all(items, act)
    except OF_THE_DATABASE:
        raise
    except Exception as error:
        if len(items) == 1:
            _set_aside(items[0], error, is_undo=False)
            return
        for item in items:
            _handle_all([item], act)


@transaction.atomic
def _do_all(items: Sequence[BulkItem], act: ActForMany) -> None:
    """Whoever comes second waits here and finds nothing to do."""
    waiting = BulkItem.objects.select_for_update().filter(pk__in=[item.pk for item in items], state=Item.WAITING)
    mine = {item.lead_id: item for item in waiting.order_by("pk")}
    found = list(Lead.objects.filter(pk__in=mine).select_related("workspace", "campaign").order_by("pk"))
    for lead, before in zip(found, act.do_all(found), strict=True):
        item = mine[lead.pk]
        item.state, item.before = _state_after(before), before or {}
    BulkItem.objects.bulk_update(mine.values(), ["state", "before"])


def _state_after(before: Before | None) -> BulkItem.State:
    if before is None:
        return Item.SAME
    return Item.FAILED if "failed" in before else Item.CHANGED


@transaction.atomic
def _do(item: BulkItem, act: Act) -> None:
    if not _claim(item, Item.SAME):
        return
    before = act.do(_lock_lead(item))
    if before is not None:
        BulkItem.objects.filter(pk=item.pk).update(state=Item.CHANGED, before=before)


@transaction.atomic
def _undo(item: BulkItem, act: Act) -> None:
    if not _claim(item, Item.UNDONE):
        return
    lead = _lead(item) if isinstance(act, ActForMany) else _lock_lead(item)
    if not act.undo(lead, item.before):
        BulkItem.objects.filter(pk=item.pk).update(state=Item.KEPT)


def _claim(item: BulkItem, state: BulkItem.State) -> bool:
    """Whoever comes second waits here for the first one's commit and finds nothing to do."""
    return bool(BulkItem.objects.filter(pk=item.pk, state=item.state).update(state=state))


def _lead(item: BulkItem) -> Lead:
    return Lead.objects.select_related("workspace").get(pk=item.lead_id)


def _lock_lead(item: BulkItem) -> Lead:
    """Locked, so that what is remembered is what was changed."""
    return Lead.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=item.lead_id)


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return error.message if isinstance(error, ProblemError) else "This lead could not be changed."


def sweep_bulk_changes() -> None:
    """Whose job is gone with its queue or its worker goes on here."""
    lost = BulkChange.objects.filter(state__in=UNFINISHED, enqueued_at__lt=clock.real_now() - LOST_AFTER)
    ids = list(lost.order_by("enqueued_at").values_list("pk", flat=True)[:SWEPT])
    if ids and has_room("default"):
        BulkChange.objects.filter(pk__in=ids).update(enqueued_at=clock.real_now())
        for pk in ids:
            enqueue(job_names.RUN_BULK_CHANGE, pk)
