"""The reconciler: what is not known is asked for, never dialed again, and every call ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.actors import SYSTEM
from calls.dispatch.placing import dial
from calls.ingest.reconcile import look_at, reconcile_one
from calls.ingest.sweep import apply_due_events, ask_about_due_calls, copy_due_recordings
from calls.models import Dispatch, InboxEvent, Interaction, Status
from calls.services import CallRefused, initiate_call, request_look
from campaigns.models import ProviderAccount
from common import clock as business_clock
from common.http import Lost
from leads.models import Lead
from tests import provider_events as events
from tests import world
from tests.network import FakeNetwork, answer
from tests.travel import Clock


@pytest.fixture
def unknown(lead: Lead) -> Interaction:
    return world.make_interaction(lead, dispatch="unknown", sent_at=business_clock.real_now())


@pytest.fixture
def placed(lead: Lead) -> Interaction:
    return world.make_interaction(lead, dispatch="placed", conversation_id="conv_1", placed_at=business_clock.now())


def ours(call: Interaction, conversation_id: str, **changes: Any) -> Any:
    """What the provider says of a conversation that carries our id."""
    return answer(200, events.conversation(conversation_id, correlation=call.public_id, **changes))


def listing(*conversation_ids: str) -> Any:
    return answer(200, {"conversations": [{"conversation_id": each} for each in conversation_ids], "has_more": False})


def reconcile(call: Interaction) -> Interaction:
    reconcile_one(call.pk)
    call.refresh_from_db()
    return call


def test_an_unknown_call_is_asked_for_by_our_own_id(unknown: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations?", listing())
    network.on("/v1/convai/conversations", listing())
    reconcile(unknown)
    [asked] = network.asked
    assert asked.method == "GET"
    assert asked.params["dynamic_variable_params"] == f"crm_attempt_id:eq:{unknown.public_id}"


def test_an_unknown_call_that_is_found_was_placed_and_is_followed(unknown: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations", listing("conv_5"))
    network.on("/v1/convai/conversations/conv_5", ours(unknown, "conv_5"))
    assert reconcile(unknown).dispatch == Dispatch.PLACED
    assert (unknown.conversation_id, unknown.status) == ("conv_5", Status.COMPLETED)
    assert network.dials == []


def test_an_unknown_call_that_is_not_found_yet_stays_unknown(unknown: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations", listing())
    assert reconcile(unknown).dispatch == Dispatch.UNKNOWN
    with pytest.raises(CallRefused) as refused:
        initiate_call(lead=unknown.lead, by=SYSTEM, origin="manual")
    assert refused.value.code == "CALL_IN_PROGRESS"


def test_once_nothing_can_arrive_any_more_it_was_not_placed_and_the_lead_is_free(
    unknown: Interaction, network: FakeNetwork, settings: Any
) -> None:
    late = business_clock.real_now() - timedelta(seconds=settings.RECONCILE_GIVE_UP_SECONDS + 1)
    Interaction.objects.update(sent_at=late)
    network.on("/v1/convai/conversations", listing())
    assert reconcile(unknown).dispatch == Dispatch.NOT_PLACED
    assert (unknown.status, unknown.error_code) == (Status.ERROR, "NOT_PLACED")
    unknown.lead.refresh_from_db()
    assert unknown.lead.status == "new"
    assert Interaction.objects.attempts().count() == 0
    assert initiate_call(lead=unknown.lead, by=SYSTEM, origin="manual")


@pytest.mark.parametrize(
    "reply", [answer(500), Lost("timeout"), answer(200, {"nonsense": 1}), answer(404), answer(401)]
)
def test_a_provider_that_cannot_be_asked_proves_nothing(unknown: Interaction, network: FakeNetwork, reply: Any) -> None:
    Interaction.objects.update(sent_at=business_clock.real_now() - timedelta(hours=23))
    network.on("/v1/convai/conversations", reply)
    assert reconcile(unknown).dispatch == Dispatch.UNKNOWN


def test_a_provider_that_cannot_be_asked_for_a_day_leaves_a_call_that_counts(
    unknown: Interaction, network: FakeNetwork
) -> None:
    Interaction.objects.update(sent_at=business_clock.real_now() - timedelta(hours=25))
    network.on("/v1/convai/conversations", answer(401))
    assert reconcile(unknown).status == Status.ERROR
    assert unknown.error_code == "NO_REPORT"
    assert Interaction.objects.attempts().count() == 1


def test_a_report_that_breaks_the_reading_does_not_keep_the_call_open(
    placed: Interaction, network: FakeNetwork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, {}))
    monkeypatch.setattr("calls.providers.elevenlabs.reports.conversation", lambda _: 1 / 0)
    clock.move(minutes=45)
    assert reconcile(placed).error_code == "NO_REPORT"


def test_a_call_found_twice_is_flagged(unknown: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations", listing("conv_5", "conv_6"))
    network.on("/v1/convai/conversations/conv_5", ours(unknown, "conv_5"))
    network.on("/v1/convai/conversations/conv_6", ours(unknown, "conv_6"))
    assert reconcile(unknown).events.filter(kind="duplicate").exists()


def test_a_strangers_conversation_is_not_adopted(unknown: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations", listing("conv_stranger"))
    stranger = events.conversation("conv_stranger", correlation="int_other", wish="dnc")
    network.on("/v1/convai/conversations/conv_stranger", answer(200, stranger))
    assert reconcile(unknown).dispatch == Dispatch.UNKNOWN


def test_the_answer_that_came_after_all_does_not_disturb(
    unknown: Interaction, network: FakeNetwork, lead: Lead
) -> None:
    network.on("/v1/convai/conversations", listing("conv_5"))
    network.on("/v1/convai/conversations/conv_5", ours(unknown, "conv_5"))
    reconcile(unknown)
    network.accept_calls("conv_5")
    dial(unknown.pk, "late")
    assert network.dials == []


def test_a_placed_call_whose_webhook_is_lost_is_finished_by_asking(placed: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, events.conversation(wish="qualified")))
    assert reconcile(placed).status == Status.QUALIFIED


def test_a_call_that_still_rings_goes_on(placed: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, {"conversation_id": "conv_1", "status": "initiated"}))
    assert reconcile(placed).phase == "ringing"


def test_a_call_that_never_ends_is_ended_after_the_deadline(
    placed: Interaction, network: FakeNetwork, clock: Clock
) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, {"conversation_id": "conv_1", "status": "in-progress"}))
    clock.move(minutes=39)
    assert reconcile(placed).status == Status.IN_PROGRESS
    clock.move(minutes=2)
    assert reconcile(placed).status == Status.ERROR
    assert placed.error_code == "NO_REPORT"
    placed.lead.refresh_from_db()
    assert placed.lead.status == "new"
    assert Interaction.objects.attempts().count() == 1


def test_a_provider_that_is_down_for_good_does_not_keep_a_call_open(
    placed: Interaction, network: FakeNetwork, clock: Clock
) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(500))
    clock.move(minutes=45)
    assert reconcile(placed).error_code == "NO_REPORT"


@pytest.mark.parametrize(
    ("provider_says", "phase"),
    [("initiated", "ringing"), ("in-progress", "in_progress"), ("processing", "in_progress")],
)
def test_a_look_tells_ringing_from_answered(
    placed: Interaction, network: FakeNetwork, provider_says: str, phase: str
) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, {"conversation_id": "conv_1", "status": provider_says}))
    look_at(placed.pk)
    placed.refresh_from_db()
    assert placed.phase == phase
    assert bool(placed.ended_at) == (provider_says == "processing")


def test_a_look_finishes_the_call_where_no_webhook_can_reach_us(placed: Interaction, network: FakeNetwork) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(200, events.conversation()))
    look_at(placed.pk)
    placed.refresh_from_db()
    assert placed.status == Status.COMPLETED


def test_whoever_looks_the_provider_is_asked_every_three_seconds_at_most(
    placed: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("calls.services.enqueue", lambda job, pk: asked.append(pk))
    for _ in range(5):
        request_look(placed)
    assert asked == [placed.pk]
    Interaction.objects.update(looked_at=business_clock.real_now() - timedelta(seconds=4))
    request_look(placed)
    assert len(asked) == 2


def test_due_calls_are_asked_about_less_and_less_often(
    placed: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.on("/v1/convai/conversations/conv_1", answer(503))
    asked: list[int] = []
    monkeypatch.setattr("calls.ingest.sweep.enqueue", lambda job, pk: asked.append(pk))
    waits = []
    for _ in range(6):
        Interaction.objects.update(check_at=business_clock.real_now())
        ask_about_due_calls()
        ask_about_due_calls()
        reconcile(placed)
        assert placed.check_at
        waits.append(round((placed.check_at - business_clock.real_now()).total_seconds(), -1))
    assert waits == sorted(waits)
    assert waits[-1] == 300
    assert asked == [placed.pk] * 6


def test_events_whose_job_is_lost_are_applied_by_the_sweep(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("calls.ingest.sweep.enqueue", lambda job, pk, queue: sent.append(pk))
    events.post(account, events.transcription())
    apply_due_events()
    assert sent == []
    InboxEvent.objects.update(due_at=business_clock.real_now() - timedelta(seconds=3))
    apply_due_events()
    apply_due_events()
    assert sent == [InboxEvent.objects.get().pk]


def test_recordings_whose_job_is_lost_are_copied_by_the_sweep(
    placed: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("calls.ingest.sweep.enqueue", lambda job, pk: sent.append(pk))
    Interaction.objects.update(recording_state="due", recording_due_at=business_clock.real_now() - timedelta(seconds=2))
    copy_due_recordings()
    copy_due_recordings()
    assert sent == [placed.pk]
