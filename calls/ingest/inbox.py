"""The inbox of provider events: stored first, applied by a job, matched again while their call is not known yet."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from calls import job_names
from calls.ingest.merge import apply_report, honour_second_conversation
from calls.models import InboxEvent, Interaction
from calls.providers import adapter_for
from calls.providers.base import CallReport, Event, ProviderUnreachable
from campaigns.models import ProviderAccount
from common import clock
from common.queue import enqueue_after_commit

WAIT = timedelta(minutes=10)
MAX_TRIES = 30


def store_event(account: ProviderAccount, body: bytes) -> bool:
    """False for one that is here already. The key holds the body's hash: a second, fuller report is another event."""
    event = adapter_for(account).read_event(body)
    digest = hashlib.sha256(body).hexdigest()[:32]
    try:
        with transaction.atomic():
            row = InboxEvent.objects.create(
                account=account,
                key=f"{event.type[:40]}:{event.conversation_id[:80]}:{digest}",
                event_type=event.type[:60],
                conversation_id=event.conversation_id[:80],
                body=body,
            )
            enqueue_after_commit(job_names.APPLY_EVENT, row.pk, queue="events")
    except IntegrityError:
        return False
    return True


def apply_inbox_event(event_id: int) -> None:
    row = InboxEvent.objects.select_related("account").filter(pk=event_id).first()
    if row is None or row.state not in (InboxEvent.State.NEW, InboxEvent.State.UNMATCHED):
        return
    # Counted before it is tried: an event that kills its job comes to an end too.
    InboxEvent.objects.filter(pk=event_id).update(tries=F("tries") + 1)
    if row.tries >= MAX_TRIES:
        _close(row, InboxEvent.State.IGNORED, "The event could not be applied; the reason is in the log.")
        return
    event = adapter_for(row.account).read_event(bytes(row.body))
    if event.report is None:
        _close(row, InboxEvent.State.IGNORED, "LeadSail has no use for this event.")
        return
    interaction = find_interaction(row.account, event)
    if interaction is None:
        _wait_for_match(row)
        return
    if interaction.conversation_id not in ("", event.conversation_id):
        honour_second_conversation(interaction, event.report)
        _close(row, InboxEvent.State.APPLIED, "A second conversation of the same call.")
        return
    try:
        apply_report(interaction.pk, _whole(row, event.report))
    except ProviderUnreachable:
        _try_later(row, InboxEvent.State.NEW)
        return
    row.interaction = interaction
    _close(row, InboxEvent.State.APPLIED, "")


def find_interaction(account: ProviderAccount, event: Event) -> Interaction | None:
    """Only among calls placed through the account whose secret verified the event."""
    rows = Interaction.objects.filter(account=account)
    found = rows.filter(conversation_id=event.conversation_id).first()
    if found or event.report is None or not event.report.correlation_id:
        return found
    # Before our own request was answered, the correlation id is all there is to know the call by.
    return rows.filter(public_id=event.report.correlation_id).first()


def _whole(row: InboxEvent, report: CallReport) -> CallReport:
    """The report with its transcript; after ten minutes without an answer from the provider, what was sent."""
    if not report.excerpt:
        return report
    try:
        return adapter_for(row.account).fetch(row.account, report.conversation_id) or report
    except ProviderUnreachable:
        if _waited_long(row):
            return report
        raise


def _wait_for_match(row: InboxEvent) -> None:
    if _waited_long(row):
        _close(row, InboxEvent.State.IGNORED, "No call of this account has this conversation.")
    else:
        _try_later(row, InboxEvent.State.UNMATCHED)


def _waited_long(row: InboxEvent) -> bool:
    return clock.real_now() - row.arrived_at > WAIT


def _try_later(row: InboxEvent, state: str) -> None:
    row.state = state
    row.due_at = clock.real_now() + timedelta(seconds=min(2 ** (row.tries + 1), 60))
    row.save(update_fields=["state", "due_at"])


def _close(row: InboxEvent, state: str, text: str) -> None:
    row.state, row.note = state, text
    row.save(update_fields=["state", "note", "interaction"])
