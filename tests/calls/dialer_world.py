"""What tests of the auto-dialer do: leads are sent to it, its calls are made, and come to something."""

from __future__ import annotations

from typing import Any

from accounts.actors import SYSTEM
from calls.dialer.entries import send_to_dialer
from calls.dialer.tick import tick
from calls.dispatch.placing import end_unplaced, mark_placed
from calls.ingest.merge import apply_report
from calls.models import DialerEntry, Dispatch, Interaction
from calls.providers.base import CallReport, Phase
from campaigns.models import Campaign
from common import clock
from leads.models import Lead
from tests.world import make_interaction, make_lead


def dialing(campaign: Campaign, **columns: Any) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(dialer=Campaign.Dialer.ON, **columns)
    campaign.refresh_from_db()
    return campaign


def crowd(campaign: Campaign, count: int, area: int = 212) -> list[Lead]:
    leads = [make_lead(campaign, phone=f"+1{area}5550{100 + place}") for place in range(count)]
    send_to_dialer(leads=leads, by=SYSTEM)
    return leads


def called() -> list[int]:
    return list(Interaction.objects.order_by("id").values_list("lead_id", flat=True))


def entry(lead: Lead) -> DialerEntry:
    return DialerEntry.objects.get(lead=lead)


def claimed() -> Interaction:
    assert tick() == 1
    call = Interaction.objects.latest("id")
    Interaction.objects.filter(pk=call.pk).update(dispatch=Dispatch.PLACING, sent_at=clock.real_now())
    call.refresh_from_db()
    return call


def dial() -> Interaction:
    call = claimed()
    mark_placed(call, f"conv_{call.pk}")
    Interaction.objects.filter(pk=call.pk).update(placed_at=clock.now())
    return call


def report(call: Interaction, status: str, **said: Any) -> None:
    apply_report(call.pk, CallReport(phase=Phase.FINAL, conversation_id=f"conv_{call.pk}", status=status, **said))


def fail() -> None:
    call = claimed()
    rows = Interaction.objects.all()
    end_unplaced(rows, call.pk, Dispatch.PLACING, "PROVIDER_REJECTED", "No.", after=Dispatch.REJECTED)


def ringing(lead: Lead, **fields: Any) -> Interaction:
    """A call by hand that nobody has reported yet."""
    call = make_interaction(lead, dispatch=Dispatch.PLACED, placed_at=clock.now(), **fields)
    Interaction.objects.filter(pk=call.pk).update(conversation_id=f"conv_{call.pk}")
    return call


def by_hand(lead: Lead, status: str, **said: Any) -> Interaction:
    call = ringing(lead)
    report(call, status, **said)
    return call
