from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import Workspace
from calls.correction import correct_outcome
from calls.models import Interaction, Transcript
from calls.search import find_calls
from calls.views.listing import ConversationList
from campaigns.models import Campaign
from common import clock as business_clock
from common.paging import PAGE_SIZE
from leads.models import Lead
from tests import world
from tests.travel import Clock


def ended(lead: Lead, *said: str, **fields: Any) -> Interaction:
    how = {"status": "completed", "dispatch": "placed", "placed_at": business_clock.now(), **fields}
    call = world.make_interaction(lead, **how)
    messages = [{"role": "user", "message": text, "timestamp": "", "source": "voice_ai"} for text in said]
    Transcript.objects.create(interaction=call, messages=messages)
    return call


def listed(client: Client, query: dict[str, str] | str = "") -> list[Interaction]:
    return [row.call for row in listing(client, query).rows]


def listing(client: Client, query: dict[str, str] | str = "") -> ConversationList:
    url = reverse("conversation_list")
    answer = client.get(f"{url}?{query}") if isinstance(query, str) else client.get(url, query)
    assert answer.status_code == 200
    found: ConversationList = answer.context["listing"]
    return found


def page(client: Client, **query: str) -> str:
    return client.get(reverse("conversation_list"), query).content.decode()


def test_newest_first_with_lead_outcome_length_and_who_started_it(vera_client: Client, lead: Lead, bob: Any) -> None:
    first = ended(lead, status="voicemail", duration=65, user=bob)
    second = world.make_interaction(lead, dispatch="placed")
    assert listed(vera_client) == [second, first]
    text = page(vera_client)
    for part in ("Anna Meyer", "Voicemail", "Ringing", "1:05", "Bob", "Outbound", "Spring kitchens"):
        assert part in text
    assert reverse("conversation", args=[first.public_id]) in text


def test_the_outcome_narrows_it_and_live_is_one(vera_client: Client, lead: Lead) -> None:
    voicemail = ended(lead, status="voicemail")
    live = world.make_interaction(lead)
    assert listed(vera_client, {"status": "voicemail"}) == [voicemail]
    assert listed(vera_client, {"status": "live"}) == listed(vera_client, {"status": "in_progress"}) == [live]


def test_a_corrected_one_is_found_by_its_new_outcome_and_marked(vera_client: Client, lead: Lead, bob: Any) -> None:
    call = ended(lead)
    correct_outcome(interaction=call, status="qualified", reason="Heard it", by=Actor(user=bob))
    assert listed(vera_client, {"status": "qualified"}) == [call]
    assert listed(vera_client, {"status": "completed"}) == []
    assert "by hand" in page(vera_client)


def test_campaign_agent_direction_and_lead_narrow_it(vera_client: Client, lead: Lead, campaign: Campaign) -> None:
    call = ended(lead)
    other = world.make_campaign(world.make_agent(call.account, caller_number=call.caller_number), campaign.workspace)
    theirs = ended(world.make_lead(campaign, "+14155550133"), direction="inbound", campaign=other)
    Interaction.objects.filter(pk=theirs.pk).update(agent=other.production_agent)
    assert other.production_agent
    for query in (
        {"campaign": other.code},
        {"agent": other.production_agent.public_id},
        {"direction": "inbound"},
        {"lead": theirs.lead.public_id},
    ):
        assert listed(vera_client, query) == [theirs]
    assert listed(vera_client, {"campaign": other.code, "direction": "outbound"}) == []


@pytest.fixture
def in_new_york(workspace: Workspace, clock: Clock) -> None:
    Workspace.objects.update(timezone="America/New_York")
    clock.at("2026-11-20T15:00:00-05:00")


