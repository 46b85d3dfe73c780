"""What the services of a lead keep: who changed what from what to what, and nothing where nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.actors import Actor
from accounts.models import AuditEvent, User, Workspace
from campaigns.models import Campaign, PromptVariable
from common.errors import ProblemError
from leads.models import Channel, DoNotCall, Lead, LeadPhone, Tag
from leads.services import (
    add_note,
    add_tag,
    add_to_do_not_call,
    assign_owner,
    bar_lead,
    create_lead,
    delete_note,
    move_campaign,
    remove_tag,
    set_further_numbers,
    set_status,
    update_lead,
)
from tests import world
from tests.travel import Clock


@pytest.fixture
def by(bob: User) -> Actor:
    return Actor(user=bob)


def audit(lead: Lead) -> list[tuple[str, dict[str, Any]]]:
    events = AuditEvent.objects.filter(object_type="lead", object_id=lead.public_id).order_by("id")
    return list(events.values_list("verb", "data"))


def test_only_what_differs_is_saved_and_told(lead: Lead, by: Actor) -> None:
    assert update_lead(lead=lead, by=by, first_name="Anna", city="Rome", phone="(415) 555-0199")
    changes = {"city": ["", "Rome"], "phone": ["+14155550132", "+14155550199"]}
    assert audit(lead) == [("lead.updated", {"changes": changes})]
    lead.refresh_from_db()
    assert (lead.city, lead.phone) == ("Rome", "+14155550199")


def test_an_update_without_a_difference_leaves_no_trace(lead: Lead, by: Actor) -> None:
    before = lead.updated_at
    assert not update_lead(lead=lead, by=by, first_name="Anna", phone="415 555 0132")
    lead.refresh_from_db()
    assert (lead.updated_at, audit(lead)) == (before, [])


def test_a_number_is_read_in_the_country_that_is_set_with_it(lead: Lead, by: Actor) -> None:
    update_lead(lead=lead, by=by, phone="020 7946 0123", country="GB")
    assert lead.phone == "+442079460123"


def test_custom_fields_are_told_one_by_one_and_become_variables(lead: Lead, by: Actor) -> None:
    Lead.objects.filter(pk=lead.pk).update(custom_fields={"roof": 120, "old": "x"})
    update_lead(lead=lead, by=by, custom_fields={"roof": 130, "new": True})
    changes = {"custom_fields.new": [None, True], "custom_fields.old": ["x", None], "custom_fields.roof": [120, 130]}
    assert audit(lead) == [("lead.updated", {"changes": changes})]
    assert PromptVariable.objects.filter(name="roof").exists()


def test_what_the_model_refuses_is_not_saved(lead: Lead, by: Actor) -> None:
    with pytest.raises(ValidationError):
        update_lead(lead=lead, by=by, email="nonsense")
    lead.refresh_from_db()
    assert lead.email == "anna@example.com"


def test_a_lead_is_assigned_to_members_only(lead: Lead, by: Actor, alice: User, mallory: User) -> None:
    assert assign_owner(lead=lead, owner=alice, by=by)
    assert not assign_owner(lead=lead, owner=alice, by=by)
    with pytest.raises(ProblemError, match="not a member"):
        assign_owner(lead=lead, owner=mallory, by=by)
    assert assign_owner(lead=lead, owner=None, by=by)
    before_after = [data for _, data in audit(lead)]
    assert before_after == [{"before": "", "after": "Alice"}, {"before": "Alice", "after": ""}]


def test_a_lead_moves_within_its_workspace_only(lead: Lead, by: Actor, elsewhere: Campaign) -> None:
    autumn = world.make_campaign(lead.campaign.production_agent, name="Autumn")
    assert move_campaign(lead=lead, campaign=autumn, by=by)
    assert not move_campaign(lead=lead, campaign=autumn, by=by)
    with pytest.raises(ProblemError):
        move_campaign(lead=lead, campaign=elsewhere, by=by)
    assert audit(lead) == [("lead.moved", {"before": "Spring kitchens", "after": "Autumn"})]


def test_a_tag_in_other_capitals_is_the_same_tag(lead: Lead, by: Actor, clock: Clock) -> None:
    clock.at("2026-11-21T10:00:00+00:00")
    assert add_tag(lead=lead, name="  Solar   roof ", by=by)
    assert not add_tag(lead=lead, name="solar ROOF", by=by)
    assert Tag.objects.get().name == "Solar roof"
    assert remove_tag(lead=lead, name="SOLAR roof", by=by)
    assert not remove_tag(lead=lead, name="solar roof", by=by)
    assert [verb for verb, _ in audit(lead)] == ["lead.tagged", "lead.untagged"]
    lead.refresh_from_db()
    assert lead.updated_at.isoformat() == "2026-11-21T10:00:00+00:00"


def test_the_other_workspaces_tag_is_another_one(lead: Lead, by: Actor, elsewhere: Campaign) -> None:
    Tag.objects.create(workspace=elsewhere.workspace, name="Solar")
    add_tag(lead=lead, name="solar", by=by)
    assert lead.tags.get().workspace == lead.workspace


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, "a\0b"])
def test_a_tag_that_is_no_name_is_refused(lead: Lead, by: Actor, name: str) -> None:
    with pytest.raises(ValidationError):
        add_tag(lead=lead, name=name, by=by)


def test_further_numbers_become_exactly_the_given_ones(lead: Lead, by: Actor) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177", label="home")
    numbers = {"+14155550178": "office", "+14155550177": "mobile"}
    assert set_further_numbers(lead=lead, numbers=numbers, by=by)
    assert not set_further_numbers(lead=lead, numbers=numbers, by=by)
    assert dict(lead.phones.values_list("e164", "label")) == numbers
    assert "+14155550178 office" in audit(lead)[0][1]["changes"]["further_numbers"][1]
    assert set_further_numbers(lead=lead, numbers={}, by=by)
    assert not lead.phones.exists()


def test_only_what_was_not_listed_counts_as_new(lead: Lead, by: Actor) -> None:
    first = bar_lead(lead=lead, addresses=[(Channel.PHONE, lead.phone)], reason="By post", by=by)
    both = [(Channel.PHONE, lead.phone), (Channel.EMAIL, "anna@example.com")]
    second = bar_lead(lead=lead, addresses=both, by=by)
    assert [entry.channel for entry in first + second] == ["phone", "email"]
    assert DoNotCall.objects.get(channel="phone").reason == "By post"


def test_another_status_takes_the_detail_of_the_one_before_with_it(lead: Lead, by: Actor) -> None:
    update_lead(lead=lead, by=by, detail="Left a message")
    set_status(lead=lead, status=lead.status, by=by)
    lead.refresh_from_db()
    assert lead.detail == "Left a message"
    set_status(lead=lead, status="contacted", by=by)
    assert lead.detail == ""
    lead.refresh_from_db()
    assert lead.detail == ""


def test_a_no_that_is_said_again_is_kept_beside_the_first(lead: Lead, by: Actor) -> None:
    set_status(lead=lead, status="dnc", reason="Told Bob", by=by)
    assert DoNotCall.objects.get().confirmed_at is None
    assert not set_status(lead=lead, status="dnc", reason="Told a call", by=by)
    entry = DoNotCall.objects.get()
    assert entry.confirmed_at
    assert entry.reason == "Told Bob"
    assert AuditEvent.objects.get(verb="dnc.confirmed").data["reason"] == "Told a call"


def test_an_entry_that_somebody_else_made_is_never_claimed(
    lead: Lead, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_or_create = DoNotCall.objects.get_or_create

    def overtaken(**fields: Any) -> Any:
        monkeypatch.setattr(DoNotCall.objects, "get_or_create", get_or_create)
        add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=by, reason="Theirs")
        return get_or_create(**fields)

    monkeypatch.setattr(DoNotCall.objects, "get_or_create", overtaken)
    assert bar_lead(lead=lead, addresses=[(Channel.PHONE, lead.phone)], by=by, reason="Ours") == []
    entry = DoNotCall.objects.get()
    assert entry.reason == "Theirs"
    assert entry.confirmed_at


def test_a_no_is_not_lost_when_the_first_is_lifted_at_that_moment(
    lead: Lead, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=by, reason="First")
    get_or_create = DoNotCall.objects.get_or_create

    def lifted(**fields: Any) -> Any:
        found = get_or_create(**fields)
        monkeypatch.setattr(DoNotCall.objects, "get_or_create", get_or_create)
        DoNotCall.objects.filter(address=lead.phone).delete()
        return found

    monkeypatch.setattr(DoNotCall.objects, "get_or_create", lifted)
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=by, reason="Second")
    assert DoNotCall.objects.get().reason == "Second"


def listed() -> set[str]:
    return set(DoNotCall.objects.values_list("address", flat=True))


def test_whoever_said_no_is_not_called_on_a_new_number_either(lead: Lead, by: Actor) -> None:
    stale = Lead.objects.get(pk=lead.pk)
    set_status(lead=lead, status="dnc", by=by)
    update_lead(lead=lead, by=by, phone="+14155550133", city="Rome")
    set_further_numbers(lead=stale, numbers={"+14155550134": "home"}, by=by)
    assert listed() == {"+14155550132", "+14155550133", "+14155550134"}


def test_a_lead_that_is_added_as_do_not_contact_is_listed(workspace: Workspace, campaign: Campaign, by: Actor) -> None:
    create_lead(workspace=workspace, campaign=campaign, by=by, phone="+14155550133", status="dnc")
    assert listed() == {"+14155550133"}


def test_new_numbers_of_others_are_not_listed(lead: Lead, by: Actor) -> None:
    update_lead(lead=lead, by=by, phone="+14155550133")
    set_further_numbers(lead=lead, numbers={"+14155550134": "home"}, by=by)
    assert listed() == set()


def test_a_no_holds_for_the_number_of_now(lead: Lead, by: Actor) -> None:
    stale = Lead.objects.get(pk=lead.pk)
    update_lead(lead=lead, by=by, phone="+14155550133")
    set_status(lead=stale, status="dnc", by=by)
    assert listed() == {"+14155550133"}


def test_a_deleted_note_leaves_who_wrote_it_but_not_its_text(lead: Lead, by: Actor) -> None:
    note = add_note(lead=lead, text="Private", by=by)
    delete_note(note=note, by=by)
    assert not lead.notes.exists()
    assert [verb for verb, _ in audit(lead)] == ["note.added", "note.deleted"]
    assert "Private" not in str(audit(lead))
