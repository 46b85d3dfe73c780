"""One placement per intent: the four-way result, the claim, the fence and the gate at the dial."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from accounts.actors import SYSTEM
from accounts.services import set_calls_stopped, set_operator_stop
from calls.dispatch import placing
from calls.dispatch.placing import dial
from calls.dispatch.sweep import enqueue_waiting, expire_queued, free_unsent_claims, give_up_sent_claims, sweep_dispatch
from calls.ingest.merge import apply_report
from calls.models import Dispatch, Interaction, InteractionEvent, Status
from calls.providers.base import Placement, PlaceResult
from calls.providers.elevenlabs import reports
from calls.services import CallRefused, cancel_call, initiate_call
from campaigns.models import Campaign, ProviderAccount
from common import clock
from common.http import Lost, NotSent
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import provider_events as events
from tests import world
from tests.network import FakeNetwork, answer


@pytest.fixture
def call(lead: Lead) -> Interaction:
    return initiate_call(lead=lead, by=SYSTEM, origin="manual", additional_instructions="Say {{first_name}}")


def claimed(call: Interaction, token: str) -> Interaction:
    """As the worker holds it that has just claimed the call."""
    assert placing.claim(call.pk, token)
    interaction = placing._load(call.pk, token)
    assert interaction
    return interaction


def taken_over(call: Interaction) -> None:
    """The sweep gave the call to another worker, which is waiting for the provider's answer."""
    Interaction.objects.update(claimed_at=clock.real_now() - timedelta(minutes=1))
    free_unsent_claims()
    assert placing.mark_sent(claimed(call, "other"))


def state(call: Interaction) -> tuple[str, str, str]:
    call.refresh_from_db()
    return call.dispatch, call.status, call.error_code


def test_an_accepted_call_is_placed_with_the_providers_ids(call: Interaction, network: FakeNetwork) -> None:
    network.accept_calls("conv_77")
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.PLACED, Status.IN_PROGRESS, "")
    assert (call.conversation_id, call.provider_call_id) == ("conv_77", "CA1")
    assert call.placed_at is not None
    assert call.phase == "ringing"


def test_the_request_is_what_elevenlabs_expects(call: Interaction, network: FakeNetwork) -> None:
    network.accept_calls()
    dial(call.pk, "t1")

    [asked] = network.dials
    assert asked.url == "https://api.elevenlabs.io/v1/convai/twilio/outbound-call"
    assert asked.headers["xi-api-key"] == "sk_test"
    assert asked.json["agent_id"] == call.agent.provider_agent_id
    assert asked.json["agent_phone_number_id"] == call.caller_number.provider_number_id
    assert asked.json["to_number"] == call.to_number
    assert asked.json["telephony_call_config"] == {"ringing_timeout_secs": 40}
    assert asked.timeout == (5.0, 70.0)
    initiation = asked.json["conversation_initiation_client_data"]
    assert initiation["dynamic_variables"]["crm_attempt_id"] == call.public_id
    agent = initiation["conversation_config_override"]["agent"]
    assert agent["prompt"]["prompt"].startswith("You call Anna for Spring kitchens.")
    assert agent["first_message"] == "Hello Anna!"


def test_a_sip_number_takes_the_sip_path(call: Interaction, network: FakeNetwork) -> None:
    call.caller_number.kind = "sip"
    call.caller_number.save()
    body = {"success": True, "conversation_id": "conv_1", "sip_call_id": "SCL_1"}
    network.on("/v1/convai/sip-trunk/outbound-call", answer(200, body))
    dial(call.pk, "t1")
    assert state(call)[0] == Dispatch.PLACED
    assert call.provider_call_id == "SCL_1"


