"""A provider that fails is left alone, tried by one call at a time, and what waits for it loses nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.actors import SYSTEM
from calls.dispatch import circuit
from calls.dispatch.placing import dial
from calls.dispatch.sweep import enqueue_waiting, expire_queued
from calls.models import DialerEntry, Dispatch, Interaction, Status
from calls.services import initiate_call
from campaigns.models import Campaign, ProviderAccount
from common import clock
from common.http import Lost, NotSent
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import world
from tests.network import FakeNetwork, Reply, answer

DOWN: list[Reply] = [NotSent("refused"), Lost("read timeout"), answer(503), answer(401, {"detail": "bad key"})]
NUMBER_REFUSED = answer(400, {"detail": {"status": "invalid_phone_number", "message": "No such number"}})
BUSY = answer(429, {"detail": "busy"}, headers={"Retry-After": "7"})


class Line:
    """Calls of one campaign, dialed one after the other."""

    def __init__(self, campaign: Campaign, network: FakeNetwork) -> None:
        self.campaign, self.network, self.made = campaign, network, 0

    def call(self, **fields: object) -> Interaction:
        self.made += 1
        lead = world.make_lead(self.campaign, f"+1415555{self.made:04}")
        return world.make_interaction(lead, **fields)

    def dial(self, *replies: Reply) -> list[Interaction]:
        return [self.dial_one(reply) for reply in replies]

    def dial_one(self, reply: Reply, call: Interaction | None = None) -> Interaction:
        call = call or self.call()
        self.network.on("outbound-call", reply)
        Interaction.objects.filter(pk=call.pk).update(not_before=None)
        dial(call.pk, f"t{len(self.network.asked)}-{call.pk}")
        call.refresh_from_db()
        return call

    def accept(self, call: Interaction | None = None) -> Interaction:
        call = call or self.call()
        body = {"success": True, "conversation_id": f"conv_{call.pk}"}
        return self.dial_one(answer(200, body), call)

    def open(self) -> None:
        self.dial(*[answer(503)] * circuit.OPENS_AFTER)


@pytest.fixture
def line(campaign: Campaign, network: FakeNetwork) -> Line:
    return Line(campaign, network)


def seconds_blocked(account: ProviderAccount) -> float:
    account.refresh_from_db()
    stop = circuit.blocked(account)
    return (stop[0] - clock.real_now()).total_seconds() if stop else 0


def its_break_is_over() -> None:
    ProviderAccount.objects.update(blocked_until=clock.real_now() - timedelta(milliseconds=1))


@pytest.mark.parametrize("failure", DOWN)
def test_five_failures_in_a_row_open_the_circuit(line: Line, account: ProviderAccount, failure: Reply) -> None:
    line.dial(*[failure] * 4)
    assert not seconds_blocked(account)
    line.dial(failure)
    assert 9 < seconds_blocked(account) <= 10
    assert account.blocked_why

    waiting = line.accept()
    assert (waiting.dispatch, waiting.status) == (Dispatch.QUEUED, Status.IN_PROGRESS)
    assert len(line.network.dials) == 5


def test_a_success_between_failures_keeps_it_closed(line: Line, account: ProviderAccount) -> None:
    line.dial(*[answer(503)] * 4)
    line.accept()
    line.dial(*[answer(503)] * 4)
    assert not seconds_blocked(account)


@pytest.mark.parametrize("reply", [NUMBER_REFUSED, answer(422, {"detail": "x"}), answer(200, {"success": False}), BUSY])
def test_what_blames_the_number_or_asks_for_patience_is_no_failure(
    line: Line, account: ProviderAccount, reply: Reply
) -> None:
    for _ in range(6):
        line.dial(reply)
        ProviderAccount.objects.update(next_start_at=None)
    account.refresh_from_db()
    assert account.failures == 0


def test_while_it_is_open_a_waiting_call_loses_nothing(line: Line) -> None:
    line.open()
    call = line.call()
    for _ in range(5):
        line.accept(call)
    assert call.dispatch == Dispatch.QUEUED
    assert (call.faults, call.throttles, call.unreached) == (0, 0, 0)
    assert call.not_before
    assert call.not_before > clock.real_now() + timedelta(seconds=8)


def test_after_the_break_one_call_is_tried_and_its_success_closes_the_circuit(
    line: Line, account: ProviderAccount
) -> None:
    line.open()
    its_break_is_over()
    assert line.accept().dispatch == Dispatch.PLACED
    assert not seconds_blocked(account)
    assert (account.failures, account.blocked_until, account.blocked_why) == (0, None, "")
    assert line.accept().dispatch == Dispatch.PLACED


def test_while_one_call_is_tried_no_other_is(line: Line, account: ProviderAccount) -> None:
    line.open()
    its_break_is_over()
    others: list[Interaction] = []

    def meanwhile(_: object) -> object:
        others.extend(line.call() for _ in range(3))
        for other in others:
            dial(other.pk, f"other {other.pk}")
        return answer(200, {"success": True, "conversation_id": "conv_trial"})

    line.dial_one(meanwhile)  # type: ignore[arg-type]
    assert len(line.network.dials) == circuit.OPENS_AFTER + 1
    for other in others:
        other.refresh_from_db()
        assert other.dispatch == Dispatch.QUEUED


def test_each_failed_trial_doubles_the_break_up_to_five_minutes(line: Line, account: ProviderAccount) -> None:
    line.open()
    breaks = []
    for _ in range(7):
        its_break_is_over()
        line.dial(answer(503))
        breaks.append(round(seconds_blocked(account)))
    assert breaks == [20, 40, 80, 160, 300, 300, 300]


def test_calls_that_were_under_way_when_it_opened_make_the_break_no_longer(
    line: Line, account: ProviderAccount
) -> None:
    line.open()
    mine = ProviderAccount.objects.get(pk=account.pk)
    circuit.expect_nothing(mine)
    for _ in range(20):
        circuit._fail(mine, "late")
    assert seconds_blocked(account) <= 10
    assert account.failures == circuit.OPENS_AFTER


@pytest.mark.parametrize("reply", [NotSent("refused"), answer(401, {"detail": "bad key"})])
def test_a_trial_that_surely_placed_nothing_goes_on_waiting_uncounted(line: Line, reply: Reply) -> None:
    line.open()
    call = line.call(origin=Interaction.Origin.MANUAL)
    for _ in range(8):
        its_break_is_over()
        line.dial_one(reply, call)
    assert (call.dispatch, call.status, call.unreached) == (Dispatch.QUEUED, Status.IN_PROGRESS, 0)


def test_a_trial_that_is_not_sent_leaves_it_to_the_next_call(line: Line, account: ProviderAccount) -> None:
    line.open()
    its_break_is_over()
    listed = line.call()
    add_to_do_not_call(workspace=listed.workspace, address=listed.to_number, by=SYSTEM)
    assert line.accept(listed).dispatch == Dispatch.WITHDRAWN
    assert line.accept().dispatch == Dispatch.PLACED


def test_a_refusal_of_a_tried_number_leaves_it_open_for_another_trial_at_once(
    line: Line, account: ProviderAccount
) -> None:
    line.open()
    its_break_is_over()
    assert line.dial_one(NUMBER_REFUSED).dispatch == Dispatch.REJECTED
    account.refresh_from_db()
    assert account.failures == circuit.OPENS_AFTER
    assert line.accept().dispatch == Dispatch.PLACED


def test_a_worker_that_dies_with_the_trial_blocks_the_next_one_for_no_longer_than_a_request_lasts(
    line: Line, account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.open()
    its_break_is_over()
    trial = line.call()
    monkeypatch.setattr("common.http.call", _die)
    with pytest.raises(KeyboardInterrupt):
        dial(trial.pk, "dead")
    assert 60 < seconds_blocked(account) < 120


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_outage_of_an_hour_burns_no_lead(line: Line, account: ProviderAccount) -> None:
    line.open()
    waiting = [line.call() for _ in range(3)]
    for _ in range(16):
        its_break_is_over()
        for call in waiting:
            line.dial_one(NotSent("refused"), call)
    Interaction.objects.filter(dispatch="queued").update(queued_at=clock.real_now() - timedelta(minutes=61))
    expire_queued()
    for call in waiting:
        call.refresh_from_db()
        assert call.error_code == "EXPIRED"
    assert Interaction.objects.attempts().count() == 0
    assert not Lead.objects.exclude(status="new").exists()


def test_a_call_of_the_dialer_that_reaches_nobody_is_not_given_up_before_it_expires(line: Line) -> None:
    Campaign.objects.update(dialer="on")
    line.campaign.refresh_from_db()
    call = line.call(origin=Interaction.Origin.DIALER)
    fields = {"workspace": call.workspace, "campaign": call.campaign, "lead": call.lead, "interaction": call}
    DialerEntry.objects.create(**fields, state=DialerEntry.State.CALLING)
    for _ in range(12):
        line.dial_one(NotSent("refused"), call)
        ProviderAccount.objects.update(failures=0, blocked_until=None)
    assert call.dispatch == Dispatch.QUEUED


def test_a_clock_that_was_set_back_does_not_keep_it_open(line: Line, account: ProviderAccount) -> None:
    line.open()
    ProviderAccount.objects.update(blocked_until=clock.real_now() + timedelta(hours=2))
    assert not seconds_blocked(account)
    assert line.accept().dispatch == Dispatch.PLACED


def test_it_opens_for_one_account_only(line: Line, elsewhere: Campaign, network: FakeNetwork) -> None:
    line.open()
    assert Line(elsewhere, network).accept().dispatch == Dispatch.PLACED


def test_a_failing_provider_is_noticed_at_the_fence(
    line: Line, account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from calls.dispatch import placing

    keep = placing._keep_prompt

    def then_open(*args: object) -> None:
        keep(*args)  # type: ignore[arg-type]
        until = clock.real_now() + timedelta(seconds=10)
        ProviderAccount.objects.update(failures=5, blocked_until=until)

    monkeypatch.setattr("calls.dispatch.placing._keep_prompt", then_open)
    assert line.accept().dispatch == Dispatch.QUEUED
    assert line.network.dials == []
    assert seconds_blocked(account) > 9


def test_one_throttled_call_slows_the_whole_account(line: Line, account: ProviderAccount) -> None:
    line.dial(BUSY)
    other = line.accept()
    assert other.dispatch == Dispatch.QUEUED
    assert other.not_before
    assert other.not_before > clock.real_now() + timedelta(seconds=3)
    account.refresh_from_db()
    assert account.failures == 0


def test_no_provider_stops_an_account_for_longer_than_a_minute(line: Line, account: ProviderAccount) -> None:
    line.dial(answer(429, {"detail": "busy"}, headers={"Retry-After": "3000"}))
    account.refresh_from_db()
    assert account.next_start_at
    assert account.next_start_at <= clock.real_now() + timedelta(seconds=60)


def test_calls_of_a_blocked_account_are_not_enqueued_again_and_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def enqueue(_: str, pk: int, queue: str) -> bool:
        sent.append(pk)
        return True

    monkeypatch.setattr("calls.dispatch.sweep.enqueue", enqueue)
    line.open()
    for _ in range(10):
        line.call()
    Interaction.objects.update(enqueued_at=clock.real_now() - timedelta(seconds=6))
    enqueue_waiting()
    assert sent == []
    its_break_is_over()
    enqueue_waiting()
    assert len(sent) == 1


def test_a_click_while_it_is_open_is_taken_and_waits(lead: Lead, line: Line) -> None:
    line.open()
    call = initiate_call(lead=lead, by=SYSTEM, origin="manual")
    assert line.accept(call).dispatch == Dispatch.QUEUED