def test_days_begin_at_the_workspaces_midnight(vera_client: Client, lead: Lead, in_new_york: None) -> None:
    today = ended(lead, created_at=datetime.fromisoformat("2026-11-20T00:00:00-05:00"))
    yesterday = ended(lead, created_at=datetime.fromisoformat("2026-11-19T23:59:59-05:00"))
    assert listed(vera_client, {"days": "1"}) == [today]
    assert listed(vera_client, {"days": "7"}) == [today, yesterday]
    assert listed(vera_client, {"from": "2026-11-19", "to": "2026-11-19"}) == [yesterday]
    assert listed(vera_client, {"from": "2026-11-20", "to": "2026-11-19"}) == [today, yesterday]
    assert listed(vera_client, {"days": "1", "to": "2026-11-19"}) == [yesterday]


def test_seven_days_include_today(vera_client: Client, lead: Lead, in_new_york: None) -> None:
    for days in (6, 7):
        ended(lead, created_at=business_clock.now() - timedelta(days=days))
    assert len(listed(vera_client, {"days": "7"})) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("roof tiles", "ROOF", "tiles roof", "grüße", "GRÜSSE AUS KÖLN", "über", "ÜBER", "😀"),
        *("100%", "a_b", '"quoted"', "c:\\new", "مرحبا", "(maybe)"),
    ],
)
def test_what_was_said_is_found(vera_client: Client, lead: Lead, text: str) -> None:
    said = 'Roof tiles, über Köln. Grüße 😀 grüsse aus köln 100% a_b "quoted" c:\\new مرحبا (maybe)'
    call = ended(lead, "Hello", said)
    ended(lead, "Nothing of this")
    assert listed(vera_client, {"q": text}) == [call]


@pytest.mark.parametrize("text", ["voice_ai", "timestamp", "user", "role", "u00fc", "%", "_", ".*", "Hello Roof2"])
def test_how_it_is_stored_is_not_what_was_said(vera_client: Client, lead: Lead, text: str) -> None:
    ended(lead, "Hello", "Roof ü")
    assert listed(vera_client, {"q": text}) == []


@pytest.mark.parametrize("text", ["ánna", "meyer Ánna", "wants solar", "4155550132", "(415) 555-0132", "415 555"])
def test_the_lead_its_number_and_the_summary_are_found_too(vera_client: Client, campaign: Campaign, text: str) -> None:
    call = ended(world.make_lead(campaign, first_name="Ánna"), summary="Anna wants solar panels")
    ended(world.make_lead(campaign, "+12125550199", first_name="Otto", last_name="Berg", email="o@example.com"))
    assert listed(vera_client, {"q": text}) == [call]


def test_the_line_that_matches_is_shown_with_its_words_marked(vera_client: Client, lead: Lead) -> None:
    ended(lead, "Nothing", f"{'long ' * 40}the <b>Roof</b> leaks {'on ' * 99}")
    text = page(vera_client, q="roof leaks")
    assert "&lt;b&gt;<mark>Roof</mark>&lt;/b&gt; <mark>leaks</mark>" in text
    assert "…" in text


def test_what_narrows_it_can_be_taken_away_one_by_one(vera_client: Client, lead: Lead) -> None:
    found = listing(vera_client, {"q": "roof", "status": "live", "days": "7", "campaign": lead.campaign.code})
    labels = {chip.label: chip.without for chip in found.chips}
    assert set(labels) == {"“roof”", "Live now", "Last 7 days", "Spring kitchens"}
    assert "status" not in labels["Live now"]
    assert "q=roof" in labels["Live now"]


@pytest.mark.parametrize(
    "query",
    [
        *("status=nonsense", "campaign=XXX", "agent=agent_x", "direction=up", "from=2026-02-31", "to=x", "days=x"),
        *("days=-1", "days=99999999999999999999", "from=0001-01-01", "to=9999-12-31", "after=x", "before=%00", "q=%00"),
        *(
            "q=" + "a" * 900,
            "q=(((",
            "lead=x",
            "after=WzFd",
            "status=live&status=x",
            "campaign=%00",
            "agent=%F0%9F%98%80",
        ),
        *("from=9999-12-31&to=0001-01-01", "q=\\", "days=7&from=x"),
    ],
)
def test_an_address_nobody_would_write_is_no_error(vera_client: Client, lead: Lead, query: str) -> None:
    ended(lead)
    listing(vera_client, query)