def test_braces_in_instructions_and_values_do_not_reach_the_provider(call: Interaction, network: FakeNetwork) -> None:
    Lead.objects.update(first_name="{{system__secret}}", custom_fields={"pet": "a}}b{{{c"})
    network.accept_calls()
    dial(call.pk, "t1")
    sent = str(network.dials[0].json["conversation_initiation_client_data"])
    for text in _texts(network.dials[0].json["conversation_initiation_client_data"]):
        assert "{{" not in text
        assert "}}" not in text
    assert "Say { {first_name} }" in sent


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_a_refusal_by_the_provider_ends_the_call_and_says_why(
    call: Interaction, network: FakeNetwork, status: int
) -> None:
    network.on("outbound-call", answer(status, {"detail": {"status": "x", "message": "Not with this key"}}))
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.REJECTED, Status.ERROR, "PROVIDER_REJECTED")
    assert call.error_message == "Not with this key"
    call.lead.refresh_from_db()
    assert call.lead.status == "new"


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ([{"loc": ["body", "to_number"], "msg": "Field required"}], "to_number: Field required"),
        ({"status": "quota_exceeded", "message": "No credits"}, "No credits"),
        ("plain words", "plain words"),
    ],
)
def test_all_three_shapes_of_an_error_body_are_read(
    call: Interaction, network: FakeNetwork, detail: object, text: str
) -> None:
    network.on("outbound-call", answer(422, {"detail": detail}))
    dial(call.pk, "t1")
    call.refresh_from_db()
    assert call.error_message == text


def test_success_false_without_an_id_is_a_refusal(call: Interaction, network: FakeNetwork) -> None:
    network.on("outbound-call", answer(200, {"success": False, "message": "No trunk"}))
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.REJECTED, Status.ERROR, "PROVIDER_REJECTED")


def test_a_connection_that_was_never_made_is_tried_for_half_a_minute_and_then_a_refusal(
    call: Interaction, network: FakeNetwork
) -> None:
    network.on("outbound-call", NotSent("refused"))
    waited = 0.0
    for attempt in range(4):
        dial(call.pk, f"t{attempt}")
        assert state(call) == (Dispatch.QUEUED, Status.IN_PROGRESS, "")
        assert call.not_before
        waited += (call.not_before - clock.real_now()).total_seconds()
        Interaction.objects.update(not_before=None)
    dial(call.pk, "last")
    assert state(call) == (Dispatch.REJECTED, Status.ERROR, "PROVIDER_REJECTED")
    assert 25 < waited <= 30


@pytest.mark.parametrize(
    "reply",
    [
        Lost("read timeout"),
        Lost("connection dropped"),
        answer(500, {"detail": "boom"}),
        answer(503),
        answer(302),
        answer(200, None, body=b"<html>"),
        answer(200, {"success": True}),
        answer(200, {"success": False, "conversation_id": "conv_9"}),
        answer(200, {"success": True, "conversation_id": 5}),
    ],
)
def test_a_result_that_is_not_known_is_never_posted_again(
    call: Interaction, network: FakeNetwork, reply: object
) -> None:
    network.on("outbound-call", reply)  # type: ignore[arg-type]
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.UNKNOWN, Status.IN_PROGRESS, "")

    for token in ("t2", "t3"):
        dial(call.pk, token)
    assert len(network.dials) == 1


def test_a_throttled_call_goes_back_into_the_queue_and_counts_no_attempt(
    call: Interaction, network: FakeNetwork
) -> None:
    busy = answer(429, {"detail": {"status": "system_busy", "message": "Busy"}}, headers={"Retry-After": "7"})
    network.on("outbound-call", busy)
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.QUEUED, Status.IN_PROGRESS, "")
    assert call.not_before is not None
    assert timedelta(seconds=6) < call.not_before - clock.real_now() <= timedelta(seconds=7)
    assert Interaction.objects.attempts().count() == 0

    network.accept_calls()
    dial(call.pk, "too early")
    assert len(network.dials) == 1
    Interaction.objects.update(not_before=clock.real_now())
    ProviderAccount.objects.update(next_start_at=None)
    dial(call.pk, "t2")
    assert state(call)[0] == Dispatch.PLACED


def test_a_call_that_is_claimed_is_not_claimed_again(call: Interaction) -> None:
    assert placing.claim(call.pk, "t1")
    assert not placing.claim(call.pk, "t2")


def test_what_changed_since_the_click_withdraws_the_call(call: Interaction, network: FakeNetwork) -> None:
    add_to_do_not_call(workspace=call.workspace, address=call.to_number, by=SYSTEM, reason="Just now")
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "DO_NOT_CALL")
    assert network.dials == []
    call.lead.refresh_from_db()
    assert call.lead.status == "new"
    event = InteractionEvent.objects.get(interaction=call, kind="withdrawn")
    assert event.data["reasons"][0]["code"] == "DO_NOT_CALL"


def test_the_stop_switch_withdraws_queued_calls_at_the_claim(call: Interaction, network: FakeNetwork) -> None:
    set_calls_stopped(workspace=call.workspace, stopped=True, by=SYSTEM)
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "CALLS_STOPPED")
    assert network.dials == []


