"""Asking the provider: while somebody looks, for what never reported, and for what is not known to have been placed."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction

from calls.dispatch.placing import mark_placed
from calls.dispatch.waits import proof_after
from calls.events import FAILED, tell
from calls.history import note
from calls.ingest.merge import apply_report, give_up
from calls.models import Dispatch, ErrorCode, Interaction, Status
from calls.providers import adapter_for
from calls.providers.base import CallReport, ProviderUnreachable
from calls.signals import call_ended
from common import clock
from common.patience import OF_THE_DATABASE

log = structlog.get_logger(__name__)
WAITS = (20, 30, 60, 120, 300)
UNKNOWN_WAITS = (5, 5, 10, 10, 15, 15, 15, 15, 30)
ASSUMED_AFTER = timedelta(days=1)


def look_at(interaction_id: int) -> None:
    interaction = _live(interaction_id)
    if interaction and interaction.conversation_id:
        try:
            _ask_about(interaction)
        except ProviderUnreachable as error:
            log.info("look_failed", interaction=interaction.public_id, error=str(error))


def reconcile_one(interaction_id: int) -> None:
    interaction = _live(interaction_id)
    if interaction is None:
        return
    _set_next_check(interaction)
    try:
        if interaction.dispatch == Dispatch.UNKNOWN:
            _find_out(interaction)
        elif interaction.dispatch == Dispatch.PLACED:
            _ask_about(interaction)
    except ProviderUnreachable as error:
        # Silence is no proof: an unknown call stays unknown while the provider may still be asked.
        log.warning("provider_unreachable", interaction=interaction.public_id, error=str(error))
    except OF_THE_DATABASE:
        raise
    except Exception as error:
        # A report that breaks the reading must not keep the call open beyond its deadline.
        log.exception("report_not_read", interaction=interaction.public_id, exc_info=error)
    interaction.refresh_from_db()
    _assume_placed_after_a_day(interaction)
    _give_up_after_deadline(interaction)


def _set_next_check(interaction: Interaction) -> None:
    waits = UNKNOWN_WAITS if interaction.dispatch == Dispatch.UNKNOWN else WAITS
    wait = timedelta(seconds=waits[min(interaction.checks, len(waits) - 1)])
    changes = {"check_at": clock.real_now() + wait, "checks": min(interaction.checks + 1, 999)}
    Interaction.objects.filter(pk=interaction.pk).update(**changes)


def _live(interaction_id: int) -> Interaction | None:
    """The account's secrets are read where they are used: one that cannot be decrypted must not hide the deadline."""
    rows = Interaction.objects.live().select_related("account", "lead", "campaign")
    return rows.defer("account__api_key", "account__webhook_secret").filter(pk=interaction_id).first()


def _ask_about(interaction: Interaction) -> None:
    report = adapter_for(interaction.account).fetch(interaction.account, interaction.conversation_id)
    if report:
        apply_report(interaction.pk, report)


def _find_out(interaction: Interaction) -> None:
    """One match: it was placed. None, once nothing can arrive any more: it was not, and the lead is free again."""
    sent_at = interaction.sent_at or interaction.queued_at
    found = _conversations_of(interaction)
    if found:
        _adopt(interaction, found)
    elif clock.real_now() - sent_at > proof_after(interaction.account):
        _not_placed(interaction)


def _conversations_of(interaction: Interaction) -> list[CallReport]:
    """Each is asked for its correlation id: a filter that the provider ignored must not bring us a stranger's call."""
    adapter, account = adapter_for(interaction.account), interaction.account
    reports = [adapter.fetch(account, conversation) for conversation in adapter.find(account, interaction.public_id)]
    return [report for report in reports if report and report.correlation_id == interaction.public_id]


def _adopt(interaction: Interaction, found: list[CallReport]) -> None:
    if len(found) > 1:
        conversations = [report.conversation_id for report in found]
        log.error("dialed_twice", interaction=interaction.public_id, conversations=conversations)
        note(interaction, "duplicate", "The provider placed this call more than once", conversations=conversations)
    apply_report(interaction.pk, found[0])


@transaction.atomic
def _not_placed(interaction: Interaction) -> None:
    message = "The provider does not know this call: it was not placed."
    fields = {"error_code": ErrorCode.NOT_PLACED, "error_message": message, "ended_at": clock.now()}
    if Interaction.objects.move(
        interaction.pk, Dispatch.UNKNOWN, Dispatch.NOT_PLACED, status=Status.ERROR, check_at=None, **fields
    ):
        note(interaction, "not_placed", message)
        tell(FAILED, interaction)
        interaction.refresh_from_db()
        call_ended.send(Interaction, interaction=interaction)


def _assume_placed_after_a_day(interaction: Interaction) -> None:
    """Nobody can be on the line any more. That it rang is what must be assumed: it counts as an attempt."""
    sent_at = interaction.sent_at or interaction.queued_at
    if interaction.dispatch == Dispatch.UNKNOWN and clock.real_now() - sent_at > ASSUMED_AFTER:
        mark_placed(interaction, "")
        give_up(interaction, "The provider could not be asked for a day whether it had placed this call.")


def _give_up_after_deadline(interaction: Interaction) -> None:
    if interaction.is_final or interaction.dispatch != Dispatch.PLACED or interaction.placed_at is None:
        return
    limit = timedelta(seconds=settings.RING_TIMEOUT_SECONDS, minutes=settings.MAX_CALL_MINUTES + 10)
    if clock.now() - interaction.placed_at > limit:
        give_up(interaction, "The provider never reported how this call ended.")
