"""What the dialer does beside its ticks: new times by new rules, lists that are emptied, entries whose call is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actors import SYSTEM
from calls.dialer.entries import replan, settle
from calls.dialer.planning import SENTENCES, plan_entries
from calls.models import DialerEntry, DialerState, Status
from campaigns.models import Campaign
from common import clock
from leads.models import Lead, LeadStatus
from leads.services import leave_pending_action

log = structlog.get_logger(__name__)

Lane, State = DialerEntry.Lane, DialerEntry.State
CHUNK = 500
EMPTIED_AT_ONCE = 2_000
LOST_AFTER = timedelta(minutes=1)


def sweep_dialer() -> None:
    for state in DialerState.objects.filter(replan_after__isnull=False).select_related("campaign"):
        _replan_some(state)
    over = Q(dialer=Campaign.Dialer.OFF) | Q(status=Campaign.Status.ARCHIVED)
    for campaign in Campaign.objects.filter(over, Exists(left_over(OuterRef("pk")))):
        empty(campaign)
    _free_lost()


def replan_later(campaign: Campaign) -> None:
    """In pieces: a campaign may have a million. Who asks again meanwhile begins again from the first."""
    DialerState.objects.update_or_create(campaign=campaign, defaults={"replan_after": 0})


def _replan_some(state: DialerState) -> None:
    waiting = DialerEntry.objects.filter(campaign=state.campaign, state=State.WAITING, pk__gt=state.replan_after or 0)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    _replan_all(ids)
    following = ids[-1] if len(ids) == CHUNK else None
    DialerState.objects.filter(pk=state.pk, replan_after=state.replan_after).update(replan_after=following)


def _replan_all(ids: Sequence[int]) -> None:
    """One that cannot be planned keeps its time, and keeps none of the others from theirs."""
    try:
        with transaction.atomic():
            replan(DialerEntry.objects.filter(pk__in=ids))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(ids) > 1:
            for pk in ids:
                _replan_all([pk])
        else:
            log.exception("entry_not_planned", entry=ids[0], exc_info=error)


def left_over(campaign: OuterRef | int) -> QuerySet[DialerEntry]:
    """Of a dialer that is off: first calls of leads that came in are made all the same."""
    first = Q(lane=Lane.SUBMITTED, campaign__first_action=Campaign.FirstAction.VOICE_AI)
    return DialerEntry.objects.filter(campaign=campaign, state=State.WAITING).exclude(first)


def empty(campaign: Campaign, *, most: int = EMPTIED_AT_ONCE) -> None:
    ids = list(left_over(campaign.pk).order_by("pk").values_list("pk", flat=True)[:most])
    fields = {"due_at": None, "why": "STOPPED", "why_text": SENTENCES["STOPPED"], "updated_at": clock.now()}
    DialerEntry.objects.filter(pk__in=ids, state=State.WAITING).update(state=State.DONE, **fields)
    hanging = Lead.objects.filter(dialer_entries__in=ids, status=LeadStatus.PENDING_ACTION).select_related("workspace")
    for lead in hanging.distinct():
        leave_pending_action(lead=lead, by=SYSTEM, reason=SENTENCES["STOPPED"])


def _free_lost() -> None:
    """What a call's end tells its entry is told in one transaction; this is for calls that were deleted by hand."""
    over = Q(interaction=None) | ~Q(interaction__status=Status.IN_PROGRESS)
    lost = DialerEntry.objects.filter(over, state=State.CALLING, updated_at__lt=clock.now() - LOST_AFTER)
    for pk in list(lost.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            rows = DialerEntry.objects.select_for_update(of=("self", "lead"), no_key=True, skip_locked=True)
            calling = rows.select_related("lead__workspace", "campaign").filter(pk=pk, state=State.CALLING)
            entry = calling.first()
            if entry:
                entry.state, entry.interaction, entry.due_at = State.WAITING, None, None
                entry.save(update_fields=["state", "interaction"])
                settle(plan_entries(entry.campaign, [entry]))
