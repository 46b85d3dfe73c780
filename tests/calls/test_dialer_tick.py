"""The tick: who is due is called, by lane, within caps, fairly, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from calls.dialer import tick as tick_module
from calls.dialer.control import set_dialer
from calls.dialer.entries import send_to_dialer, take_out
from calls.dialer.tick import tick
from calls.dispatch.placing import dial
from calls.models import DialerEntry, DialerState, Interaction
from calls.services import open_calls
from campaigns.models import Campaign, ProviderAccount, SequenceStep
from common import clock
from leads.services import add_to_do_not_call, set_status
from tests.calls.dialer_world import called, crowd, dialing, entry
from tests.network import FakeNetwork
from tests.travel import Clock
from tests.world import make_account, make_agent, make_calling_workspace, make_campaign, make_lead, make_number

pytestmark = pytest.mark.django_db

NIGHT = {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}


@pytest.fixture
def at(settings: Any) -> Clock:
    clock = Clock(settings)
    # A Monday, noon in New York.
    clock.at("2026-06-01T12:00:00-04:00")
    return clock


@pytest.fixture
def campaign() -> Campaign:
    return dialing(make_calling_workspace())


def test_a_lead_that_was_sent_is_called_by_the_next_tick(campaign: Campaign, at: Clock) -> None:
    (lead,) = crowd(campaign, 1)
    assert tick() == 1
    call = Interaction.objects.get()
    assert (call.lead, call.origin, call.dispatch) == (lead, "auto_dialer", "queued")
    assert (entry(lead).state, entry(lead).interaction) == ("calling", call)
    assert tick() == 0


def test_outside_the_hours_it_is_called_when_they_open(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, hours=NIGHT)
    at.at("2026-06-01T22:00:00-04:00")
    (lead,) = crowd(campaign, 1)
    assert entry(lead).due_at == at.at("2026-06-02T09:00:00-04:00")
    at.at("2026-06-02T08:59:59-04:00")
    assert tick() == 0
    at.at("2026-06-02T09:00:00-04:00")
    assert tick() == 1


def test_callbacks_go_before_leads_that_came_in_then_new_ones_then_retries(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, dialer_concurrency=1)
    leads = crowd(campaign, 4)
    lanes = [DialerEntry.Lane.RETRY, DialerEntry.Lane.NEW, DialerEntry.Lane.SUBMITTED, DialerEntry.Lane.CALLBACK]
    for lead, lane in zip(leads, lanes, strict=True):
        DialerEntry.objects.filter(lead=lead).update(lane=lane)
    for _ in leads:
        assert tick() == 1
        Interaction.objects.filter(status="in_progress").update(status="no_answer", dispatch="placed")
    assert called() == [lead.pk for lead in reversed(leads)]


def test_without_new_first_new_leads_and_retries_go_by_their_time(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, dialer_concurrency=1, new_first=False)
    new, retry = crowd(campaign, 2)
    earlier = clock.now() - timedelta(minutes=5)
    DialerEntry.objects.filter(lead=retry).update(lane=DialerEntry.Lane.RETRY, due_at=earlier)
    tick()
    assert called() == [retry.pk]


def test_no_more_are_begun_than_the_campaign_may_make_at_a_time(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, dialer_concurrency=3)
    crowd(campaign, 5)
    assert (tick(), tick()) == (3, 0)
    assert DialerState.objects.get().held_why == "WAITING_FOR_LINE"


def test_no_more_are_begun_than_the_account_has_lines(campaign: Campaign, at: Clock) -> None:
    account = campaign.production_agent.account  # type: ignore[union-attr]
    account.concurrency = 2
    account.save()
    crowd(campaign, 5)
    assert (tick(), tick()) == (2, 0)


def test_the_daily_cap_ends_the_day_and_the_next_day_goes_on(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, daily_cap=2)
    crowd(campaign, 3)
    assert (tick(), tick()) == (2, 0)
    Interaction.objects.update(status="no_answer", dispatch="placed", placed_at=clock.now())
    assert tick() == 0
    assert DialerState.objects.get().held_why == "DAILY_CAP_REACHED"
    at.move(days=1)
    assert tick() == 1


def test_who_is_held_by_a_cap_waits_no_more_than_three_days_for_the_preferred_part(
    campaign: Campaign, at: Clock
) -> None:
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, part_of_day="morning")
    at.at("2026-06-01T11:59:00-04:00")
    dialing(campaign, dialer_concurrency=1)
    crowd(campaign, 2)
    assert tick() == 1
    at.at("2026-06-01T12:30:00-04:00")
    Interaction.objects.update(status="no_answer", dispatch="placed", placed_at=clock.now())
    assert tick() == 0
    held = DialerEntry.objects.get(state="waiting")
    assert held.due_at == at.at("2026-06-02T00:00:00-04:00")
    held.due_at = at.at("2026-06-05T12:30:00-04:00") - timedelta(days=3)
    held.save()
    assert tick() == 1


def test_campaigns_that_share_an_account_get_the_same_share(campaign: Campaign, at: Clock) -> None:
    account = campaign.production_agent.account  # type: ignore[union-attr]
    account.concurrency = 6
    account.save()
    other = dialing(make_campaign(campaign.production_agent, name="Other"))
    crowd(campaign, 10)
    crowd(other, 10, area=213)
    assert tick() == 6
    counts = [Interaction.objects.filter(campaign=each).count() for each in (campaign, other)]
    assert counts == [3, 3]


def test_what_one_campaign_leaves_the_other_takes(campaign: Campaign, at: Clock) -> None:
    account = campaign.production_agent.account  # type: ignore[union-attr]
    account.concurrency = 6
    account.save()
    other = dialing(make_campaign(campaign.production_agent, name="Other"))
    crowd(campaign, 1)
    crowd(other, 10, area=213)
    assert tick() == 6


def test_a_campaign_that_fails_holds_up_no_other(
    campaign: Campaign, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dialing(make_campaign(campaign.production_agent, name="Other"))
    crowd(campaign, 2)
    crowd(other, 2, area=213)
    # No number at all is a state that the gate knows; a step that points nowhere is not.
    Campaign.objects.filter(pk=campaign.pk).update(retry_outcomes=7)
    assert tick() == 2
    assert set(Interaction.objects.values_list("campaign", flat=True)) == {other.pk}
    assert "operator" in DialerState.objects.get(campaign=campaign).held_text


def test_a_number_that_two_leads_share_is_called_once(campaign: Campaign, at: Clock) -> None:
    twins = [make_lead(campaign, phone="+12125550150") for _ in range(2)]
    send_to_dialer(leads=twins, by=SYSTEM)
    assert (tick(), tick()) == (1, 0)


@pytest.mark.parametrize("state", ["off", "paused"])
def test_a_dialer_that_is_not_on_dials_nobody(campaign: Campaign, at: Clock, state: str) -> None:
    crowd(campaign, 2)
    Campaign.objects.update(dialer=state)
    assert tick() == 0


def test_an_inactive_campaign_and_the_stop_switch_stop_everything(campaign: Campaign, at: Clock) -> None:
    crowd(campaign, 2)
    Campaign.objects.update(status="inactive")
    assert tick() == 0
    Campaign.objects.update(status="active")
    campaign.workspace.calls_stopped_at = clock.now()
    campaign.workspace.save()
    assert tick() == 0


def test_pausing_withdraws_queued_calls_at_once_and_resuming_calls_them_again(campaign: Campaign, at: Clock) -> None:
    (lead,) = crowd(campaign, 1)
    tick()
    set_dialer(campaign=campaign, act="pause", by=SYSTEM)
    call = Interaction.objects.get()
    assert (call.dispatch, call.error_code) == ("withdrawn", "DIALER_NOT_ON")
    assert entry(lead).state == "waiting"
    set_dialer(campaign=campaign, act="resume", by=SYSTEM)
    assert tick() == 1


def test_stopping_empties_the_list(campaign: Campaign, at: Clock) -> None:
    (lead,) = crowd(campaign, 1)
    set_dialer(campaign=campaign, act="stop", by=SYSTEM)
    assert (entry(lead).state, entry(lead).why) == ("done", "STOPPED")


def test_a_lead_that_says_no_leaves_the_dialer_at_once(campaign: Campaign, at: Clock) -> None:
    first, second = crowd(campaign, 2)
    add_to_do_not_call(workspace=campaign.workspace, address=first.phone, by=SYSTEM)
    set_status(lead=second, status="dnc", by=SYSTEM)
    assert [entry(lead).why for lead in (first, second)] == ["DO_NOT_CALL", "DO_NOT_CALL"]
    assert tick() == 0


def test_a_lead_whose_status_is_left_out_is_parked_until_it_changes(campaign: Campaign, at: Clock) -> None:
    (lead,) = crowd(campaign, 1)
    set_status(lead=lead, status="qualified", by=SYSTEM)
    assert (entry(lead).state, entry(lead).due_at, entry(lead).why) == ("waiting", None, "STATUS_EXCLUDED")
    assert tick() == 0
    set_status(lead=lead, status="new", by=SYSTEM)
    assert tick() == 1


def test_whoever_is_taken_out_is_not_called_a_queued_call_included(campaign: Campaign, at: Clock) -> None:
    waiting, queued = crowd(campaign, 2)
    dialing(campaign, dialer_concurrency=1)
    tick()
    assert take_out(lead=waiting, by=SYSTEM)
    assert take_out(lead=queued, by=SYSTEM, reason="Bought already")
    assert not take_out(lead=queued, by=SYSTEM)
    assert Interaction.objects.get().dispatch == "withdrawn"
    assert {each.why for each in DialerEntry.objects.all()} == {"TAKEN_OUT"}
    assert tick() == 0


def test_new_hours_give_new_times(campaign: Campaign, at: Clock) -> None:
    from calls.dialer.sweep import sweep_dialer
    from campaigns.services import update_campaign

    dialing(campaign, hours=NIGHT)
    at.at("2026-06-01T22:00:00-04:00")
    (lead,) = crowd(campaign, 1)
    update_campaign(campaign=campaign, by=SYSTEM, hours={"mon": [["00:00", "24:00"]]})
    sweep_dialer()
    assert entry(lead).due_at == clock.now()
    assert tick() == 1


def test_a_tick_costs_the_same_queries_for_many_as_for_few(campaign: Campaign, at: Clock) -> None:
    crowd(campaign, 2)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert tick() == 2
    other = dialing(make_calling_workspace("Other"))
    crowd(other, 30)
    with CaptureQueriesContext(connection) as many:
        assert tick() == 30
    assert len(many) <= len(few) + 1


def test_a_step_whose_agent_is_off_keeps_nobody_else_waiting(campaign: Campaign, at: Clock) -> None:
    off = make_agent(campaign.production_agent.account, is_active=False)  # type: ignore[union-attr]
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=1, agent=off)
    (tried,) = crowd(campaign, 1)
    assert tick() == 1
    Interaction.objects.update(status="no_answer", dispatch="placed", placed_at=clock.now(), ended_at=clock.now())
    DialerEntry.objects.update(state="waiting", interaction=None, due_at=clock.now())
    others = crowd(campaign, 2, area=213)
    assert tick() == 2
    assert set(called()[1:]) == {lead.pk for lead in others}
    assert entry(tried).why == "AGENT_NOT_CONFIGURED"
    assert entry(tried).due_at == clock.now() + timedelta(minutes=15)


def test_an_account_of_a_step_gets_no_more_than_it_has_lines(campaign: Campaign, at: Clock) -> None:
    account = make_account(campaign.workspace, concurrency=1)
    number = make_number(account, "+14155550111")
    template = campaign.production_agent.template  # type: ignore[union-attr]
    narrow = make_agent(account, caller_number=number, template=template)
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, agent=narrow)
    crowd(campaign, 5)
    assert (tick(), tick()) == (1, 0)
    assert DialerEntry.objects.filter(why="WAITING_FOR_LINE").count() == 4


def test_those_who_may_be_called_do_not_wait_behind_those_whose_day_is_over(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, hours={"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}, dialer_concurrency=1)
    crowd(campaign, 150)
    (west,) = crowd(campaign, 1, area=213)
    at.at("2026-06-01T15:00:00-07:00")
    DialerEntry.objects.exclude(lead=west).update(due_at=clock.now() - timedelta(hours=5))
    assert tick() == 1
    assert called() == [west.pk]


def test_a_tick_with_little_room_and_many_refused_asks_no_more_than_one_with_much(
    campaign: Campaign, at: Clock
) -> None:
    crowd(campaign, 90)
    dialing(campaign, hours={"tue": [["09:00", "17:00"]]}, dialer_concurrency=1)
    with CaptureQueriesContext(connection) as asked:
        assert tick() == 0
    assert len(asked) < 60
    assert not DialerEntry.objects.filter(due_at__lte=clock.now()).exists()


def test_a_clock_that_was_set_back_stops_nobody(campaign: Campaign, at: Clock) -> None:
    dialing(campaign, calls_per_minute=60)
    crowd(campaign, 1)
    far = clock.real_now() + timedelta(days=1)
    DialerState.objects.update_or_create(campaign=campaign, defaults={"next_start_at": far, "resume_at": far})
    assert tick() == 1


def test_one_that_cannot_be_begun_takes_no_line_from_the_others(
    campaign: Campaign, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderAccount.objects.update(concurrency=3)
    leads = crowd(campaign, 6)
    opened = open_calls

    def open_or_break(plans: Any, **how: Any) -> Any:
        assert leads[0] not in [plan.lead for plan in plans]
        return opened(plans, **how)

    monkeypatch.setattr(tick_module, "open_calls", open_or_break)
    assert tick() == 3
    assert entry(leads[0]).why == "INTERNAL_ERROR"


def test_who_waits_for_a_full_account_keeps_its_time(campaign: Campaign, at: Clock) -> None:
    account = make_account(campaign.workspace, concurrency=1)
    number = make_number(account, "+14155550111")
    template = campaign.production_agent.template  # type: ignore[union-attr]
    narrow = make_agent(account, caller_number=number, template=template)
    SequenceStep.objects.create(campaign=campaign, position=1, after_attempt=0, agent=narrow)
    crowd(campaign, 3)
    due = clock.now()
    assert tick() == 1
    at.move(minutes=5)
    assert tick() == 0
    assert DialerState.objects.get().held_why == "WAITING_FOR_LINE"
    assert set(DialerEntry.objects.filter(state="waiting").values_list("due_at", flat=True)) == {due}


def test_a_test_leads_call_in_a_campaign_that_is_not_active_passes_gate_and_fence(
    campaign: Campaign, at: Clock, network: FakeNetwork
) -> None:
    network.accept_calls()
    lead = make_lead(campaign, phone="+12125550150", is_test=True)
    send_to_dialer(leads=[lead], by=SYSTEM)
    assert tick() == 1
    Campaign.objects.update(status="inactive")
    dial(Interaction.objects.get().pk, "t1")
    assert Interaction.objects.get().dispatch == "placed"
