from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import User
from calls.last_call import refresh_last_calls
from campaigns.models import Campaign
from common import clock
from common.paging import PAGE_SIZE
from leads.models import Lead, LeadPhone, Tag
from leads.services import add_to_do_not_call
from tests import world

Names = Callable[..., list[str]]


@pytest.fixture
def names(bob_client: Client) -> Names:
    def found(**asked: str) -> list[str]:
        listing = bob_client.get(reverse("lead_list"), asked).context["listing"]
        return [row.lead.first_name for row in listing.rows]

    return found


@pytest.fixture
def people(campaign: Campaign) -> dict[str, Lead]:
    anna = world.make_lead(campaign, "+14155550132", first_name="Anna", email="anna@example.com")
    olga = world.make_lead(campaign, "+442079460018", first_name="Olga", last_name="Chen", email="o.chen@example.org")
    LeadPhone.objects.create(lead=olga, e164="+12125550171")
    return {"anna": anna, "olga": olga}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", ["Anna"]),
        ("chen olga", ["Olga"]),
        ("O.CHEN@", ["Olga"]),
        ("+14155550132", ["Anna"]),
        ("(415) 555-0132", ["Anna"]),
        ("415.555.0132", ["Anna"]),
        ("0044 20 7946 0018", ["Olga"]),
        ("020 7946 0018", ["Olga"]),
        ("+44 (0)20 7946 0018", ["Olga"]),
        ("212-555-0171", ["Olga"]),
        ("5550132", ["Anna"]),
        ("meyer", ["Anna"]),
        ("nobody", []),
        ("%", []),
    ],
)
def test_search_finds_by_name_email_and_any_writing_of_a_number(
    names: Names, people: dict[str, Lead], text: str, expected: list[str]
) -> None:
    assert names(q=text) == expected


def test_search_finds_by_id(names: Names, people: dict[str, Lead]) -> None:
    assert names(q=people["olga"].public_id.upper()) == ["Olga"]


def test_the_status_filter_narrows(names: Names, people: dict[str, Lead]) -> None:
    Lead.objects.filter(pk=people["anna"].pk).update(status="qualified")
    assert names(status="qualified") == ["Anna"]
    assert names(status="no such status") == ["Olga", "Anna"]


def test_pages_follow_each_other_without_gap_or_repeat(bob_client: Client, campaign: Campaign) -> None:
    for i in range(2 * PAGE_SIZE + 3):
        world.make_lead(campaign, f"+1212555{i:04}", first_name=str(i))
    seen, url = [], reverse("lead_list")
    while url:
        listing = bob_client.get(url).context["listing"]
        seen += [int(row.lead.first_name) for row in listing.rows]
        last, url = listing, listing.next_url and reverse("lead_list") + listing.next_url
    assert seen == list(range(2 * PAGE_SIZE + 2, -1, -1))
    back = bob_client.get(reverse("lead_list") + last.previous_url).context["listing"]
    assert [int(row.lead.first_name) for row in back.rows] == seen[PAGE_SIZE : 2 * PAGE_SIZE]


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=Ww",
        "before=WyJhIl0",
        "sort=name&after=WzFd",
        "sort=sideways",
        "q=" + "a" * 900,
        "q=%00",
        "status=x&owner=x&campaign=x&outcome=x&dnc=x&callback=x&is_test=x",
        "tag=%F0%9F%9A%80&owner=99999999999999999999999",
    ],
)
def test_an_address_nobody_would_write_is_no_error(bob_client: Client, lead: Lead, query: str) -> None:
    assert bob_client.get(f"{reverse('lead_list')}?{query}").status_code == 200


def test_the_other_workspaces_leads_are_not_there(mallory_client: Client, lead: Lead) -> None:
    page = mallory_client.get(reverse("lead_list"), {"q": lead.phone}).content.decode()
    assert lead.public_id not in page


def test_queries_do_not_grow_with_rows(bob_client: Client, bob: User, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            bob_client.get(reverse("lead_list"))
        return len(captured)

    def grow(*ends: int) -> None:
        for end in range(*ends):
            lead = world.make_lead(campaign, f"+1212555{end:04}", owner=bob)
            lead.tags.add(tag)
            world.make_interaction(lead)

    tag = Tag.objects.create(workspace=campaign.workspace, name="call me first")
    grow(1)
    few = queries()
    grow(1, 30)
    assert queries() == few
    assert few < 12


def test_rows_tell_do_not_call_and_the_last_call(bob_client: Client, people: dict[str, Lead]) -> None:
    add_to_do_not_call(workspace=people["anna"].workspace, address="+14155550132", by=SYSTEM)
    called = people["olga"]
    world.make_interaction(called, status="voicemail", dispatch="placed", placed_at=clock.now())
    refresh_last_calls([called.pk])
    rows = bob_client.get(reverse("lead_list")).context["listing"].rows
    assert [(row.do_not_call, row.outcome, row.live_call) for row in rows] == [
        (False, "Voicemail", None),
        (True, "", None),
    ]


def test_a_call_that_runs_is_told(bob_client: Client, lead: Lead) -> None:
    world.make_interaction(lead)
    assert "Call under way" in bob_client.get(reverse("lead_list")).content.decode()


def test_a_lead_to_start_with_is_pointed_to(bob_client: Client, lead: Lead) -> None:
    assert "Start here" not in bob_client.get(reverse("lead_list")).content.decode()
    lead.tags.add(Tag.objects.create(workspace=lead.workspace, name="call me first"))
    assert "Start here" in bob_client.get(reverse("lead_list")).content.decode()


def test_htmx_gets_the_part_and_a_restored_history_the_page(bob_client: Client, htmx: dict[str, str]) -> None:
    part = bob_client.get(reverse("lead_list"), headers=htmx)
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
    restored = bob_client.get(reverse("lead_list"), headers=htmx | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_an_empty_workspace_says_what_to_do_first(bob_client: Client) -> None:
    assert "No leads yet" in bob_client.get(reverse("lead_list")).content.decode()


def test_markup_in_names_is_text(bob_client: Client, campaign: Campaign) -> None:
    world.make_lead(campaign, first_name="<script>alert(1)</script>")
    page = bob_client.get(reverse("lead_list")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
