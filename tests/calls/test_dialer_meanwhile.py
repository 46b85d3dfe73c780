"""What somebody does while a worker waits for the call's start holds at once: the phone does not ring any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.dialer.control import set_dialer
from calls.dialer.entries import send_to_dialer, take_out
from calls.dialer.tick import tick
from calls.dispatch import lines, placing
from calls.dispatch.placing import dial
from calls.models import Interaction
from calls.prompting import render_prompt
from campaigns.models import Campaign
from leads.models import Lead
from leads.services import set_status, update_lead
from tests.network import FakeNetwork
from tests.travel import Clock
from tests.world import make_calling_workspace, make_lead

pytestmark = pytest.mark.django_db

ACTS: dict[str, tuple[Callable[[Lead], Any], str]] = {
    "pause": (lambda lead: set_dialer(campaign=lead.campaign, act="pause", by=SYSTEM), "DIALER_NOT_ON"),
    "stop": (lambda lead: set_dialer(campaign=lead.campaign, act="stop", by=SYSTEM), "DIALER_NOT_ON"),
    "inactive": (lambda lead: Campaign.objects.update(status="inactive"), "CAMPAIGN_INACTIVE"),
    "hours": (lambda lead: Campaign.objects.update(hours={"sun": [["03:00", "03:05"]]}), "OUTSIDE_OPERATING_HOURS"),
    "holiday": (lambda lead: Campaign.objects.update(holidays=[{"date": "06-01"}]), "OUTSIDE_OPERATING_HOURS"),
    "status": (lambda lead: set_status(lead=lead, status="qualified", by=SYSTEM), "STATUS_EXCLUDED"),
    "number": (lambda lead: update_lead(lead=lead, by=SYSTEM, phone="+12125550199"), "NUMBER_CHANGED"),
    "take out": (lambda lead: take_out(lead=lead, by=SYSTEM), "TAKEN_BACK"),
}


@pytest.fixture
def lead(settings: Any) -> Lead:
    Clock(settings).at("2026-06-01T12:00:00-04:00")
    campaign = make_calling_workspace()
    Campaign.objects.update(dialer=Campaign.Dialer.ON)
    campaign.refresh_from_db()
    lead = make_lead(campaign, phone="+12125550150")
    send_to_dialer(leads=[lead], by=SYSTEM)
    assert tick() == 1
    return lead


@pytest.mark.parametrize("name", ACTS)
def test_what_happens_while_the_call_waits_for_its_start_is_seen_by_the_gate(
    name: str, lead: Lead, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.accept_calls()
    act, code = ACTS[name]
    monkeypatch.setattr(lines, "_sleep_until", lambda moment: act(lead))
    call = Interaction.objects.get()
    dial(call.pk, "t1")
    call.refresh_from_db()
    assert network.dials == []
    assert (call.dispatch, call.error_code) == ("withdrawn", code)


@pytest.mark.parametrize("name", ["pause", "stop", "inactive", "take out"])
def test_what_happens_between_gate_and_fence_is_seen_by_the_fence(
    name: str, lead: Lead, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.accept_calls()
    act, _ = ACTS[name]
    rendered = render_prompt

    def act_and_render(*args: Any, **kwargs: Any) -> Any:
        act(lead)
        return rendered(*args, **kwargs)

    monkeypatch.setattr(placing, "render_prompt", act_and_render)
    call = Interaction.objects.get()
    dial(call.pk, "t1")
    call.refresh_from_db()
    assert (network.dials, call.dispatch) == ([], "queued")
