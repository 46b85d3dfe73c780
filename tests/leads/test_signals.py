"""What decides on calls is told where it changes: once for each set, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.actors import SYSTEM
from accounts.models import Workspace
from campaigns.models import Campaign
from leads.approval import ask_approval, decide
from leads.bulk import finish, start_bulk_change, undo_bulk_change
from leads.changes import LeadChanges, change_leads
from leads.do_not_call import judge, upload_list
from leads.models import Approval, BulkChange, DoNotCall, Lead
from leads.services import (
    add_note,
    add_tag,
    add_to_do_not_call,
    assign_owner,
    bar_lead,
    remove_from_do_not_call,
    set_further_numbers,
    set_status,
    update_lead,
)
from leads.signals import leads_changed, numbers_listed
from tests import world


@pytest.fixture
def changed() -> Iterator[list[list[int]]]:
    told: list[list[int]] = []

    def hear(sender: Any, *, lead_ids: list[int], **_: Any) -> None:
        told.append(sorted(lead_ids))

    leads_changed.connect(hear)
    yield told
    leads_changed.disconnect(hear)


@pytest.fixture
def numbers() -> Iterator[list[tuple[int, list[str]]]]:
    told: list[tuple[int, list[str]]] = []

    def hear(sender: Any, *, workspace_id: int, numbers: list[str], **_: Any) -> None:
        told.append((workspace_id, numbers))

    numbers_listed.connect(hear)
    yield told
    numbers_listed.disconnect(hear)


@pytest.fixture
def two(campaign: Campaign) -> list[Lead]:
    return [world.make_lead(campaign, f"+1415555014{n}") for n in range(2)]


FIELDS: list[dict[str, Any]] = [
    {"phone": "+14155550199"},
    {"timezone": "America/Chicago"},
    {"country": "US"},
    {"state": "TX"},
    {"is_test": True},
]


@pytest.mark.parametrize("fields", FIELDS)
def test_a_field_that_decides_on_calls_is_told(lead: Lead, changed: list[Any], fields: dict[str, Any]) -> None:
    update_lead(lead=lead, by=SYSTEM, **fields)
    assert changed == [[lead.pk]]
    update_lead(lead=lead, by=SYSTEM, **fields)
    assert len(changed) == 1


def test_what_decides_on_no_call_is_not_told(lead: Lead, changed: list[Any]) -> None:
    update_lead(lead=lead, by=SYSTEM, first_name="Ann", email="ann@example.com", custom_fields={"roof": 1})
    add_note(lead=lead, text="Hm", by=SYSTEM)
    add_tag(lead=lead, name="vip", by=SYSTEM)
    assign_owner(lead=lead, owner=None, by=SYSTEM)
    assert changed == []


def test_further_numbers_are_told(lead: Lead, changed: list[Any]) -> None:
    set_further_numbers(lead=lead, numbers={"+14155550177": "home"}, by=SYSTEM)
    assert changed == [[lead.pk]]


def test_a_status_is_told_once_and_only_when_it_is_another(lead: Lead, changed: list[Any]) -> None:
    set_status(lead=lead, status="qualified", by=SYSTEM)
    set_status(lead=lead, status="qualified", by=SYSTEM)
    assert changed == [[lead.pk]]


@pytest.mark.parametrize("changes", [{"status": "queued"}, {"columns": {"state": "TX"}}])
def test_many_leads_are_one_telling(two: list[Lead], changed: list[Any], changes: LeadChanges) -> None:
    ids = [lead.public_id for lead in two]
    change_leads(workspace=two[0].workspace, public_ids=ids, changes=changes, by=SYSTEM)
    assert changed == [[lead.pk for lead in two]]


def test_a_move_of_many_is_one_telling(two: list[Lead], changed: list[Any]) -> None:
    other = world.make_campaign(two[0].campaign.production_agent, name="Other")
    ids = [lead.public_id for lead in two]
    change_leads(workspace=other.workspace, public_ids=ids, changes={"campaign": other}, by=SYSTEM)
    assert changed == [[lead.pk for lead in two]]


def test_asking_for_an_approval_and_each_decision_are_told(lead: Lead, changed: list[Any]) -> None:
    ask_approval(lead=lead, by=SYSTEM)
    decide(lead=lead, status=Approval.APPROVED, by=SYSTEM)
    decide(lead=lead, status=Approval.PENDING, by=SYSTEM)
    decide(lead=lead, status=Approval.REJECTED, by=SYSTEM)
    assert changed == [[lead.pk]] * 4


def test_many_decisions_are_one_telling(two: list[Lead], changed: list[Any]) -> None:
    for lead in two:
        ask_approval(lead=lead, by=SYSTEM)
        set_status(lead=lead, status="pending_action", by=SYSTEM)
    changed.clear()
    changes: LeadChanges = {"approval": "approved", "approval_reason": ""}
    ids = [lead.public_id for lead in two]
    assert change_leads(workspace=two[0].workspace, public_ids=ids, changes=changes, by=SYSTEM) == 2
    assert changed == [[lead.pk for lead in two]]
    assert {lead.status for lead in Lead.objects.all()} == {"new"}


def test_a_number_that_goes_on_and_off_the_list_is_told(workspace: Workspace, numbers: list[Any]) -> None:
    entry = add_to_do_not_call(workspace=workspace, address="+14155550188", by=SYSTEM)
    add_to_do_not_call(workspace=workspace, address="+14155550188", by=SYSTEM)
    remove_from_do_not_call(entry=entry, by=SYSTEM, reason="Wrong")
    assert numbers == [(workspace.pk, ["+14155550188"])] * 2


def test_other_channels_are_not_told(lead: Lead, numbers: list[Any]) -> None:
    bar_lead(lead=lead, addresses=[("email", lead.email), ("sms", lead.phone)], by=SYSTEM)
    for entry in DoNotCall.objects.all():
        remove_from_do_not_call(entry=entry, by=SYSTEM, reason="Wrong")
    assert numbers == []


def test_a_file_of_numbers_is_one_telling(workspace: Workspace, numbers: list[Any]) -> None:
    found = judge(["+14155550188", "+14155550177"], channel="phone", country="US")
    upload_list(workspace=workspace, by=SYSTEM, found=found, channel="phone", reason="Register")
    assert numbers == [(workspace.pk, ["+14155550177", "+14155550188"])]


def test_many_leads_that_say_no_are_one_telling(two: list[Lead], changed: list[Any], numbers: list[Any]) -> None:
    ids = [lead.public_id for lead in two]
    change_leads(workspace=two[0].workspace, public_ids=ids, changes={"status": "dnc"}, by=SYSTEM)
    assert changed == [[lead.pk for lead in two]]
    assert numbers == [(two[0].workspace_id, [lead.phone for lead in two])]


def test_a_bulk_change_that_is_taken_back_is_told(lead: Lead, numbers: list[Any]) -> None:
    leads = Lead.objects.filter(pk=lead.pk)
    kind = BulkChange.Kind.DNC
    change = start_bulk_change(workspace=lead.workspace, leads=leads, kind=kind, value="", label="", by=SYSTEM)
    finish(change)
    change.refresh_from_db()
    undo_bulk_change(change=change, by=SYSTEM)
    finish(change)
    assert numbers == [(lead.workspace_id, [lead.phone])] * 2
