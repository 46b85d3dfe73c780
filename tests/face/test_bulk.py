from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import AuditEvent, Membership, User
from campaigns.models import Campaign
from common import clock
from common.queue import _queue
from leads import bulk, bulk_kinds
from leads.bulk import sweep_bulk_changes, work_on
from leads.do_not_call import read_list, upload_list
from leads.jobs import run_bulk_change
from leads.models import BulkChange, BulkItem, DoNotCall, Lead, LeadPhone, StatusChange
from leads.services import add_tag, add_to_do_not_call, assign_owner, set_status
from tests import world

START, CONFIRM, LIST = "/leads/bulk/start/", "/leads/bulk/", "/leads/"
Items = BulkItem.State


@pytest.fixture
def leads(campaign: Campaign) -> list[Lead]:
    return [world.make_lead(campaign, f"+1415555013{i}", first_name=f"Lead{i}") for i in range(3)]


@pytest.fixture
def crowd(campaign: Campaign) -> list[Lead]:
    return make_crowd(campaign, 230)


@pytest.fixture
def roofs(campaign: Campaign) -> Campaign:
    return world.make_campaign(campaign.production_agent, name="Roofs")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything, however little, goes by jobs, as if there were many leads."""
    monkeypatch.setattr(bulk, "AT_ONCE", 0)


def make_crowd(campaign: Campaign, size: int) -> list[Lead]:
    fields: dict[str, Any] = {"workspace": campaign.workspace, "campaign": campaign, "last_name": "Crowd"}
    return Lead.objects.bulk_create(Lead(**fields, first_name=str(i), phone=f"+1212555{i:04}") for i in range(size))


def ids(leads: list[Lead]) -> list[str]:
    return [lead.public_id for lead in leads]


def change_them(client: Client, leads: list[Lead], kind: str, value: str, **more: Any) -> BulkChange:
    response = client.post(START, {"lead": ids(leads), "kind": kind, "value": value, **more})
    assert response.status_code == 302, response.content.decode()
    return BulkChange.objects.latest("id")


def everybody(kind: str, value: str, *, count: int = 230, filters: str = "") -> dict[str, str]:
    """What the confirmation sends that says it of so many."""
    return {"all": "1", "filter": filters, "kind": kind, "value": value, "count": str(count)}


def undo(client: Client, change: BulkChange) -> Any:
    return client.post(reverse("bulk_undo", args=[change.public_id]))


def work_off(change: BulkChange) -> None:
    while work_on(change.pk):
        pass


def states(change: BulkChange) -> list[str]:
    return list(change.items.order_by("id").values_list("state", flat=True))


def toasts(client: Client) -> str:
    return " ".join(str(message) for message in client.get(LIST).context["messages"])


def test_the_confirmation_says_how_many_who_and_what(bob_client: Client, leads: list[Lead]) -> None:
    page = bob_client.post(CONFIRM, {"lead": ids(leads), "kind": "dnc"}).content.decode()
    for words in ("Put 3 leads on Do-Not-Call", "Lead2", "Do-Not-Call list. Nobody can call these numbers any more"):
        assert words in page
    assert not BulkChange.objects.exists()


@pytest.mark.parametrize("kind", [kind for kind in BulkChange.Kind.values if kind != "dialer"])
def test_each_change_asks_for_what_it_needs(bob_client: Client, leads: list[Lead], kind: str) -> None:
    assert bob_client.post(CONFIRM, {"lead": ids(leads), "kind": kind}).status_code == 200
    refused = bob_client.post(START, {"lead": ids(leads), "kind": kind, "value": " "})
    assert refused.status_code == 422
    assert 'class="error"' in refused.content.decode()
    assert not BulkChange.objects.exists()


def test_assigning_and_taking_it_back(bob_client: Client, bob: User, alice: User, leads: list[Lead]) -> None:
    assign_owner(lead=leads[0], owner=alice, by=SYSTEM)
    assign_owner(lead=leads[1], owner=bob, by=SYSTEM)
    change = change_them(bob_client, leads, "owner", str(bob.pk))
    assert set(Lead.objects.values_list("owner", flat=True)) == {bob.pk}
    assert "2 changed, 1 was so already" in toasts(bob_client)
    undo(bob_client, change)
    assert list(Lead.objects.order_by("id").values_list("owner", flat=True)) == [alice.pk, bob.pk, None]


def test_nobody_can_be_the_owner(bob_client: Client, bob: User, leads: list[Lead]) -> None:
    assign_owner(lead=leads[0], owner=bob, by=SYSTEM)
    change_them(bob_client, leads, "owner", "nobody")
    assert set(Lead.objects.values_list("owner", flat=True)) == {None}


def test_tags_go_only_from_those_who_got_them(bob_client: Client, leads: list[Lead]) -> None:
    add_tag(lead=leads[0], name="Hot", by=SYSTEM)
    change = change_them(bob_client, leads, "tag", "  hot ")
    assert states(change) == [Items.SAME, Items.CHANGED, Items.CHANGED]
    undo(bob_client, change)
    assert [lead.tags.count() for lead in leads] == [1, 0, 0]


def test_a_removed_tag_comes_back_to_those_who_had_it(bob_client: Client, leads: list[Lead]) -> None:
    add_tag(lead=leads[0], name="Hot", by=SYSTEM)
    change = change_them(bob_client, leads, "untag", "Hot")
    assert leads[0].tags.count() == 0
    undo(bob_client, change)
    assert [lead.tags.count() for lead in leads] == [1, 0, 0]


def test_an_undone_status_has_its_detail_again(bob_client: Client, leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(status="contacted", detail="Left a message")
    change = change_them(bob_client, leads, "status", "qualified")
    assert set(Lead.objects.values_list("status", "detail")) == {("qualified", "")}
    undo(bob_client, change)
    assert set(Lead.objects.values_list("status", "detail")) == {("contacted", "Left a message"), ("new", "")}


def test_moving_to_another_campaign_and_back(
    bob_client: Client, campaign: Campaign, roofs: Campaign, leads: list[Lead]
) -> None:
    change = change_them(bob_client, leads, "campaign", str(roofs.pk))
    assert set(Lead.objects.values_list("campaign", flat=True)) == {roofs.pk}
    undo(bob_client, change)
    assert set(Lead.objects.values_list("campaign", flat=True)) == {campaign.pk}


def test_a_status_leaves_history_with_the_person(bob_client: Client, bob: User, leads: list[Lead]) -> None:
    change_them(bob_client, leads, "status", "qualified")
    assert set(StatusChange.objects.values_list("after", "user")) == {("qualified", bob.pk)}


def test_do_not_contact_lists_the_numbers_and_undo_lifts_only_those(bob_client: Client, leads: list[Lead]) -> None:
    LeadPhone.objects.create(lead=leads[0], e164="+12125550171")
    add_to_do_not_call(workspace=leads[0].workspace, address=leads[0].phone, by=SYSTEM, reason="Theirs")
    change = change_them(bob_client, leads, "status", "dnc")
    assert DoNotCall.objects.count() == 4
    undo(bob_client, change)
    assert list(DoNotCall.objects.values_list("address", "reason")) == [(leads[0].phone, "Theirs")]
    assert set(Lead.objects.values_list("status", flat=True)) == {"new"}


def test_do_not_call_needs_a_reason_and_lists_every_number(bob_client: Client, leads: list[Lead]) -> None:
    LeadPhone.objects.create(lead=leads[0], e164=leads[1].phone)
    change = change_them(bob_client, leads, "dnc", "Asked by e-mail")
    assert set(DoNotCall.objects.values_list("reason", flat=True)) == {"Asked by e-mail"}
    assert states(change) == [Items.CHANGED, Items.SAME, Items.CHANGED]
    undo(bob_client, change)
    assert not DoNotCall.objects.exists()


def test_an_entry_that_was_made_anew_since_is_not_lifted(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads[:1], "dnc", "Asked")
    DoNotCall.objects.all().delete()
    add_to_do_not_call(workspace=leads[0].workspace, address=leads[0].phone, by=SYSTEM)
    undo(bob_client, change)
    assert DoNotCall.objects.count() == 1
    assert states(change) == [Items.KEPT]


def upload(client: Client, lead: Lead, bob: User) -> None:
    found = read_list(lead.phone, channel="phone", country="US")
    upload_list(workspace=lead.workspace, by=Actor(user=bob), found=found, channel="phone", reason="Register")


def call_that_says_stop(client: Client, lead: Lead, bob: User) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, source="int_x")


def correction_on_a_twin(client: Client, lead: Lead, bob: User) -> None:
    set_status(lead=world.make_lead(lead.campaign, lead.phone), status="dnc", by=Actor(user=bob))


def own_second_entry(client: Client, lead: Lead, bob: User) -> None:
    client.post(reverse("dnc_add"), {"channel": "phone", "address": lead.phone, "reason": "Wrote again"})


def second_bulk_change(client: Client, lead: Lead, bob: User) -> None:
    change_them(client, [lead], "dnc", "Asked again")


@pytest.mark.parametrize("kind", ["dnc", "status"])
@pytest.mark.parametrize(
    "second_no", [upload, call_that_says_stop, correction_on_a_twin, own_second_entry, second_bulk_change]
)
def test_a_second_no_outlives_the_undo_of_the_first(
    bob_client: Client, bob: User, leads: list[Lead], kind: str, second_no: Callable[[Client, Lead, User], None]
) -> None:
    change = change_them(bob_client, leads, kind, "Asked" if kind == "dnc" else "dnc")
    second_no(bob_client, leads[0], bob)
    undo(bob_client, change)
    assert states(change) == [Items.KEPT, Items.UNDONE, Items.UNDONE]
    assert list(DoNotCall.objects.values_list("address", flat=True)) == [leads[0].phone]
    kept = "new" if kind == "dnc" else "dnc"
    assert list(Lead.objects.order_by("id").values_list("status", flat=True))[:3] == [kept, "new", "new"]


def test_a_no_that_was_taken_back_and_said_by_a_call_stays(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads[:1], "status", "dnc")
    for status in ("contacted", "dnc"):
        set_status(lead=leads[0], status=status, by=SYSTEM)
    DoNotCall.objects.update(confirmed_at=None)  # As if the call had known no number.
    undo(bob_client, change)
    assert states(change) == [Items.KEPT]
    assert Lead.objects.get(pk=leads[0].pk).status == "dnc"
    assert DoNotCall.objects.exists()


@pytest.mark.parametrize(("kind", "value"), [("dnc", "Asked"), ("status", "dnc")])
def test_two_who_share_a_number_are_taken_back_together(
    bob_client: Client, campaign: Campaign, kind: str, value: str
) -> None:
    twins = [world.make_lead(campaign) for _ in range(2)]
    change = change_them(bob_client, twins, kind, value)
    assert DoNotCall.objects.get().confirmed_at is None
    undo(bob_client, change)
    assert not DoNotCall.objects.exists()
    assert set(Lead.objects.values_list("status", flat=True)) == {"new"}


@pytest.mark.parametrize(("kind", "value"), [("dnc", "Asked"), ("status", "dnc")])
def test_after_ten_minutes_a_no_is_taken_back_by_an_admin_only(
    bob_client: Client, alice_client: Client, leads: list[Lead], kind: str, value: str
) -> None:
    change = change_them(bob_client, leads, kind, value)
    BulkChange.objects.update(created_at=clock.now() - timedelta(minutes=11))
    assert undo(bob_client, change).status_code == 403
    assert DoNotCall.objects.count() == 3
    assert "Undo" not in bob_client.get(reverse("bulk", args=[change.public_id])).content.decode()
    assert undo(alice_client, change).status_code == 302
    assert not DoNotCall.objects.exists()


def test_other_changes_are_taken_back_later_too(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads, "status", "qualified")
    BulkChange.objects.update(created_at=clock.now() - timedelta(days=1))
    assert undo(bob_client, change).status_code == 302
    assert states(change) == [Items.UNDONE] * 3


def test_undo_leaves_alone_what_was_changed_since(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads, "status", "qualified")
    set_status(lead=leads[1], status="contacted", by=SYSTEM)
    undo(bob_client, change)
    assert states(change) == [Items.UNDONE, Items.KEPT, Items.UNDONE]
    assert list(Lead.objects.order_by("id").values_list("status", flat=True)) == ["new", "contacted", "new"]
    assert "2 taken back, 1 left alone" in toasts(bob_client)


def test_undo_twice_does_one_thing(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads, "status", "qualified")
    undo(bob_client, change)
    set_status(lead=leads[0], status="qualified", by=SYSTEM)
    again = undo(bob_client, change)
    assert again.headers["Location"] == reverse("bulk", args=[change.public_id])
    assert Lead.objects.get(pk=leads[0].pk).status == "qualified"
    assert AuditEvent.objects.filter(verb="bulk_change.taken_back").count() == 1


def test_a_form_that_is_sent_twice_changes_once(bob_client: Client, leads: list[Lead]) -> None:
    page = bob_client.post(CONFIRM, {"lead": ids(leads), "kind": "tag"}).content.decode()
    token = page.split('name="once" value="')[1].split('"')[0] if 'name="once"' in page else ""
    assert token
    for _ in range(2):
        change_them(bob_client, leads, "tag", "Hot", once=token)
    assert BulkChange.objects.count() == 1


def test_nothing_selected_is_said_on_the_list(bob_client: Client, leads: list[Lead]) -> None:
    for url in (CONFIRM, START):
        response = bob_client.post(url, {"kind": "tag", "value": "Hot", "filter": "status=new"})
        assert response.headers["Location"] == f"{LIST}?status=new"
        assert "Select at least one lead first" in toasts(bob_client)


def test_an_unknown_change_is_said_on_the_list(bob_client: Client, leads: list[Lead]) -> None:
    for url in (CONFIRM, START):
        assert bob_client.post(url, {"lead": ids(leads), "kind": "destroy"}).headers["Location"] == LIST
        assert "Choose what to do" in toasts(bob_client)


def test_other_workspaces_leads_people_and_campaigns_are_unknown(
    bob_client: Client, mallory: User, elsewhere: Campaign, leads: list[Lead]
) -> None:
    foreign = world.make_lead(elsewhere)
    assert bob_client.post(CONFIRM, {"lead": foreign.public_id, "kind": "tag"}).headers["Location"] == LIST
    change_them(bob_client, [*leads, foreign], "tag", "Hot")
    assert foreign.tags.count() == 0
    assert BulkItem.objects.count() == 3
    for kind, value in (("owner", mallory.pk), ("campaign", elsewhere.pk)):
        refused = bob_client.post(START, {"lead": ids(leads), "kind": kind, "value": str(value)})
        assert refused.status_code == 422


def test_a_viewer_changes_nothing(vera_client: Client, leads: list[Lead], bob_client: Client) -> None:
    change = change_them(bob_client, leads, "tag", "Hot")
    for url in (CONFIRM, START, reverse("bulk_undo", args=[change.public_id])):
        assert vera_client.post(url, {"lead": ids(leads), "kind": "tag", "value": "x"}).status_code == 403
    assert "Undo" not in vera_client.get(reverse("bulk", args=[change.public_id])).content.decode()


def test_a_member_takes_back_their_own_and_an_admin_any(
    bob_client: Client, alice_client: Client, alice: User, leads: list[Lead]
) -> None:
    theirs = change_them(alice_client, leads, "tag", "Hot")
    assert undo(bob_client, theirs).status_code == 403
    own = change_them(bob_client, leads, "tag", "Cold")
    undo(alice_client, own)
    assert own.items.filter(state=Items.UNDONE).count() == 3
    assert AuditEvent.objects.filter(verb="lead.untagged", user=alice).count() == 3


def test_another_workspace_finds_no_change(mallory_client: Client, bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads, "tag", "Hot")
    assert mallory_client.get(reverse("bulk", args=[change.public_id])).status_code == 404
    assert undo(mallory_client, change).status_code == 404


def test_a_lead_without_a_number_stops_nobody_else(bob_client: Client, leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[0].pk).update(phone="")
    change = change_them(bob_client, leads, "dnc", "Asked")
    assert DoNotCall.objects.count() == 2
    page = bob_client.get(reverse("bulk", args=[change.public_id])).content.decode()
    assert "Done: 2 changed, 1 could not be changed" in page
    assert "No number to put on the list." in page


def test_a_lead_that_is_deleted_meanwhile_stops_nobody_else(bob_client: Client, leads: list[Lead], alone: None) -> None:
    change = change_them(bob_client, leads, "tag", "Hot")
    leads[0].delete()
    work_off(change)
    change.refresh_from_db()
    assert (change.state, states(change)) == (BulkChange.State.DONE, [Items.CHANGED, Items.CHANGED])


def test_an_owner_who_left_meanwhile_gets_no_lead(
    bob_client: Client, vera: User, leads: list[Lead], alone: None
) -> None:
    change = change_them(bob_client, leads, "owner", str(vera.pk))
    Membership.objects.filter(user=vera).delete()
    work_off(change)
    assert bulk.result_of(change).failed == 3
    assert not Lead.objects.filter(owner=vera).exists()


def test_all_that_match_is_judged_on_the_server(bob_client: Client, crowd: list[Lead], leads: list[Lead]) -> None:
    chosen = {"all": "1", "filter": "q=crowd", "kind": "tag"}
    assert "Add a tag to 230 leads" in bob_client.post(CONFIRM, chosen).content.decode()
    started = bob_client.post(START, chosen | {"value": "Hot", "count": "230"})
    change = BulkChange.objects.get()
    assert started.headers["Location"] == reverse("bulk", args=[change.public_id]) + "?back=q%3Dcrowd"
    assert change.items.count() == 230


def test_more_leads_than_were_confirmed_are_asked_for_again(bob_client: Client, leads: list[Lead]) -> None:
    for shown in ("2", "", "many"):
        again = bob_client.post(START, everybody("tag", "Hot") | {"count": shown})
        assert again.status_code == 422
        assert "More leads match by now" in again.content.decode()
        assert 'name="count" value="3"' in again.content.decode()
    assert not BulkChange.objects.exists()
    assert bob_client.post(START, everybody("tag", "Hot", count=3)).status_code == 302


def test_the_same_confirmation_sent_twice_is_no_growth(bob_client: Client, leads: list[Lead], bob: User) -> None:
    token = bob_client.post(CONFIRM, {"all": "1", "kind": "tag"}).content.decode()
    once = {"once": token.rpartition('name="once" value="')[2].split('"')[0]}
    bob_client.post(START, everybody("tag", "Hot", count=3) | once)
    world.make_lead(leads[0].campaign)
    assert bob_client.post(START, everybody("tag", "Hot", count=3) | once).status_code == 302
    assert BulkChange.objects.count() == 1


@pytest.mark.parametrize("filters", ["owner={vera}", "status=gone", "campaign={foreign}", "status=new&owner={vera}"])
def test_a_filter_that_vanished_widens_nothing(
    bob_client: Client, vera: User, elsewhere: Campaign, leads: list[Lead], filters: str
) -> None:
    Membership.objects.filter(user=vera).delete()
    asked = filters.format(vera=vera.pk, foreign=elsewhere.code)
    for url in (CONFIRM, START):
        answer = bob_client.post(url, everybody("tag", "Hot", count=3, filters=asked))
        assert answer.headers["Location"].startswith(LIST)
        assert "filter of this list is no longer there" in toasts(bob_client)
    assert not BulkChange.objects.exists()


def test_the_longest_filter_that_can_be_typed_is_read(bob_client: Client, leads: list[Lead]) -> None:
    filters = urlencode({"q": "🏠" * 200, "tag": "🏠" * 50, "status": "new"})
    assert bob_client.post(START, everybody("tag", "Hot", filters=filters)).status_code == 302
    assert "Select at least one lead" in toasts(bob_client)


def test_a_filter_that_is_too_long_is_not_cut(bob_client: Client, leads: list[Lead]) -> None:
    filters = f"x={'y' * 4000}&status=qualified"
    for url in (CONFIRM, START):
        bob_client.post(url, everybody("tag", "Hot", count=3, filters=filters))
        assert "filters of this list are too long" in toasts(bob_client)
    assert not BulkChange.objects.exists()


def test_too_many_leads_are_refused_with_what_to_do(
    bob_client: Client, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LEADS", 2)
    monkeypatch.setattr("leads.forms.bulk.MOST_LEADS", 2)
    for url in (CONFIRM, START):
        bob_client.post(url, everybody("tag", "Hot", count=3))
        assert "narrow the list" in toasts(bob_client)
    assert not BulkChange.objects.exists()


def test_many_are_changed_by_jobs_and_the_page_follows(
    bob_client: Client,
    crowd: list[Lead],
    htmx: dict[str, str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        bob_client.post(START, everybody("status", "qualified"))
    change = BulkChange.objects.get()
    job = _queue("default").jobs[-1]
    assert (job.func_name, job.args) == ("leads.jobs.run_bulk_change", (change.pk,))
    run_bulk_change(change.pk)
    url = reverse("bulk", args=[change.public_id])
    running = bob_client.get(url, headers=htmx)
    assert "100 of 230 leads done" in running.content.decode()
    assert running.status_code == 200
    work_off(change)
    done = bob_client.get(url, headers=htmx)
    assert (done.status_code, "Done: 230 changed" in done.content.decode()) == (286, True)
    undo(bob_client, change)
    work_off(change)
    assert "Undone: 230 taken back" in bob_client.get(url).content.decode()


def test_a_worker_that_dies_is_followed_by_another(
    bob_client: Client,
    crowd: list[Lead],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    bob_client.post(START, everybody("tag", "Hot"))
    change = BulkChange.objects.get()
    handled = []

    def dying(**fields: Any) -> bool:
        handled.append(add_tag(**fields))
        if len(handled) == 30:
            raise SystemExit
        return True

    monkeypatch.setattr(bulk_kinds, "add_tag", dying)
    with pytest.raises(SystemExit):
        run_bulk_change(change.pk)
    assert change.items.filter(state=Items.CHANGED).count() == Lead.objects.filter(tags__name="Hot").count() == 29
    BulkChange.objects.update(enqueued_at=clock.real_now() - bulk.LOST_AFTER - timedelta(seconds=1))
    before = _queue("default").count
    with django_capture_on_commit_callbacks(execute=True):
        sweep_bulk_changes()
        sweep_bulk_changes()
    assert _queue("default").count == before + 1
    work_off(change)
    assert change.items.filter(state=Items.CHANGED).count() == Lead.objects.filter(tags__name="Hot").count() == 230
    assert AuditEvent.objects.filter(verb="lead.tagged").count() == 230


def test_two_workers_at_the_same_change_do_each_lead_once(
    bob_client: Client, crowd: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    bob_client.post(START, everybody("tag", "Hot"))
    change = BulkChange.objects.get()
    handle = bulk._handle

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(bulk, "_handle", handle)
        work_on(change.pk)
        handle(*args)

    monkeypatch.setattr(bulk, "_handle", overtaken)
    work_off(change)
    assert states(change) == [Items.CHANGED] * 230
    assert AuditEvent.objects.filter(verb="lead.tagged").count() == 230


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_do_each_lead_once(bob_client: Client, campaign: Campaign, alone: None) -> None:
    change = change_them(bob_client, make_crowd(campaign, 40), "dnc", "Asked")

    def work(_: int) -> None:
        work_off(change)
        connection.close()

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(work, range(3)))
    assert states(change) == [Items.CHANGED] * 40
    assert AuditEvent.objects.filter(verb="dnc.added").count() == 40


def test_our_own_mistake_with_one_lead_stops_nobody_else(
    bob_client: Client, leads: list[Lead], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**fields: Any) -> bool:
        if fields["lead"] == leads[1]:
            raise TypeError("unforeseen")
        return add_tag(**fields)

    monkeypatch.setattr(bulk_kinds, "add_tag", broken)
    change = change_them(bob_client, leads, "tag", "Hot")
    assert states(change) == [Items.CHANGED, Items.FAILED, Items.CHANGED]
    monkeypatch.setattr(bulk_kinds, "remove_tag", lambda **fields: 1 / 0)
    undo(bob_client, change)
    change.refresh_from_db()
    assert (change.state, states(change)) == (BulkChange.State.UNDONE, [Items.KEPT, Items.FAILED, Items.KEPT])


@pytest.mark.parametrize("gone", [OperationalError, InterfaceError, InternalError])
def test_a_database_that_is_away_is_no_fault_of_the_lead(
    bob_client: Client, leads: list[Lead], monkeypatch: pytest.MonkeyPatch, alone: None, gone: type[Exception]
) -> None:
    change = change_them(bob_client, leads, "tag", "Hot")

    def away(**fields: Any) -> bool:
        raise gone

    monkeypatch.setattr(bulk_kinds, "add_tag", away)
    with pytest.raises(gone):
        work_on(change.pk)
    assert states(change) == [Items.WAITING] * 3


def test_ids_nobody_would_write_are_unknown(bob_client: Client, leads: list[Lead]) -> None:
    change = bob_client.post(START, {"lead": ["\0", "x" * 500, leads[0].public_id], "kind": "tag", "value": "Hot"})
    assert change.status_code == 302
    assert BulkItem.objects.get().lead == leads[0]


def test_an_undo_cannot_overtake_the_change(bob_client: Client, crowd: list[Lead]) -> None:
    bob_client.post(START, everybody("tag", "Hot"))
    change = BulkChange.objects.get()
    run_bulk_change(change.pk)
    undo(bob_client, change)
    work_off(change)
    assert states(change) == [Items.CHANGED] * 230


def test_a_late_job_of_a_finished_change_is_quiet(bob_client: Client, leads: list[Lead]) -> None:
    change = change_them(bob_client, leads, "tag", "Hot")
    assert work_on(change.pk) is False
    assert work_on(change.pk + 1000) is False


def test_after_a_change_the_list_has_its_filters_again(bob_client: Client, leads: list[Lead]) -> None:
    fields = {"lead": ids(leads), "kind": "tag", "value": "Hot", "filter": "status=new&sort=name"}
    assert bob_client.post(START, fields).headers["Location"] == f"{LIST}?status=new&sort=name"
    page = bob_client.get(LIST).content.decode()
    change = BulkChange.objects.get()
    assert f"{reverse('bulk_undo', args=[change.public_id])}?back=status%3Dnew%26sort%3Dname" in page


def test_a_session_that_ended_loses_nothing(bob_client: Client, bob: User, leads: list[Lead]) -> None:
    page = bob_client.post(CONFIRM, {"lead": ids(leads), "kind": "tag"}).content.decode()
    token = page.split('name="once" value="')[1].split('"')[0]
    bob_client.logout()
    sent = bob_client.post(START, {"lead": ids(leads), "kind": "tag", "value": "Hot", "once": token})
    assert sent.headers["Location"].startswith(reverse("account_login"))
    bob_client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Hot" in bob_client.get(reverse("unsent_form")).content.decode()
    assert not BulkChange.objects.exists()


def test_pages_of_a_change_cost_the_same_however_many_leads(
    bob_client: Client, crowd: list[Lead], django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_max_num_queries(11):
        bob_client.post(CONFIRM, {"all": "1", "kind": "tag"})
    bob_client.post(START, everybody("tag", "Hot"))
    with django_assert_max_num_queries(11):
        bob_client.get(reverse("bulk", args=[BulkChange.objects.get().public_id]))


def test_an_admin_of_the_installation_reads_changes(
    operator_client: Client, bob_client: Client, leads: list[Lead]
) -> None:
    change_them(bob_client, leads, "tag", "Hot")
    assert "Hot" in operator_client.get("/admin/leads/bulkchange/").content.decode()
