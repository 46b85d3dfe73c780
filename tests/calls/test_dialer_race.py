"""Several schedulers that all believe they lead, and people who act at the same moment."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.dialer.entries import send_to_dialer
from calls.dialer.tick import tick
from calls.models import DialerEntry, Interaction
from calls.services import CallRefused, initiate_call
from campaigns.models import Campaign
from tests.api.crowd import at_once
from tests.travel import Clock
from tests.world import make_calling_workspace, make_lead

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(settings: Any) -> Campaign:
    Clock(settings).at("2026-06-01T12:00:00-04:00")
    campaign = make_calling_workspace()
    campaign.dialer = Campaign.Dialer.ON
    campaign.save()
    return campaign


def test_schedulers_that_tick_at_once_begin_each_call_once(campaign: Campaign) -> None:
    leads = [make_lead(campaign, phone=f"+12125550{100 + place}") for place in range(30)]
    send_to_dialer(leads=leads, by=SYSTEM)
    assert sum(at_once(4, tick)) + tick() == 30
    assert set(Counter(Interaction.objects.values_list("lead", flat=True)).values()) == {1}
    assert not DialerEntry.objects.exclude(state="calling").exists()


def test_who_clicks_call_while_the_dialer_ticks_makes_one_call_of_both(campaign: Campaign) -> None:
    lead = make_lead(campaign, phone="+12125550150")
    send_to_dialer(leads=[lead], by=SYSTEM)

    def click() -> int:
        try:
            initiate_call(lead=lead, by=SYSTEM, origin=Interaction.Origin.MANUAL)
        except CallRefused as refused:
            return {"CALL_IN_PROGRESS": 0}[refused.verdict.code]
        return 1

    acts = iter([tick, click])
    assert sum(at_once(2, lambda: next(acts)())) == 1
    assert Interaction.objects.count() == 1


def test_who_is_sent_twice_at_once_is_in_once(campaign: Campaign) -> None:
    lead = make_lead(campaign, phone="+12125550150")
    sent = at_once(4, lambda: send_to_dialer(leads=[lead], by=SYSTEM))
    assert {each.code for (each,) in sent} == {""}
    assert DialerEntry.objects.count() == 1
