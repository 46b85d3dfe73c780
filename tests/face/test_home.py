from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import User
from calls.last_call import refresh_last_calls
from calls.models import Dispatch, Interaction, Status
from campaigns.models import Campaign
from common import clock
from leads.models import Lead, LeadStatus
from leads.services import add_to_do_not_call
from tests import world


def finished(lead: Lead, status: str, **fields: Any) -> Interaction:
    defaults = {"status": status, "dispatch": Dispatch.PLACED, "placed_at": clock.now()}
    return world.make_interaction(lead, **{**defaults, **fields})


def shown(client: Client) -> Any:
    return client.get(reverse("home")).context


def text_of(client: Client, url: str = "/") -> str:
    return client.get(url).content.decode()


def test_every_number_is_the_length_of_the_list_it_leads_to(bob_client: Client, campaign: Campaign) -> None:
    leads = [world.make_lead(campaign, f"+1415555013{i}") for i in range(4)]
    for lead, status in zip(leads, (Status.QUALIFIED, Status.NO_ANSWER, Status.QUALIFIED), strict=False):
        finished(lead, status)
    world.make_interaction(leads[3])
    now, week = shown(bob_client)["now"], shown(bob_client)["week"]
    assert (now.calls_today, now.live, week.total) == (4, 1, 4)
    qualified = next(bar for bar in week.outcomes if bar.label == "Qualified")
    assert qualified.count == 2
    for url, number in (
        ("?days=1", 4),
        ("?status=live", 1),
        ("?days=7", 4),
        (qualified.url.partition("/conversations/")[2], 2),
    ):
        assert text_of(bob_client, reverse("conversation_list") + url).count('class="row-link"') == number, url


def test_a_callback_is_due_from_its_time_on(bob_client: Client, lead: Lead) -> None:
    finished(lead, Status.SCHEDULED_CALLBACK, callback_at=clock.now() + timedelta(hours=1))
    Lead.objects.update(status=LeadStatus.SCHEDULED_CALLBACK)
    refresh_last_calls([lead.pk])
    assert shown(bob_client)["now"].callbacks_due == 0
    Interaction.objects.update(callback_at=clock.now() - timedelta(minutes=1))
    refresh_last_calls([lead.pk])
    assert shown(bob_client)["now"].callbacks_due == 1
    assert text_of(bob_client, reverse("lead_list") + "?callback=due").count("row-link") == 1


def test_a_promised_callback_comes_before_new_leads(bob_client: Client, campaign: Campaign, lead: Lead) -> None:
    world.make_lead(campaign, "+14155550140", first_name="Newer")
    finished(lead, Status.SCHEDULED_CALLBACK, callback_at=clock.now() - timedelta(minutes=5))
    Lead.objects.filter(pk=lead.pk).update(status=LeadStatus.SCHEDULED_CALLBACK)
    refresh_last_calls([lead.pk])
    found = shown(bob_client)["next"]
    assert found.now.lead == lead
    assert [other.lead.first_name for other in found.then] == ["Newer"]


def test_ones_own_lead_comes_before_everybodys(bob_client: Client, bob: User, campaign: Campaign) -> None:
    mine = world.make_lead(campaign, "+14155550141", owner=bob)
    world.make_lead(campaign, "+14155550142")
    assert shown(bob_client)["next"].now.lead == mine


def test_who_said_no_is_never_offered(bob_client: Client, lead: Lead) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    found = shown(bob_client)["next"]
    assert (found.now, found.later, found.then) == (None, None, [])


def test_outside_the_hours_the_first_who_may_be_called_is_named(bob_client: Client, lead: Lead) -> None:
    local_day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(clock.now() + timedelta(days=3)).weekday()]
    Campaign.objects.update(hours={local_day: [["10:00", "11:00"]]})
    Lead.objects.update(timezone="UTC")
    found = shown(bob_client)["next"]
    assert found.now is None
    assert found.later.lead == lead
    assert "Nobody on the list may be called right now" in text_of(bob_client)


def test_a_viewer_sees_the_numbers_and_no_call_button(vera_client: Client, lead: Lead) -> None:
    page = text_of(vera_client)
    assert "calls today" in page
    assert "button-call" not in page
    assert reverse("lead_new") not in page


def test_another_workspace_is_not_counted(mallory_client: Client, lead: Lead) -> None:
    finished(lead, Status.QUALIFIED)
    page = shown(mallory_client)
    assert (page["now"].calls_today, page["week"].total) == (0, 0)


def test_an_empty_workspace_says_what_to_do(mallory_client: Client) -> None:
    page = text_of(mallory_client)
    assert "No calls in the last 7 days" in page
    assert "No callback is due" in page


@pytest.mark.parametrize("leads", [1, 30])
def test_the_queries_do_not_grow_with_leads_and_calls(bob_client: Client, campaign: Campaign, leads: int) -> None:
    for i in range(leads):
        lead = world.make_lead(campaign, f"+1415555{i:04}")
        finished(lead, Status.QUALIFIED)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        bob_client.get(reverse("home"))
    assert len(queries) < 32, len(queries)


def test_the_part_that_changes_is_asked_alone(bob_client: Client, lead: Lead, htmx: dict[str, str]) -> None:
    page = bob_client.get(reverse("home") + "?part=now", headers=htmx).content.decode()
    assert page.lstrip().startswith('<div id="now"')


def test_from_a_lead_one_goes_on_to_the_next_who_may_be_called(
    bob_client: Client, campaign: Campaign, lead: Lead
) -> None:
    other = world.make_lead(campaign, "+14155550141")
    assert (
        bob_client.get(reverse("next_lead", args=[other.public_id])).headers["Location"].endswith(f"{lead.public_id}/")
    )
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    answer = bob_client.get(reverse("next_lead", args=[other.public_id]), follow=True)
    assert "Nobody else may be called right now" in answer.content.decode()


def test_while_calls_are_stopped_the_page_says_so_instead_of_naming_somebody(bob_client: Client, lead: Lead) -> None:
    lead.workspace.calls_stopped_at = clock.now()
    lead.workspace.save()
    page = text_of(bob_client)
    assert "All calls are stopped. Who is next" in page
    assert "button-call" not in page
