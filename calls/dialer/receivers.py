"""What happens elsewhere and concerns the dialer, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import structlog
from django.db import transaction

from calls.dialer.entries import replan
from calls.dialer.first_action import on_lead_submitted, on_leads_approved
from calls.dialer.outcomes import on_call_ended
from calls.dialer.sweep import replan_later
from calls.models import DialerEntry
from calls.signals import call_ended
from campaigns.models import Campaign
from campaigns.signals import rules_changed
from common.patience import OF_THE_DATABASE
from leads.models import Lead
from leads.signals import lead_submitted, leads_approved, leads_changed, numbers_listed

log = structlog.get_logger(__name__)


def connect() -> None:
    for signal, receiver in (
        (call_ended, on_call_ended),
        (lead_submitted, on_lead_submitted),
        (leads_approved, on_leads_approved),
        (leads_changed, on_leads_changed),
        (numbers_listed, on_numbers_listed),
        (rules_changed, on_rules_changed),
    ):
        signal.connect(safely(receiver), weak=False, dispatch_uid=f"dialer.{receiver.__name__}")


def safely(receiver: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong with an entry must not undo what happened: a call's outcome, or somebody's no. The entry keeps
    its time, and the gate has the last word; one whose call is over is found by the sweep."""

    @wraps(receiver)
    def receive(**facts: Any) -> None:
        try:
            with transaction.atomic():
                receiver(**facts)
        except OF_THE_DATABASE:
            raise
        except Exception as error:
            log.exception("dialer_not_told", receiver=receiver.__name__, exc_info=error)

    return receive


def on_leads_changed(*, lead_ids: Iterable[int], **_: Any) -> None:
    replan(DialerEntry.objects.filter(lead__in=list(lead_ids)))


def on_numbers_listed(*, workspace_id: int, numbers: Iterable[str], **_: Any) -> None:
    addresses = list(numbers)
    if not DialerEntry.objects.filter(workspace=workspace_id).exclude(state=DialerEntry.State.DONE).exists():
        return
    # The dialer calls leads at their main number only.
    leads = Lead.objects.filter(workspace=workspace_id, phone__in=addresses).values("pk")
    replan(DialerEntry.objects.filter(lead__in=leads))


def on_rules_changed(*, campaign: Campaign, **_: Any) -> None:
    replan_later(campaign)
