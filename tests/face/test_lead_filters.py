from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import User
from calls.last_call import refresh_last_calls
from campaigns.models import Campaign
from common import clock
from common.paging import PAGE_SIZE
from leads.models import Lead
from leads.services import add_tag, add_to_do_not_call
from tests import world

Names = Callable[..., list[str]]
LIST = "/leads/"
PROMISED = {"status": "scheduled_callback", "dispatch": "placed"}


@pytest.fixture
def names(bob_client: Client) -> Names:
    def found(**asked: str) -> list[str]:
        listing = bob_client.get(LIST, asked).context["listing"]
        return [row.lead.first_name for row in listing.rows]

    return found


@pytest.fixture
def anna(campaign: Campaign) -> Lead:
    return world.make_lead(campaign, "+14155550132", first_name="Anna", last_name="Young")


@pytest.fixture
def olga(campaign: Campaign) -> Lead:
    return world.make_lead(campaign, "+442079460018", first_name="Olga", last_name="Adams")


def test_the_owner_filter_knows_me_nobody_and_each_person(names: Names, bob: User, anna: Lead, olga: Lead) -> None:
    Lead.objects.filter(pk=anna.pk).update(owner=bob)
    assert names(owner="me") == ["Anna"]
    assert names(owner=str(bob.pk)) == ["Anna"]
    assert names(owner="nobody") == ["Olga"]


def test_the_campaign_filter_narrows(names: Names, campaign: Campaign, anna: Lead) -> None:
    other = world.make_campaign(campaign.production_agent, name="Roofs")
    world.make_lead(other, "+14155550140", first_name="Rob")
    assert names(campaign=other.code) == ["Rob"]


def test_the_tag_filter_narrows_whatever_its_capitals(names: Names, anna: Lead, olga: Lead) -> None:
    add_tag(lead=anna, name="Hot lead", by=SYSTEM)
    assert names(tag="hot LEAD") == ["Anna"]
    assert names(tag="no such tag") == []


def test_do_not_call_is_the_status_or_the_main_number(names: Names, anna: Lead, olga: Lead) -> None:
    add_to_do_not_call(workspace=anna.workspace, address=anna.phone, by=SYSTEM)
    assert (names(dnc="yes"), names(dnc="no")) == (["Anna"], ["Olga"])
    Lead.objects.filter(pk=olga.pk).update(status="dnc")
    assert (names(dnc="yes"), names(dnc="no")) == (["Olga", "Anna"], [])


def test_an_entry_for_another_channel_or_workspace_is_no_do_not_call(
    names: Names, elsewhere: Campaign, anna: Lead
) -> None:
    add_to_do_not_call(workspace=anna.workspace, address=anna.phone, channel="sms", by=SYSTEM)
    add_to_do_not_call(workspace=elsewhere.workspace, address=anna.phone, by=SYSTEM)
    assert names(dnc="yes") == []


def test_a_callback_is_due_when_the_newest_wish_has_come(names: Names, anna: Lead) -> None:
    Lead.objects.filter(pk=anna.pk).update(status="scheduled_callback")
    world.make_interaction(anna, **PROMISED, callback_at=clock.now() - timedelta(days=1))
    refresh_last_calls([anna.pk])
    assert names(callback="due") == ["Anna"]
    world.make_interaction(anna, **PROMISED, callback_at=clock.now() + timedelta(days=1))
    refresh_last_calls([anna.pk])
    assert names(callback="due") == []


def test_test_leads_are_left_out_or_alone(names: Names, anna: Lead, olga: Lead) -> None:
    Lead.objects.filter(pk=anna.pk).update(is_test=True)
    assert (names(is_test="yes"), names(is_test="no"), names()) == (["Anna"], ["Olga"], ["Olga", "Anna"])


def test_each_order(names: Names, anna: Lead, olga: Lead) -> None:
    Lead.objects.filter(pk=anna.pk).update(updated_at=clock.now() + timedelta(hours=1))
    assert names(sort="newest") == ["Olga", "Anna"]
    assert names(sort="oldest") == ["Anna", "Olga"]
    assert names(sort="changed") == ["Anna", "Olga"]
    assert names(sort="name") == ["Olga", "Anna"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "changed", "name"])
def test_pages_have_no_gap_in_any_order(bob_client: Client, campaign: Campaign, sort: str) -> None:
    for i in range(2 * PAGE_SIZE + 3):
        world.make_lead(campaign, f"+1212555{i:04}", first_name=str(i), last_name="Same" if i % 2 else "")
    seen, url = [], f"{LIST}?sort={sort}"
    while url:
        listing = bob_client.get(url).context["listing"]
        seen += [row.lead.pk for row in listing.rows]
        url = listing.next_url and LIST + listing.next_url
    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 3


def test_each_filter_is_a_chip_that_takes_only_itself_away(bob_client: Client, anna: Lead) -> None:
    page = bob_client.get(LIST, {"q": "anna", "status": "new", "sort": "name"})
    chips = {chip.text: chip.remove_url for chip in page.context["listing"].chips}
    assert chips == {"“anna”": f"{LIST}?status=new&sort=name", "Status: New": f"{LIST}?q=anna&sort=name"}
    assert f'href="{LIST}?sort=name">Clear all' in page.content.decode()


def test_filters_stay_on_the_next_page(bob_client: Client, campaign: Campaign) -> None:
    for i in range(PAGE_SIZE + 1):
        world.make_lead(campaign, f"+1212555{i:04}")
    assert "status=new&after=" in bob_client.get(LIST, {"status": "new"}).context["listing"].next_url


def test_another_workspaces_campaign_and_people_are_unknown(
    bob_client: Client, mallory: User, elsewhere: Campaign, anna: Lead
) -> None:
    Campaign.objects.filter(pk=elsewhere.pk).update(code="ZZZZ")
    assert bob_client.get(LIST, {"campaign": "ZZZZ", "owner": str(mallory.pk)}).context["listing"].chips == []
    page = bob_client.get(LIST).content.decode()
    assert "Mallory" not in page


def test_the_part_for_htmx_brings_the_clean_address_and_the_count(
    bob_client: Client, htmx: dict[str, str], anna: Lead
) -> None:
    part = bob_client.get(LIST, {"q": "", "status": "", "dnc": "no"}, headers=htmx)
    assert part.headers["HX-Push-Url"] == f"{LIST}?dnc=no"
    assert 'id="filter-count" hx-swap-oob="true"' in part.content.decode()


def test_a_viewer_sees_no_boxes_and_no_button_to_add(vera_client: Client, bob_client: Client, anna: Lead) -> None:
    seen, able = vera_client.get(LIST).content.decode(), bob_client.get(LIST).content.decode()
    assert 'name="lead"' not in seen
    assert reverse("lead_new") not in seen
    assert 'name="lead"' in able
    assert reverse("lead_new") in able