def test_a_campaign_closed_since_the_click_withdraws_the_call(call: Interaction, network: FakeNetwork) -> None:
    Campaign.objects.update(hours={})
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "OUTSIDE_OPERATING_HOURS")


def test_a_call_that_waited_an_hour_is_withdrawn(call: Interaction, network: FakeNetwork) -> None:
    Interaction.objects.update(queued_at=clock.real_now() - timedelta(minutes=61))
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "EXPIRED")


def test_a_cancelled_call_is_not_placed(call: Interaction, network: FakeNetwork) -> None:
    assert cancel_call(interaction=call, by=SYSTEM)
    dial(call.pk, "t1")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "CANCELLED")
    assert network.dials == []


def test_a_call_under_way_cannot_be_cancelled_any_more(call: Interaction, network: FakeNetwork) -> None:
    network.accept_calls()
    dial(call.pk, "t1")
    assert not cancel_call(interaction=call, by=SYSTEM)
    assert state(call)[0] == Dispatch.PLACED


def test_a_worker_that_died_before_sending_leaves_a_call_that_is_placed_once(
    call: Interaction, network: FakeNetwork
) -> None:
    dead = claimed(call, "dead")
    Interaction.objects.update(claimed_at=clock.real_now() - timedelta(minutes=1))
    free_unsent_claims()
    assert state(call)[0] == Dispatch.QUEUED

    network.accept_calls()
    dial(call.pk, "t2")
    assert state(call)[0] == Dispatch.PLACED
    # The dead one wakes up and goes on where it stood: the fence stops it.
    assert not placing.mark_sent(dead)
    assert len(network.dials) == 1


def test_a_sleeper_that_wakes_before_the_next_claim_sends_nothing(call: Interaction) -> None:
    sleeper = claimed(call, "sleeper")
    Interaction.objects.update(claimed_at=clock.real_now() - timedelta(minutes=1))
    free_unsent_claims()
    assert not placing.mark_sent(sleeper)


def test_a_worker_that_died_after_sending_leaves_an_unknown_call(call: Interaction, network: FakeNetwork) -> None:
    assert placing.mark_sent(claimed(call, "dead"))
    give_up_sent_claims()
    assert state(call)[0] == Dispatch.PLACING
    Interaction.objects.update(sent_at=clock.real_now() - timedelta(seconds=90))
    free_unsent_claims()
    give_up_sent_claims()
    assert state(call) == (Dispatch.UNKNOWN, Status.IN_PROGRESS, "")
    dial(call.pk, "t2")
    assert network.dials == []


def test_a_fault_of_our_own_before_sending_is_tried_again_and_then_given_up(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.dispatch.placing.render_prompt", lambda *_, **__: 1 / 0)
    for attempt in range(3):
        Interaction.objects.update(not_before=None)
        dial(call.pk, f"t{attempt}")
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "INTERNAL_ERROR")
    assert network.dials == []


