from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import User
from calls.models import Transcript
from campaigns.models import Campaign
from leads.models import DoNotCall, Lead, LeadPhone, StatusChange, Tag
from leads.queries import ACTIVITY_SIZE
from leads.services import (
    add_note,
    add_tag,
    add_to_do_not_call,
    assign_owner,
    move_campaign,
    remove_tag,
    set_status,
    update_lead,
)
from leads.views.page import TABS
from tests import world
from tests.travel import Clock


def page_of(client: Client, lead: Lead) -> str:
    return client.get(reverse("lead", args=[lead.public_id])).content.decode()


def test_another_workspaces_lead_is_as_unknown_as_none(mallory_client: Client, lead: Lead) -> None:
    assert mallory_client.get(reverse("lead", args=[lead.public_id])).status_code == 404
    assert mallory_client.get(reverse("lead", args=["lead_nothing"])).status_code == 404


def test_a_viewer_reads_but_finds_no_call_button(vera_client: Client, bob_client: Client, lead: Lead) -> None:
    assert "button-call" not in page_of(vera_client, lead)
    assert "Anna Meyer" in page_of(vera_client, lead)
    assert "button-call" in page_of(bob_client, lead)


def test_it_says_what_happened(bob_client: Client, lead: Lead) -> None:
    call = world.make_interaction(
        lead, status="qualified", dispatch="placed", duration=125, summary="Wants a kitchen.", recording_state="stored"
    )
    Transcript.objects.create(interaction=call, messages=[{"role": "user", "message": "Hello?"}])
    set_status(lead=lead, status="qualified", by=SYSTEM, interaction_public_id=call.public_id)
    add_note(lead=lead, text="Likes tea", by=SYSTEM)
    page = page_of(bob_client, lead)
    for text in ("Wants a kitchen.", "2:05", "Hello?", "Likes tea", reverse("recording", args=[call.public_id])):
        assert text in page
    assert "hx-get" not in page.partition('id="calls"')[2], "a call that is over is not asked after"


def test_it_says_whether_and_when_the_lead_may_be_called(bob_client: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T06:00:00-08:00")
    assert "May be called now" in page_of(bob_client, lead)
    lead.campaign.hours = {"fri": [["09:00", "18:00"]]}
    lead.campaign.save()
    page = page_of(bob_client, lead)
    assert "outside the campaign&#x27;s calling hours" in page
    assert "today 09:00 PST" in page


def test_do_not_call_is_seen_at_once(bob_client: Client, lead: Lead) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, reason="Asked by post")
    page = page_of(bob_client, lead)
    assert 'class="dnc"' in page
    assert "Asked by post" in page


