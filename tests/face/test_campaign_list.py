from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign
from common import clock
from tests import world

Names = Callable[..., list[str]]


@pytest.fixture
def names(vera_client: Client) -> Names:
    def found(**asked: str) -> list[str]:
        rows = vera_client.get(reverse("campaign_list"), asked).context["rows"]
        return [row.campaign.name for row in rows]

    return found


@pytest.fixture
def three(campaign: Campaign) -> list[Campaign]:
    agent = campaign.production_agent
    winter = world.make_campaign(agent, name="Winter", status="inactive")
    old = world.make_campaign(agent, name="Old", status="archived")
    return [campaign, winter, old]


def test_the_search_reads_name_code_client_and_offer(names: Names, three: list[Campaign]) -> None:
    Campaign.objects.filter(name="Winter").update(client_name="Harbour", offer_name="Design visit")
    for text in ("winter", three[1].code.lower(), "harb", "visit"):
        assert names(q=text) == ["Winter"]


def test_a_campaign_says_for_whom_it_calls(vera_client: Client, campaign: Campaign) -> None:
    assert "Harbour & Sons" not in vera_client.get(reverse("campaign_list")).content.decode()
    Campaign.objects.update(client_name="Harbour & Sons")
    assert "<bdi>Harbour &amp; Sons</bdi>" in vera_client.get(reverse("campaign_list")).content.decode()


def test_archived_campaigns_are_hidden_unless_asked_for(names: Names, three: list[Campaign]) -> None:
    assert names() == ["Spring kitchens", "Winter"]
    assert names(status="archived") == ["Old"]
    assert names(status="inactive") == ["Winter"]
    assert names(status="nonsense") == ["Spring kitchens", "Winter"]


def test_search_finds_by_name_and_code(names: Names, three: list[Campaign]) -> None:
    assert names(q="wint") == ["Winter"]
    assert names(q=three[0].code.lower()) == ["Spring kitchens"]
    assert names(q="nobody") == []


def test_a_row_tells_hours_and_the_calls_of_the_last_days(vera_client: Client, campaign: Campaign) -> None:
    lead = world.make_lead(campaign)
    for age in (1, 6, 8):
        made = clock.now() - timedelta(days=age)
        world.make_interaction(lead, status="completed", dispatch="placed", created_at=made)
    row = vera_client.get(reverse("campaign_list")).context["rows"][0]
    assert (row.hours, row.calls) == ("Always", 2)


def test_pages_follow_each_other(vera_client: Client, campaign: Campaign) -> None:
    for i in range(51):
        world.make_campaign(campaign.production_agent, name=f"Campaign {i:02}")
    first = vera_client.get(reverse("campaign_list"), {"q": "campaign"})
    second = vera_client.get(reverse("campaign_list") + first.context["next_url"])
    assert [row.campaign.name for row in second.context["rows"]] == ["Campaign 50"]
    assert not second.context["next_url"]


def test_queries_do_not_grow_with_rows(vera_client: Client, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(reverse("campaign_list"))
        return len(captured)

    few = queries()
    for i in range(20):
        agent = world.make_agent(world.make_account(campaign.workspace))
        world.make_campaign(agent, name=f"Campaign {i}")
    assert queries() == few
    assert few < 12


def test_nobody_else_sees_them(mallory_client: Client, campaign: Campaign, elsewhere: Campaign) -> None:
    rows = mallory_client.get(reverse("campaign_list")).context["rows"]
    assert [row.campaign.pk for row in rows] == [elsewhere.pk]


def test_only_admins_are_offered_a_new_one(alice_client: Client, bob_client: Client, campaign: Campaign) -> None:
    offered = reverse("campaign_new")
    assert offered in alice_client.get(reverse("campaign_list")).content.decode()
    assert offered not in bob_client.get(reverse("campaign_list")).content.decode()


def test_an_empty_workspace_leads_to_the_first_one(alice_client: Client, campaign: Campaign) -> None:
    campaign.delete()
    page = alice_client.get(reverse("campaign_list")).content.decode()
    assert "No campaigns yet" in page
    assert reverse("campaign_new") in page


def test_a_row_tells_the_state_of_the_dialer_and_the_zone_of_the_hours(vera_client: Client, campaign: Campaign) -> None:
    assert "Dialer off" in vera_client.get(reverse("campaign_list")).content.decode()
    Campaign.objects.update(dialer="paused", hours_zone="Europe/Berlin")
    page = vera_client.get(reverse("campaign_list"))
    assert "Dialer paused" in page.content.decode()
    assert page.context["rows"][0].hours == "Always (Berlin time)"
