"""Pause and stop: which queued calls are withdrawn, and what somebody else's lock does not keep them from."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection

from accounts.actors import SYSTEM
from calls.dialer import control
from calls.dialer.control import set_dialer
from calls.dialer.entries import send_to_dialer, submit_to_dialer
from calls.dialer.tick import tick
from calls.dispatch import placing
from calls.dispatch.placing import end_unplaced
from calls.history import note
from calls.models import DialerEntry, Interaction
from campaigns.models import Campaign
from leads.bulk import finish, start_bulk_change, undo_bulk_change
from leads.models import BulkItem, Lead
from tests.travel import Clock
from tests.world import make_calling_workspace, make_lead

NOON = "2026-06-01T12:00:00-04:00"


@pytest.fixture
def dialer(campaign: Campaign, clock: Clock) -> Campaign:
    return switched_on(campaign, clock)


def switched_on(campaign: Campaign, clock: Clock) -> Campaign:
    clock.at(NOON)
    Campaign.objects.filter(pk=campaign.pk).update(dialer="on", first_action="voice_ai")
    campaign.refresh_from_db()
    return campaign


def queued(campaign: Campaign, count: int) -> None:
    leads = [make_lead(campaign, phone=f"+1212555{place:04}") for place in range(count)]
    send_to_dialer(leads=leads, by=SYSTEM)
    assert tick() == count


def queued_first_call(campaign: Campaign) -> Lead:
    lead = make_lead(campaign, phone="+13125550111", status="pending_action")
    submit_to_dialer(lead=lead, by=SYSTEM)
    assert tick() == 1
    return lead


def calls() -> list[tuple[str, str]]:
    return sorted(Interaction.objects.values_list("origin", "dispatch"))


def test_stop_withdraws_the_dialers_calls_and_leaves_first_calls(dialer: Campaign) -> None:
    queued_first_call(dialer)
    queued(dialer, 1)
    set_dialer(campaign=dialer, act="stop", by=SYSTEM)
    assert calls() == [("auto_dialer", "withdrawn"), ("first_submission", "queued")]
    assert tick() == 0
    assert Interaction.objects.count() == 2


def test_pause_withdraws_both(dialer: Campaign) -> None:
    queued_first_call(dialer)
    queued(dialer, 1)
    set_dialer(campaign=dialer, act="pause", by=SYSTEM)
    assert calls() == [("auto_dialer", "withdrawn"), ("first_submission", "withdrawn")]
    assert tick() == 0


@pytest.mark.parametrize(("failures", "left"), [(1, []), (100, ["queued"])])
def test_a_call_that_cannot_be_withdrawn_is_tried_again_and_holds_up_no_other(
    dialer: Campaign, monkeypatch: pytest.MonkeyPatch, failures: int, left: list[str]
) -> None:
    queued(dialer, 3)
    bad = Interaction.objects.earliest("id").pk
    tries = iter(range(failures))

    def deadlock(rows: Any, pk: int, *args: Any) -> None:
        if pk == bad and next(tries, None) is not None:
            raise OperationalError("deadlock detected")
        end_unplaced(rows, pk, *args)

    monkeypatch.setattr(control, "end_unplaced", deadlock)
    set_dialer(campaign=dialer, act="pause", by=SYSTEM)
    assert sorted(Interaction.objects.values_list("dispatch", flat=True)) == left + ["withdrawn"] * (3 - len(left))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one lock for everything.")
def test_a_bulk_change_taken_back_and_a_pause_at_the_same_moment_both_get_through(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialer = switched_on(make_calling_workspace(), clock)
    lead = make_lead(dialer, phone="+12125550111")
    what: dict[str, Any] = {"workspace": dialer.workspace, "leads": Lead.objects.filter(pk=lead.pk), "kind": "dialer"}
    change = start_bulk_change(**what, value="", label="", by=SYSTEM)
    finish(change)
    assert tick() == 1
    assert undo_bulk_change(change=change, by=SYSTEM)

    has_the_call, faults = threading.Event(), list[OperationalError]()

    def slowly(*args: Any, **data: Any) -> None:
        has_the_call.set()
        undone.join(timeout=0.5)
        note(*args, **data)

    def undo() -> None:
        has_the_call.wait(timeout=5)
        try:
            finish(change)
        except OperationalError as error:
            faults.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(placing, "note", slowly)
    monkeypatch.setattr(control, "TRIES", 1)
    undone = threading.Thread(target=undo)
    undone.start()
    set_dialer(campaign=dialer, act="pause", by=SYSTEM)
    undone.join()
    assert faults == []
    assert [call.dispatch for call in Interaction.objects.all()] == ["withdrawn"]
    assert change.items.get().state in (BulkItem.State.UNDONE, BulkItem.State.KEPT)
    assert DialerEntry.objects.get().state != DialerEntry.State.CALLING