def test_a_lead_of_several_numbers_is_barred_only_when_all_are(bob_client: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert 'class="dnc"' not in page_of(bob_client, lead)


def test_a_lead_without_number_and_zone_has_a_page(bob_client: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(phone="", first_name="", last_name="", email="")
    page = page_of(bob_client, lead)
    assert "Time zone not known" in page
    assert lead.public_id in page


def test_text_from_outside_is_text(bob_client: Client, lead: Lead) -> None:
    evil = "<img src=x onerror=alert(1)>"
    call = world.make_interaction(lead, status="completed", dispatch="placed", summary=evil)
    Transcript.objects.create(interaction=call, messages=[{"role": "user", "message": evil, "timestamp": 7}, {}])
    lead.custom_fields = {"note": evil}
    lead.save()
    page = page_of(bob_client, lead)
    assert evil not in page
    assert page.count("&lt;img src=x") == 3


def test_queries_do_not_grow_with_calls(bob_client: Client, lead: Lead) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(bob_client, lead)
        return len(captured)

    def call() -> None:
        made = world.make_interaction(lead, status="completed", dispatch="placed")
        Transcript.objects.create(interaction=made, messages=[])

    call()
    few = queries()
    for _ in range(25):
        call()
    assert queries() == few


def test_older_calls_are_a_page_further(bob_client: Client, lead: Lead) -> None:
    for _ in range(21):
        world.make_interaction(lead, status="completed", dispatch="placed")
    first = bob_client.get(reverse("lead", args=[lead.public_id])).context["calls"]
    assert len(first.cards) == 20
    older = bob_client.get(reverse("lead", args=[lead.public_id]), {"older": first.older}).context["calls"]
    assert (len(older.cards), older.older) == (1, None)


def post(client: Client, name: str, lead: Lead, **data: Any) -> Any:
    return client.post(reverse(name, args=[lead.public_id]), data)


def undo(client: Client, response: Any) -> Any:
    return client.post(list(get_messages(response.wsgi_request))[-1].extra_tags)


@pytest.mark.parametrize("tab", ["interactions", "details", "activity", "nonsense"])
def test_each_tab_has_its_address(bob_client: Client, lead: Lead, tab: str) -> None:
    page = bob_client.get(reverse("lead", args=[lead.public_id]), {"tab": tab})
    current = tab if tab in TABS else "interactions"
    assert page.context["tab"] == current
    assert f'aria-current="page">{TABS[current]}' in page.content.decode()


@pytest.mark.parametrize("query", ["older=x", "older=99999999999999999999", "tab=activity&before=x", "notes=%00"])
def test_an_address_nobody_would_write_is_no_error(bob_client: Client, lead: Lead, query: str) -> None:
    assert bob_client.get(f"{reverse('lead', args=[lead.public_id])}?{query}").status_code == 200


def test_on_other_tabs_a_call_leads_to_its_conversation(bob_client: Client, lead: Lead) -> None:
    """Only the first tab has the place where a new call appears."""
    assert "call/?on=lead" in page_of(bob_client, lead)
    details = bob_client.get(reverse("lead", args=[lead.public_id]), {"tab": "details"}).content.decode()
    assert "call/?on=lead" not in details
    assert 'call/?on="' in details


def test_the_status_is_set_with_a_reason_and_taken_back(bob_client: Client, lead: Lead) -> None:
    response = post(bob_client, "lead_status", lead, status="qualified", reason="Wants two", tab="activity")
    assert response.url.endswith("?tab=activity")
    change = StatusChange.objects.get()
    assert (change.after, change.reason, str(change.user)) == ("qualified", "Wants two", "Bob")
    undo(bob_client, response)
    lead.refresh_from_db()
    assert lead.status == "new"


OVERTAKEN = "Somebody has changed this since"


@pytest.mark.parametrize("since", [["dnc"], ["contacted"], ["contacted", "qualified"]])
def test_an_undo_leaves_a_newer_status_alone(bob_client: Client, lead: Lead, since: list[str]) -> None:
    response = post(bob_client, "lead_status", lead, status="qualified")
    for status in since:
        set_status(lead=lead, status=status, by=SYSTEM)
    told = undo(bob_client, response)
    assert OVERTAKEN in str(list(get_messages(told.wsgi_request))[-1])
    lead.refresh_from_db()
    assert lead.status == since[-1]


def test_an_undo_leaves_a_newer_owner_and_campaign_alone(bob_client: Client, bob: User, vera: User, lead: Lead) -> None:
    autumn, winter = (world.make_campaign(lead.campaign.production_agent, name=name) for name in ("Autumn", "Winter"))
    given = post(bob_client, "lead_owner", lead, owner=bob.pk)
    moved = post(bob_client, "lead_campaign", lead, campaign=autumn.pk)
    assign_owner(lead=lead, owner=vera, by=SYSTEM)
    move_campaign(lead=lead, campaign=winter, by=SYSTEM)
    for response in (given, moved):
        assert OVERTAKEN in str(list(get_messages(undo(bob_client, response).wsgi_request))[-1])
    lead.refresh_from_db()
    assert (lead.owner, lead.campaign) == (vera, winter)


def test_an_owner_who_was_taken_away_comes_back(bob_client: Client, bob: User, lead: Lead) -> None:
    assign_owner(lead=lead, owner=bob, by=SYSTEM)
    response = post(bob_client, "lead_owner", lead, owner="")
    undo(bob_client, response)
    lead.refresh_from_db()
    assert lead.owner == bob


def test_do_not_contact_is_asked_for_twice(bob_client: Client, lead: Lead) -> None:
    first = post(bob_client, "lead_status", lead, status="dnc")
    assert first.status_code == 422
    assert "puts its number on the Do-Not-Call list" in first.content.decode()
    assert 'name="sure" value="1"' in first.content.decode()
    assert not DoNotCall.objects.exists()
    assert post(bob_client, "lead_status", lead, status="dnc", sure="1").status_code == 302
    assert DoNotCall.objects.get().address == lead.phone


def test_a_status_that_does_not_exist_is_told(bob_client: Client, lead: Lead) -> None:
    assert post(bob_client, "lead_status", lead, status="gone").status_code == 422
    assert post(bob_client, "lead_status", lead, status="new", reason="x" * 201).status_code == 422


def test_the_owner_is_a_member_and_can_be_taken_back(bob_client: Client, bob: User, mallory: User, lead: Lead) -> None:
    response = post(bob_client, "lead_owner", lead, owner=bob.pk)
    assert Lead.objects.get().owner == bob
    undo(bob_client, response)
    assert Lead.objects.get().owner is None
    assert post(bob_client, "lead_owner", lead, owner=mallory.pk).status_code == 422


def test_the_campaign_is_one_of_the_workspace(bob_client: Client, lead: Lead, elsewhere: Campaign) -> None:
    autumn = world.make_campaign(lead.campaign.production_agent, name="Autumn")
    response = post(bob_client, "lead_campaign", lead, campaign=autumn.pk)
    assert Lead.objects.get().campaign == autumn
    undo(bob_client, response)
    assert Lead.objects.get().campaign == lead.campaign
    assert post(bob_client, "lead_campaign", lead, campaign=elsewhere.pk).status_code == 422


def test_tags_are_added_several_at_once_and_removed(bob_client: Client, lead: Lead) -> None:
    Tag.objects.create(workspace=lead.workspace, name="VIP")
    post(bob_client, "lead_tags", lead, add="vip, solar roof")
    assert {tag.name for tag in lead.tags.all()} == {"VIP", "solar roof"}
    response = post(bob_client, "lead_tags", lead, remove="VIP")
    assert [tag.name for tag in lead.tags.all()] == ["solar roof"]
    undo(bob_client, response)
    assert lead.tags.count() == 2
    for wrong in ("", " , ", "x" * 51):
        assert post(bob_client, "lead_tags", lead, add=wrong).status_code == 422


def test_activity_says_every_change_in_words(bob_client: Client, alice_client: Client, lead: Lead, bob: User) -> None:
    by = Actor(user=bob)
    update_lead(lead=lead, by=by, phone="+14155550199", is_test=True)
    assign_owner(lead=lead, owner=bob, by=by)
    assign_owner(lead=lead, owner=None, by=by)
    add_tag(lead=lead, name="VIP", by=by)
    remove_tag(lead=lead, name="VIP", by=by)
    add_to_do_not_call(workspace=lead.workspace, address=lead.email, channel="email", by=by, reason="Wrote to us")
    set_status(lead=lead, status="qualified", by=by)
    page = bob_client.get(reverse("lead", args=[lead.public_id]), {"tab": "activity"}).content.decode()
    said = " ".join(re.sub("<[^>]+>", " ", page.partition('id="history-title"')[2]).split())
    for text in (
        "Details changed Phone: +1 415-555-0132 → +1 415-555-0199 Test lead: no → yes",
        "Owner Bob Today",
        "Owner Bob → nobody",
        "Tag added VIP",
        "Tag removed VIP",
        "Put on the Do-Not-Call list E-mail: anna@example.com Wrote to us",
        "Status New → Qualified",
        "· Bob",
    ):
        assert text in said


def test_activity_of_one_moment_is_paged_without_gap_or_repeat(bob_client: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T10:00:00-08:00")
    for number in range(ACTIVITY_SIZE + 5):
        add_note(lead=lead, text=f"Note {number}", by=SYSTEM)
        add_tag(lead=lead, name=f"tag {number}", by=SYSTEM)
        set_status(lead=lead, status=("pending", "new")[number % 2], by=SYSTEM)
    seen, cursor = [], ""
    while True:
        asked = {"tab": "activity", "before": cursor}
        history = bob_client.get(reverse("lead", args=[lead.public_id]), asked).context["history"]
        seen += [happening.key for happening in history.happenings]
        if not (cursor := history.older):
            break
    assert len(seen) == len(set(seen)) == 3 * (ACTIVITY_SIZE + 5)


def test_details_say_where_the_zone_comes_from(bob_client: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(country="US", state="NY", timezone="America/Denver", timezone_source="ip")
    page = bob_client.get(reverse("lead", args=[lead.public_id]), {"tab": "details"}).content.decode()
    for text in ("from the ip address", "from the address", "from the number", "America/Denver"):
        assert text in page


@pytest.mark.parametrize("name", ["lead_status", "lead_owner", "lead_campaign", "lead_tags"])
def test_controls_are_for_members_of_the_workspace(
    vera_client: Client, mallory_client: Client, bob_client: Client, lead: Lead, name: str
) -> None:
    assert post(vera_client, name, lead).status_code == 403
    assert post(mallory_client, name, lead).status_code == 404
    address = reverse(name, args=[lead.public_id])
    assert address not in page_of(vera_client, lead)
    assert address in page_of(bob_client, lead)