def test_another_workspaces_are_neither_shown_nor_offered(mallory_client: Client, lead: Lead) -> None:
    call = ended(lead, "roof")
    assert listed(mallory_client, {"q": "roof"}) == []
    for query in ({"campaign": call.campaign.code}, {"agent": call.agent.public_id}, {"lead": lead.public_id}):
        assert listing(mallory_client, query).chips == []


def test_pages_go_on_and_back_without_gaps(vera_client: Client, lead: Lead) -> None:
    calls = [ended(lead, "roof") for _ in range(PAGE_SIZE + 3)]
    first = listing(vera_client, {"q": "roof"})
    last = listing(vera_client, first.next_url.removeprefix("?"))
    assert [row.call for row in (*first.rows, *last.rows)] == calls[::-1]
    assert listed(vera_client, last.previous_url.removeprefix("?")) == [row.call for row in first.rows]


def test_pages_of_days_go_by_time_without_gaps(vera_client: Client, lead: Lead) -> None:
    now = business_clock.now()
    calls = [ended(lead, created_at=now - timedelta(minutes=i // 2)) for i in range(PAGE_SIZE + 3)]
    in_order = sorted(calls, key=lambda call: (call.created_at, call.pk), reverse=True)
    first = listing(vera_client, {"days": "7"})
    last = listing(vera_client, first.next_url.removeprefix("?"))
    assert [row.call for row in (*first.rows, *last.rows)] == in_order
    assert listed(vera_client, last.previous_url.removeprefix("?")) == in_order[:PAGE_SIZE]


def test_a_text_is_not_looked_for_while_it_is_typed(vera_client: Client, lead: Lead) -> None:
    trigger = page(vera_client).split('role="search"')[1].split('hx-trigger="')[1].split('"')[0]
    assert {part.split()[0] for part in trigger.split(",")} == {"search", "change", "submit"}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL can be told to give up.")

    def find_slowly(*args: Any, **asked: Any) -> Any:
        return find_calls(*args, **asked).extra(where=["pg_sleep(0.3)::text IS NOT NULL"])

    monkeypatch.setattr("calls.views.listing.find_calls", find_slowly)
    monkeypatch.setattr("calls.search.SEARCH_MILLISECONDS", 50)


def test_a_search_that_takes_too_long_ends_with_a_sentence(vera_client: Client, lead: Lead, slow: None) -> None:
    ended(lead, "roof")
    assert listing(vera_client, {"q": "roof"}).rows == []
    text = page(vera_client, q="roof")
    assert "This search took too long: narrow it by days or campaign." in text
    assert "No conversation matches" not in text
    assert len(listed(vera_client)) == 1


def test_queries_do_not_grow_with_rows(vera_client: Client, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            listing(vera_client, {"q": "roof", "campaign": campaign.code, "days": "7", "status": "completed"})
        return len(captured)

    ended(world.make_lead(campaign, "+12125550199"), "roof")
    few = queries()
    for i in range(30):
        ended(world.make_lead(campaign, f"+1212555{i:04}"), "roof")
    assert queries() == few
    assert few < 12


def test_htmx_gets_the_part_and_a_clean_address(vera_client: Client, lead: Lead, htmx: dict[str, str]) -> None:
    answer = vera_client.get(reverse("conversation_list"), {"q": "", "status": "live", "days": ""}, headers=htmx)
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer.headers["Vary"]
    assert answer.headers["HX-Push-Url"] == f"{reverse('conversation_list')}?status=live"
    restored = vera_client.get(reverse("conversation_list"), headers=htmx | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_empty_lists_say_what_to_do(bob_client: Client, lead: Lead) -> None:
    assert "No conversations yet" in page(bob_client)
    assert "No conversation matches" in page(bob_client, status="dnc")


def test_markup_in_names_is_text(vera_client: Client, campaign: Campaign) -> None:
    ended(world.make_lead(campaign, first_name="<script>alert(1)</script>"))
    assert "<script>alert" not in page(vera_client)
