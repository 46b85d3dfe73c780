"""What the dialer does beside its ticks: new times by new rules, lists that are emptied, entries whose call is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actors import SYSTEM
from calls.dialer.entries import lock_leads, replan
from calls.dialer.outcomes import go_on
from calls.dialer.planning import SENTENCES, done_fields
from calls.models import DialerEntry, DialerState, Status
from campaigns.models import Campaign
from common import clock
from common.patience import OF_THE_DATABASE
from leads.models import Lead, LeadStatus
from leads.services import leave_pending_action

log = structlog.get_logger(__name__)

Lane, State = DialerEntry.Lane, DialerEntry.State
CHUNK = 500
EMPTIED_AT_ONCE = 2_000
# New rules that no sweep has taken up yet.
ASKED = -1
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
    DialerState.objects.update_or_create(campaign=campaign, defaults={"replan_after": ASKED})


def _replan_some(state: DialerState) -> None:
    after = state.replan_after or 0
    mine = DialerState.objects.filter(pk=state.pk)
    # Taken up before the rules are read: what is asked from now on is another pass.
    if after == ASKED and not mine.filter(replan_after=ASKED).update(replan_after=0):
        return
    after = max(after, 0)
    waiting = DialerEntry.objects.filter(campaign=state.campaign, state=State.WAITING, pk__gt=after)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    _replan_all(ids)
    following = ids[-1] if len(ids) == CHUNK else None
    mine.filter(replan_after=after).update(replan_after=following)


def _replan_all(ids: Sequence[int]) -> None:
    """One that cannot be planned keeps its time, and keeps none of the others from theirs."""
    try:
        with transaction.atomic():
            replan(DialerEntry.objects.filter(pk__in=ids))
    except OF_THE_DATABASE:
        raise
    except Exception as error:
        if len(ids) > 1:
            for pk in ids:
                _replan_all([pk])
        else:
            log.exception("entry_not_planned", entry=ids[0], exc_info=error)


def left_over(campaign: OuterRef | int) -> QuerySet[DialerEntry]:
    """Of a dialer that is off: first calls of leads that came in are made all the same, unless all is over."""
    first = Q(lane=Lane.SUBMITTED, campaign__first_action=Campaign.FirstAction.VOICE_AI)
    is_archived = Q(campaign__status=Campaign.Status.ARCHIVED)
    return DialerEntry.objects.filter(is_archived | ~first, campaign=campaign, state=State.WAITING)


def empty(campaign: Campaign, *, most: int = EMPTIED_AT_ONCE) -> None:
    ids = list(left_over(campaign.pk).order_by("pk").values_list("pk", flat=True)[:most])
    why = "ARCHIVED" if campaign.status == Campaign.Status.ARCHIVED else "STOPPED"
    DialerEntry.objects.filter(pk__in=ids, state=State.WAITING).update(**done_fields(why, SENTENCES[why]))
    hanging = Lead.objects.filter(dialer_entries__in=ids, status=LeadStatus.PENDING_ACTION).select_related("workspace")
    for lead in hanging.distinct():
        leave_pending_action(lead=lead, by=SYSTEM, reason=SENTENCES[why])


def _free_lost() -> None:
    """What a call's end tells its entry is told in one transaction; this is for what went wrong in the telling, and for
    calls that were deleted by hand."""
    over = Q(interaction=None) | ~Q(interaction__status=Status.IN_PROGRESS)
    lost = DialerEntry.objects.filter(over, state=State.CALLING, updated_at__lt=clock.now() - LOST_AFTER)
    for pk, lead in list(lost.values_list("pk", "lead")[:CHUNK]):
        try:
            _free(pk, lead)
        except OF_THE_DATABASE:
            raise
        except Exception as error:
            log.exception("entry_not_freed", entry=pk, exc_info=error)
            # Behind the others, and tried again.
            DialerEntry.objects.filter(pk=pk).update(updated_at=clock.now())


@transaction.atomic
def _free(pk: int, lead: int) -> None:
    lock_leads([lead])
    rows = DialerEntry.objects.select_for_update(of=("self",)).filter(pk=pk, state=State.CALLING)
    entry = rows.select_related("lead__workspace", "campaign", "interaction").first()
    if entry and (entry.interaction is None or entry.interaction.is_final):
        go_on(entry, entry.interaction)
