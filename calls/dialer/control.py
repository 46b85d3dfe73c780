"""A campaign's auto-dialer on and off."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import transaction

from accounts.actors import Actor
from calls.dialer.entries import keep_promises
from calls.dialer.sweep import empty, left_over
from calls.dispatch.lines import BY_DIALER
from calls.dispatch.placing import end_unplaced
from calls.models import Dispatch, Interaction
from campaigns.models import Campaign
from campaigns.services import set_dialer_state
from common.errors import ProblemError
from common.patience import OF_THE_DATABASE

log = structlog.get_logger(__name__)
ACTS = ("start", "pause", "resume", "stop")
Dialer = Campaign.Dialer
AFTER = {"start": Dialer.ON, "resume": Dialer.ON, "pause": Dialer.PAUSED, "stop": Dialer.OFF}
NOT_ON = "The auto-dialer of this campaign is off: start it."
EMPTYING = "The list of the dialer that was stopped is still being emptied: try again in a minute."
INLINE = 20_000
TRIES = 3


def set_dialer(*, campaign: Campaign, act: str, by: Actor) -> bool:
    """start and resume: on. pause: nobody is dialed, the list stays. stop: off, and the list is emptied; first calls of
    leads that come in are made all the same. Calls in flight finish, queued ones that are not to be made are withdrawn
    at once. False when it was so already. Raises ProblemError DIALER_STATE for what cannot follow (resume or pause of
    one that is off)."""
    with transaction.atomic():
        stored = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        _check(stored, act)
        changed = set_dialer_state(campaign=stored, state=AFTER[act], by=by)
    campaign.dialer = AFTER[act]
    if changed and act == "pause":
        withdraw_queued(campaign, BY_DIALER)
    if changed and act == "stop":
        withdraw_queued(campaign, (Interaction.Origin.DIALER,))
        empty(campaign, most=INLINE)
    if act == "start":
        # Also where it was on already: the one who started it may have died on the way.
        keep_promises(campaign)
    return changed


def _check(campaign: Campaign, act: str) -> None:
    if act in ("pause", "resume") and campaign.dialer == Dialer.OFF:
        raise ProblemError("DIALER_STATE", NOT_ON)
    if act == "start" and campaign.status == Campaign.Status.ARCHIVED:
        raise ProblemError("DIALER_STATE", "An archived campaign calls nobody: restore it first.")
    if act == "start" and campaign.dialer == Dialer.OFF and left_over(campaign.pk).exists():
        raise ProblemError("DIALER_STATE", EMPTYING)


def withdraw_queued(campaign: Campaign, origins: Sequence[str]) -> None:
    """Those that a worker has already are judged by the gate at the dial, which sees the new state; so is the one that
    somebody else holds all the time."""
    queued = Interaction.objects.live().filter(campaign=campaign, dispatch=Dispatch.QUEUED, origin__in=origins)
    message = f"The campaign's auto-dialer is {Dialer(campaign.dialer).label.lower()}."
    left = list(queued.values_list("pk", flat=True))
    for _ in range(TRIES):
        left = [pk for pk in left if not _withdraw(pk, message)]


def _withdraw(pk: int, message: str) -> bool:
    """False when it is to be tried again: somebody else wanted the same rows."""
    try:
        end_unplaced(Interaction.objects.all(), pk, Dispatch.QUEUED, "DIALER_NOT_ON", message)
    except OF_THE_DATABASE as error:
        log.warning("call_not_withdrawn", interaction_id=pk, error=str(error))
        return False
    return True
