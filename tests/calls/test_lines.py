"""Lines under many workers at once: the caps hold, and what ends without a call is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.actors import SYSTEM
from calls.dispatch.placing import dial
from calls.dispatch.sweep import expire_queued
from calls.models import DialerEntry, Dispatch, Interaction
from calls.services import initiate_call
from calls.signals import call_ended
from campaigns.models import CallerNumber, Campaign, ProviderAccount
from common.queue import enqueue_many_after_commit, redis
from leads.models import Lead
from tests import world
from tests.network import Asked, FakeNetwork, answer

WORKERS = 8


def accept_all(network: FakeNetwork) -> None:
    def accept(asked: Asked) -> Any:
        return answer(200, {"success": True, "conversation_id": f"conv_{asked.json['to_number'][1:]}"})

    network.on("outbound-call", accept)


def of_dialer(campaign: Campaign, number: int) -> Interaction:
    lead = world.make_lead(campaign, f"+1415555{number:04}")
    call = world.make_interaction(lead, origin=Interaction.Origin.DIALER)
    fields = {"workspace": lead.workspace, "campaign": campaign, "lead": lead}
    DialerEntry.objects.create(**fields, state=DialerEntry.State.CALLING, interaction=call)
    return call


def dial_together(calls: list[Interaction]) -> None:
    def run(call: Interaction) -> None:
        try:
            dial(call.pk, f"t{call.pk}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def calls_by_code() -> list[tuple[str, str]]:
    return sorted(Interaction.objects.values_list("dispatch", "error_code"))


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_as_many_pass_as_the_campaigns_daily_cap_allows(network: FakeNetwork) -> None:
    campaign = world.make_calling_workspace()
    Campaign.objects.update(dialer="on", daily_cap=3)
    accept_all(network)
    dial_together([of_dialer(campaign, number) for number in range(WORKERS)])
    full = [("withdrawn", "DAILY_CAP_REACHED")] * (WORKERS - 3)
    assert calls_by_code() == [("placed", "")] * 3 + full
    assert len(network.dials) == 3


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_as_many_pass_as_the_numbers_daily_cap_allows(network: FakeNetwork) -> None:
    campaign = world.make_calling_workspace()
    Campaign.objects.update(dialer="on")
    CallerNumber.objects.update(daily_cap=3)
    accept_all(network)
    dial_together([of_dialer(campaign, number) for number in range(WORKERS)])
    full = [("withdrawn", "CALLER_NUMBER_DAILY_CAP")] * (WORKERS - 3)
    assert calls_by_code() == [("placed", "")] * 3 + full


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_as_many_pass_as_the_campaign_dials_at_a_time(network: FakeNetwork) -> None:
    campaign = world.make_calling_workspace()
    Campaign.objects.update(dialer="on", dialer_concurrency=2)
    accept_all(network)
    dial_together([of_dialer(campaign, number) for number in range(WORKERS)])
    assert calls_by_code() == [("placed", "")] * 2 + [("queued", "")] * (WORKERS - 2)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tries_an_account_whose_circuit_is_open(network: FakeNetwork) -> None:
    campaign = world.make_calling_workspace()
    Campaign.objects.update(dialer="on")
    calls = [of_dialer(campaign, number) for number in range(WORKERS)]
    ProviderAccount.objects.update(failures=5, blocked_until=calls[0].queued_at)
    network.on("outbound-call", answer(503))
    dial_together(calls)
    assert len(network.dials) == 1


def test_a_cap_that_is_full_ends_the_call_with_a_sentence_and_no_attempt(
    campaign: Campaign, network: FakeNetwork
) -> None:
    Campaign.objects.update(dialer="on", daily_cap=1)
    accept_all(network)
    first, second = of_dialer(campaign, 1), of_dialer(campaign, 2)
    dial(first.pk, "t1")
    dial(second.pk, "t2")
    second.refresh_from_db()
    assert (second.dispatch, second.error_code) == (Dispatch.WITHDRAWN, "DAILY_CAP_REACHED")
    assert "daily cap" in second.error_message
    assert second.placed_at is None
    assert second.events.get(kind="withdrawn").data["reasons"][0]["rule"] == "campaign.daily_cap"


def test_the_campaigns_daily_cap_counts_the_calls_of_its_dialer_and_no_others(
    campaign: Campaign, network: FakeNetwork
) -> None:
    Campaign.objects.update(dialer="on", daily_cap=2)
    accept_all(network)
    by_hand = initiate_call(lead=world.make_lead(campaign, "+14155550900"), by=SYSTEM, origin="manual")
    calls = [by_hand, *(of_dialer(campaign, number) for number in range(3))]
    for call in calls:
        dial(call.pk, f"t{call.pk}")
    assert calls_by_code() == [("placed", "")] * 3 + [("withdrawn", "DAILY_CAP_REACHED")]


@pytest.mark.parametrize(("wanted", "asked"), [(None, 40), (20, 20), (60, 40)])
def test_the_phone_rings_as_long_as_the_campaign_says_and_no_longer_than_the_operator_does(
    lead: Lead, network: FakeNetwork, wanted: int | None, asked: int
) -> None:
    Campaign.objects.update(ring_timeout_seconds=wanted)
    accept_all(network)
    dial(initiate_call(lead=lead, by=SYSTEM, origin="manual").pk, "t1")
    assert network.dials[0].json["telephony_call_config"] == {"ringing_timeout_secs": asked}


@pytest.mark.parametrize("way", ["refused by the gate", "rejected", "expired"])
def test_whoever_listens_is_told_of_a_call_that_ended_unplaced(lead: Lead, network: FakeNetwork, way: str) -> None:
    told: list[tuple[int, str, str]] = []

    def hear(interaction: Interaction, **_: Any) -> None:
        told.append((interaction.pk, interaction.status, interaction.error_code))

    call = initiate_call(lead=lead, by=SYSTEM, origin="manual")
    network.on("outbound-call", answer(400, {"detail": "No"}))
    call_ended.connect(hear)
    try:
        if way == "refused by the gate":
            Campaign.objects.update(status="inactive")
        if way == "expired":
            Interaction.objects.update(queued_at="2020-01-01T00:00:00Z")
            expire_queued()
        dial(call.pk, "t1")
    finally:
        call_ended.disconnect(hear)
    code = {"refused by the gate": "CAMPAIGN_INACTIVE", "rejected": "PROVIDER_REJECTED", "expired": "EXPIRED"}[way]
    assert told == [(call.pk, "error", code)]


@pytest.mark.django_db
def test_many_jobs_are_sent_after_the_commit_and_in_their_order(django_capture_on_commit_callbacks: Any) -> None:
    redis().flushdb()
    with django_capture_on_commit_callbacks(execute=True):
        enqueue_many_after_commit("calls.jobs.dial", [3, 1, 2], queue="dial")
        assert redis().llen("rq:queue:dial") == 0
    from common.queue import _queue

    assert [job.args for job in _queue("dial").jobs] == [(3,), (1,), (2,)]
    redis().flushdb()
