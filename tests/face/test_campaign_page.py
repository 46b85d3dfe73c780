"""A campaign's page: its state and its moves, its figures, its checklist."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Workspace
from campaigns.models import Campaign, ProviderAccount
from common import clock as business_clock
from tests import world
from tests.travel import Clock


def page_url(campaign: Campaign) -> str:
    return reverse("campaign", args=[campaign.code])


def move(client: Client, campaign: Campaign, act: str) -> Any:
    return client.post(reverse("campaign_status", args=[campaign.code]), {"act": act}, follow=True)


def status(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


@pytest.fixture
def winter(campaign: Campaign) -> Campaign:
    return world.make_campaign(campaign.production_agent, name="Winter", status="inactive")


def test_it_says_for_whom_it_calls_and_who_is_a_duplicate(vera_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(client_name="Harbour & Sons", offer_name="Design visit", duplicate_window_days=14)
    page = vera_client.get(page_url(campaign)).content.decode()
    assert "Harbour &amp; Sons" in page
    assert "Design visit" in page
    assert "14 days" in page
    Campaign.objects.update(client_name="", offer_name="", duplicate_window_days=None)
    page = vera_client.get(page_url(campaign)).content.decode()
    assert "Everybody who comes is a new lead" in page
    assert "Offer" not in page


def test_launch_pause_and_the_way_back(alice_client: Client, winter: Campaign) -> None:
    move(alice_client, winter, "launch")
    assert status(winter) == "active"
    paused = move(alice_client, winter, "pause").content.decode()
    assert status(winter) == "inactive"
    undo = f"{reverse('campaign_status', args=[winter.code])}?act=launch"
    assert undo in paused
    alice_client.post(undo)
    assert status(winter) == "active"


def test_a_launch_that_misses_something_is_refused_in_words(alice_client: Client, winter: Campaign) -> None:
    ProviderAccount.objects.update(webhook_secret="")
    assert "data-stays-disabled" in alice_client.get(page_url(winter)).content.decode()
    assert "no webhook secret" in move(alice_client, winter, "launch").content.decode()
    assert status(winter) == "inactive"


def test_a_launch_with_warnings_asks_first(alice_client: Client, winter: Campaign) -> None:
    page = alice_client.get(page_url(winter)).content.decode()
    assert 'data-confirm="Launch Winter all the same?' in page
    assert "never checked" in page


def test_the_default_campaign_is_not_archived(alice_client: Client, campaign: Campaign) -> None:
    assert "cannot be the default" in move(alice_client, campaign, "archive").content.decode()
    assert status(campaign) == "active"
    assert "Archive</button>" not in alice_client.get(page_url(campaign)).content.decode()


def test_an_archived_campaign_is_restored_as_paused(alice_client: Client, winter: Campaign) -> None:
    move(alice_client, winter, "archive")
    assert status(winter) == "archived"
    assert "Restore it first" in move(alice_client, winter, "launch").content.decode()
    move(alice_client, winter, "restore")
    assert status(winter) == "inactive"


def test_an_unknown_act_changes_nothing(alice_client: Client, winter: Campaign) -> None:
    assert move(alice_client, winter, "delete").status_code == 200
    assert status(winter) == "inactive"


def test_an_active_campaign_that_cannot_call_says_so(vera_client: Client, campaign: Campaign) -> None:
    assert "cannot call" not in vera_client.get(page_url(campaign)).content.decode()
    ProviderAccount.objects.update(is_active=False)
    assert "cannot call" in vera_client.get(page_url(campaign)).content.decode()


def test_outcomes_of_the_last_days_lead_to_their_conversations(vera_client: Client, campaign: Campaign) -> None:
    lead = world.make_lead(campaign)
    old = business_clock.now() - timedelta(days=31)
    for outcome in ("qualified", "no_answer", "no_answer"):
        world.make_interaction(lead, status=outcome, dispatch="placed")
    world.make_interaction(lead, status="busy", dispatch="placed", created_at=old)
    bars = vera_client.get(page_url(campaign)).context["outcomes"]
    assert [(bar.label, bar.family, bar.count, bar.share) for bar in bars] == [
        ("No answer", "quiet", 2, 100.0),
        ("Qualified", "won", 1, 50.0),
    ]
    assert bars[0].url == f"{reverse('conversation_list')}?campaign={campaign.code}&days=30&status=no_answer"


def test_a_bar_and_its_list_agree_at_the_edge_of_the_days(
    vera_client: Client, campaign: Campaign, clock: Clock
) -> None:
    Workspace.objects.update(timezone="America/New_York")
    first_day = clock.at("2026-06-02T00:30:00-04:00")
    lead = world.make_lead(campaign)
    for made in (first_day, first_day - timedelta(hours=1)):
        world.make_interaction(lead, status="completed", dispatch="placed", created_at=made)
    clock.at("2026-07-01T23:00:00-04:00")
    (bar,) = vera_client.get(page_url(campaign)).context["outcomes"]
    assert bar.count == 1


def test_the_week_is_drawn_and_written(vera_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(hours={"mon": [["09:00", "12:00"], ["13:00", "18:00"]]})
    page = vera_client.get(page_url(campaign))
    monday, tuesday = page.context["week"][:2]
    assert (monday.windows, monday.bars) == (["09:00–12:00", "13:00–18:00"], [(540, 180), (780, 300)])
    assert (tuesday.windows, tuesday.bars) == ([], [])
    assert '<rect class="week-open" x="540" width="180"' in page.content.decode()


def test_hours_that_cannot_be_read_are_closed(vera_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(hours={"mon": "always"})
    assert vera_client.get(page_url(campaign)).status_code == 200


def test_a_test_lead_is_offered_to_call_first(bob_client: Client, vera_client: Client, winter: Campaign) -> None:
    lead = world.make_lead(winter, is_test=True)
    call = reverse("call_modal", args=[lead.public_id])
    assert call in bob_client.get(page_url(winter)).content.decode()
    assert call not in vera_client.get(page_url(winter)).content.decode()


@pytest.mark.parametrize("person", ["bob_client", "vera_client"])
def test_who_is_no_admin_reads_and_is_refused(request: Any, campaign: Campaign, person: str) -> None:
    client = request.getfixturevalue(person)
    page = client.get(page_url(campaign)).content.decode()
    assert campaign.name in page
    assert "Pause" not in page
    assert reverse("campaign_edit", args=[campaign.code]) not in page
    assert move(client, campaign, "pause").status_code == 403
    assert status(campaign) == "active"


def test_another_workspaces_campaign_is_unknown(mallory_client: Client, campaign: Campaign) -> None:
    assert mallory_client.get(page_url(campaign)).status_code == 404
    assert move(mallory_client, campaign, "pause").status_code == 404


def test_a_status_is_not_changed_by_a_link(alice_client: Client, campaign: Campaign) -> None:
    assert alice_client.get(reverse("campaign_status", args=[campaign.code]), {"act": "pause"}).status_code == 405


def test_the_page_asks_little(vera_client: Client, campaign: Campaign) -> None:
    with CaptureQueriesContext(connection) as captured:
        vera_client.get(page_url(campaign))
    assert len(captured) < 13