def test_lost_jobs_are_found_in_the_rows_and_sent_again(call: Interaction, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    def enqueue(job: str, pk: int, queue: str) -> bool:
        sent.append(pk)
        return True

    monkeypatch.setattr("calls.dispatch.sweep.enqueue", enqueue)
    enqueue_waiting()
    assert sent == []
    Interaction.objects.update(enqueued_at=clock.real_now() - timedelta(seconds=6))
    enqueue_waiting()
    enqueue_waiting()
    assert sent == [call.pk]


def test_an_account_dials_no_more_at_a_time_than_its_lines(call: Interaction, network: FakeNetwork) -> None:
    ProviderAccount.objects.update(concurrency=1)
    other = world.make_lead(call.campaign, "+14155550133")
    world.make_interaction(other, dispatch=Dispatch.UNKNOWN)
    dial(call.pk, "t1")
    assert state(call)[0] == Dispatch.QUEUED
    assert call.not_before
    assert network.dials == []


def test_an_account_starts_no_faster_than_its_pace(call: Interaction, network: FakeNetwork) -> None:
    ProviderAccount.objects.update(calls_per_second=0.2)
    network.on(
        "outbound-call", lambda asked: answer(200, {"success": True, "conversation_id": asked.json["to_number"]})
    )
    second = initiate_call(lead=world.make_lead(call.campaign, "+14155550133"), by=SYSTEM, origin="manual")
    dial(call.pk, "t1")
    dial(second.pk, "t2")
    assert state(call)[0] == Dispatch.PLACED
    assert state(second)[0] == Dispatch.QUEUED
    assert second.not_before
    assert second.not_before - clock.real_now() > timedelta(seconds=1)


@pytest.mark.django_db(transaction=True)
def test_of_ten_workers_at_once_one_places_the_call(network: FakeNetwork) -> None:
    lead = world.make_lead(world.make_calling_workspace())
    call = initiate_call(lead=lead, by=SYSTEM, origin="manual")
    network.accept_calls()
    together(lambda number: dial(call.pk, f"t{number}"))
    assert len(network.dials) == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_clicks_at_once_one_becomes_a_call() -> None:
    lead = world.make_lead(world.make_calling_workspace())
    refused: list[str] = []

    def click(_: int) -> None:
        try:
            initiate_call(lead=Lead.objects.get(pk=lead.pk), by=SYSTEM, origin="manual")
        except CallRefused as error:
            refused.append(error.code)

    together(click)
    assert Interaction.objects.count() == 1
    assert refused == ["CALL_IN_PROGRESS"] * 9


def together(action: object) -> None:
    def run(number: int) -> None:
        try:
            action(number)  # type: ignore[operator]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_while_the_workers_are_only_behind_no_further_jobs_are_sent(
    call: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.dispatch.sweep.enqueue", lambda *_, **__: pytest.fail("sent once more"))
    monkeypatch.setattr("common.queue.BACKLOG", 0)
    Interaction.objects.update(enqueued_at=clock.real_now() - timedelta(seconds=6))
    sweep_dispatch()


def test_a_worker_whose_call_was_taken_over_changes_nothing_any_more(call: Interaction) -> None:
    sleeper = claimed(call, "sleeper")
    taken_over(call)
    placing.withdraw(sleeper, "CALLS_STOPPED", "stopped")
    assert not placing.put_back(sleeper, timedelta(seconds=1))
    placing.save_result(sleeper, PlaceResult(placement=Placement.THROTTLED))
    placing.save_result(sleeper, PlaceResult(placement=Placement.REJECTED))
    placing.save_result(sleeper, PlaceResult(placement=Placement.UNKNOWN))
    placing._put_back_after_fault(call.pk, "sleeper", ValueError())
    assert state(call)[0] == Dispatch.PLACING


def test_a_worker_that_slept_right_after_its_claim_does_not_take_the_other_ones_token(call: Interaction) -> None:
    assert placing.claim(call.pk, "sleeper")
    taken_over(call)
    assert placing._load(call.pk, "sleeper") is None


def test_the_fence_judges_one_table_by_what_stands_when_it_has_the_row(
    call: Interaction, django_assert_num_queries: Any
) -> None:
    """On PostgreSQL a condition inside a subquery would be judged by an older picture."""
    mine = claimed(call, "t1")
    with django_assert_num_queries(1) as seen:
        assert placing.mark_sent(mine)
    sql = seen.captured_queries[0]["sql"]
    assert " JOIN " not in sql
    assert '"id" IN (' not in sql


def test_dial_does_not_send_when_the_fence_says_no(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.dispatch.placing.mark_sent", lambda _: False)
    dial(call.pk, "t1")
    assert network.dials == []


def test_a_worker_frozen_between_the_fence_and_the_request_does_not_send(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence, real_now = placing.mark_sent, clock.real_now

    def then_freeze(interaction: Interaction) -> bool:
        sent = fence(interaction)
        monkeypatch.setattr("common.clock.real_now", lambda: real_now() + timedelta(seconds=4))
        return sent

    monkeypatch.setattr("calls.dispatch.placing.mark_sent", then_freeze)
    dial(call.pk, "t1")
    assert network.dials == []
    assert state(call)[0] == Dispatch.QUEUED


@pytest.mark.parametrize("switch", ["workspace", "operator", "dnc"])
def test_a_no_between_the_gate_and_the_request_still_holds(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    keep = placing._keep_prompt

    def say_no(*args: Any) -> None:
        keep(*args)
        if switch == "workspace":
            set_calls_stopped(workspace=call.workspace, stopped=True, by=SYSTEM)
        elif switch == "operator":
            set_operator_stop(stopped=True)
        else:
            add_to_do_not_call(workspace=call.workspace, address=call.to_number, by=SYSTEM)

    monkeypatch.setattr("calls.dispatch.placing._keep_prompt", say_no)
    dial(call.pk, "t1")
    assert network.dials == []


def test_a_report_for_a_call_back_in_the_queue_keeps_it_from_being_dialed_again(
    call: Interaction, network: FakeNetwork, account: ProviderAccount
) -> None:
    network.on("outbound-call", answer(429, {"detail": "busy"}))
    dial(call.pk, "t1")
    assert state(call)[0] == Dispatch.QUEUED
    report = reports.read_event(events.transcription("conv_9", correlation=call.public_id)).report
    assert report
    apply_report(call.pk, report)
    Interaction.objects.update(not_before=None)
    dial(call.pk, "t2")
    assert len(network.dials) == 1
    assert state(call)[1] == Status.COMPLETED


def test_an_acceptance_that_comes_after_the_call_was_given_up_is_kept(call: Interaction) -> None:
    sender = claimed(call, "t1")
    assert placing.mark_sent(sender)
    Interaction.objects.update(dispatch="not_placed", status="error", error_code="NOT_PLACED")
    placing.save_result(sender, PlaceResult(placement=Placement.ACCEPTED, conversation_id="conv_1"))
    assert state(call)[0] == Dispatch.PLACED
    assert call.events.filter(kind="placed_after_all").exists()


def test_a_result_is_kept_trying_until_the_database_is_back(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, away = placing.save_result, [1, 1, 1]

    def locked(*args: Any) -> None:
        if away:
            away.pop()
            raise OperationalError("database is locked")
        save(*args)

    monkeypatch.setattr("calls.dispatch.placing.save_result", locked)
    monkeypatch.setattr("calls.dispatch.placing.close_old_connections", lambda: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    network.accept_calls()
    dial(call.pk, "t1")
    assert state(call)[0] == Dispatch.PLACED


def test_a_second_number_of_the_lead_is_not_dialed_while_the_first_call_may_be_ringing(call: Interaction) -> None:
    Interaction.objects.update(dispatch="unknown")
    with pytest.raises(CallRefused) as refused:
        initiate_call(lead=call.lead, by=SYSTEM, origin="manual", number="+14155550188")
    assert refused.value.code == "CALL_IN_PROGRESS"


def test_a_busy_account_does_not_hold_up_another(
    call: Interaction, elsewhere: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def enqueue(job: str, pk: int, queue: str) -> bool:
        sent.append(pk)
        return True

    monkeypatch.setattr("calls.dispatch.sweep.enqueue", enqueue)
    ProviderAccount.objects.filter(workspace=call.workspace).update(concurrency=1)
    for ending in range(40, 50):
        world.make_interaction(world.make_lead(call.campaign, f"+141555501{ending}"))
    theirs = world.make_interaction(world.make_lead(elsewhere))
    Interaction.objects.update(enqueued_at=clock.real_now() - timedelta(seconds=6))
    enqueue_waiting()
    assert theirs.pk in sent
    assert len(sent) == 2


def test_calls_waiting_for_a_line_take_it_as_soon_as_it_is_free(call: Interaction, network: FakeNetwork) -> None:
    ProviderAccount.objects.update(concurrency=1)
    others = [world.make_interaction(world.make_lead(call.campaign, f"+141555501{n}")) for n in range(40, 43)]
    for other in others:
        placing.claim(other.pk, f"claimed {other.pk}")
    network.accept_calls()
    dial(call.pk, "t1")
    assert state(call)[0] == Dispatch.PLACED


def test_a_call_that_no_worker_ever_takes_expires(call: Interaction) -> None:
    Interaction.objects.update(queued_at=clock.real_now() - timedelta(minutes=61))
    expire_queued()
    assert state(call) == (Dispatch.WITHDRAWN, Status.ERROR, "EXPIRED")


def test_a_secret_that_cannot_be_decrypted_ends_the_call_with_a_code(
    call: Interaction, network: FakeNetwork, settings: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdDE="]
    for attempt in range(3):
        Interaction.objects.update(not_before=None)
        dial(call.pk, f"t{attempt}")
    row = Interaction.objects.only("dispatch", "error_code").get(pk=call.pk)
    assert (row.dispatch, row.error_code) == (Dispatch.WITHDRAWN, "INTERNAL_ERROR")
    assert network.dials == []
