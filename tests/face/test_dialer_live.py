"""The auto-dialer of a campaign, watched: what it does, why nothing else, who is called when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Workspace
from calls import dialer_board
from calls.dialer_board import board_of
from calls.models import DialerEntry, DialerState, Interaction
from campaigns.models import Campaign
from common import clock as business_clock
from tests import world
from tests.travel import Clock


@pytest.fixture
def dialer(campaign: Campaign, clock: Clock) -> Campaign:
    clock.at("2026-11-20T12:30:00+00:00")
    Workspace.objects.update(timezone="UTC")
    Campaign.objects.update(dialer="on")
    return Campaign.objects.select_related("workspace").get(pk=campaign.pk)


def url(campaign: Campaign) -> str:
    return reverse("dialer", args=[campaign.code])


def read(client: Client, campaign: Campaign, **asked: str) -> str:
    return client.get(url(campaign), asked).content.decode()


def enter(campaign: Campaign, **fields: Any) -> DialerEntry:
    number = DialerEntry.objects.count()
    lead = world.make_lead(campaign, f"+1415555{number:04}", first_name=f"Lead{number}", last_name="")
    return DialerEntry.objects.create(workspace=campaign.workspace, campaign=campaign, lead=lead, **fields)


def call(campaign: Campaign, **fields: Any) -> Interaction:
    lead = world.make_lead(campaign, f"+1212555{Interaction.objects.count():04}", first_name="Called")
    return world.make_interaction(lead, **fields)


def at(**step: float) -> Any:
    return business_clock.now() + timedelta(**step)


def poll(client: Client, campaign: Campaign, htmx: dict[str, str], **asked: str) -> Any:
    return client.get(url(campaign), asked, headers=htmx)


def test_it_says_what_it_does(vera_client: Client, dialer: Campaign) -> None:
    assert "Nobody to call." in read(vera_client, dialer)
    entry = enter(dialer, due_at=at(hours=2))
    assert "Nobody is due at this moment." in read(vera_client, dialer)
    DialerEntry.objects.filter(pk=entry.pk).update(due_at=at(minutes=-1))
    assert "Dialing." in read(vera_client, dialer)
    Campaign.objects.update(dialer="paused")
    assert "Nobody is dialed. The list stays as it is" in read(vera_client, dialer)
    Campaign.objects.update(dialer="off")
    assert "Off." in read(vera_client, dialer)


def test_it_says_why_nothing_is_dialed(vera_client: Client, dialer: Campaign) -> None:
    enter(dialer, due_at=at(minutes=-1))
    DialerState.objects.create(campaign=dialer, held_why="PROVIDER_DOWN", held_text="Main does not take calls.")
    assert "Main does not take calls." in read(vera_client, dialer)
    Workspace.objects.update(calls_stopped_at=business_clock.now())
    assert "All calls are stopped by the stop switch." in read(vera_client, dialer)
    Campaign.objects.update(status="inactive")
    assert "The campaign is inactive: launch it first." in read(vera_client, dialer)


def test_calls_under_way_stand_there_with_lead_and_phase(vera_client: Client, dialer: Campaign) -> None:
    talking = call(dialer, dispatch="placed", placed_at=at(seconds=-30), answered_at=at(seconds=-20))
    call(dialer, dispatch="placing")
    page = read(vera_client, dialer)
    assert reverse("conversation", args=[talking.public_id]) in page
    assert "In progress" in page
    assert "Dialling" in page
    assert 'data-since="' in page


def test_an_unchanged_view_answers_nothing(vera_client: Client, dialer: Campaign, htmx: dict[str, str]) -> None:
    enter(dialer, due_at=at(hours=1))
    version = board_of(dialer).version
    assert poll(vera_client, dialer, htmx, part="live", v=version, state="on-active").status_code == 204
    call(dialer)
    changed = poll(vera_client, dialer, htmx, part="live", v=version, state="on-active")
    assert changed.status_code == 200
    assert 'hx-trigger="every 2s"' in changed.content.decode()
    assert "dialer-controls" not in changed.content.decode()


def test_the_buttons_change_when_somebody_else_has_paused(
    alice_client: Client, dialer: Campaign, htmx: dict[str, str]
) -> None:
    Campaign.objects.update(dialer="paused")
    part = poll(alice_client, dialer, htmx, part="live", v="old", state="on-active").content.decode()
    assert 'id="dialer-controls"' in part
    assert "Resume" in part
    assert "Auto-dialer: Paused." in part


def test_the_list_answers_nothing_while_it_is_the_same(
    vera_client: Client, dialer: Campaign, htmx: dict[str, str]
) -> None:
    enter(dialer, due_at=at(hours=1))
    page = read(vera_client, dialer)
    version = page.split("part=list")[1].split("v=")[1].split('"')[0]
    asked = {"part": "list", "show": "waiting", "v": version}
    assert poll(vera_client, dialer, htmx, **asked).status_code == 204
    DialerEntry.objects.update(due_at=at(hours=2))
    assert poll(vera_client, dialer, htmx, **asked).status_code == 200


def test_who_waits_is_listed_by_time_with_why_and_attempts(vera_client: Client, dialer: Campaign) -> None:
    later = enter(dialer, due_at=at(hours=3), lane=0, why_text="The lead asked for this time.")
    sooner = enter(dialer, due_at=at(hours=1), lane=3)
    world.make_interaction(sooner.lead, status="no_answer", dispatch="placed", placed_at=at(hours=-4))
    page = read(vera_client, dialer)
    assert page.index(str(sooner.lead)) < page.index(str(later.lead))
    assert "The lead asked for this time." in page
    assert "1 of 50" in page
    assert "Today 05:30" in page  # In the lead's zone, Los Angeles.


@pytest.mark.parametrize(
    ("show", "fields"),
    [("parked", {}), ("calling", {"state": "calling"}), ("done", {"state": "done", "why_text": "All attempts made."})],
)
def test_the_list_is_narrowed_by_state(
    vera_client: Client, dialer: Campaign, show: str, fields: dict[str, Any]
) -> None:
    wanted = enter(dialer, **fields)
    other = enter(dialer, due_at=at(hours=1))
    page = read(vera_client, dialer, show=show)
    assert str(wanted.lead) in page
    assert str(other.lead) not in page


@pytest.mark.parametrize("show", ["waiting", "parked", "calling", "done"])
def test_pages_of_the_list_leave_nobody_out(
    vera_client: Client, dialer: Campaign, show: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialer_board, "ROWS", 3)
    state = show if show in ("calling", "done") else "waiting"
    due_at = at(hours=1) if show == "waiting" else None
    for number in range(8):
        enter(dialer, state=state, lane=number % 4, due_at=due_at)
    seen: list[int] = []
    asked = f"?show={show}"
    while asked:
        entries = vera_client.get(url(dialer) + asked).context["entries"]
        seen += [row.entry.pk for row in entries.rows]
        asked = entries.next_url
    assert sorted(seen) == sorted(DialerEntry.objects.values_list("pk", flat=True))
    assert len(seen) == 8


@pytest.mark.parametrize("after", ["x", "_", "2026-99_1", "_99999999999999999999", "0001-01-01T00:00:00+23:59_1"])
def test_an_unreadable_cursor_is_the_first_page(vera_client: Client, dialer: Campaign, after: str) -> None:
    entry = enter(dialer, due_at=at(hours=1))
    assert str(entry.lead) in read(vera_client, dialer, after=after)


def test_outcomes_lead_to_their_conversations(vera_client: Client, dialer: Campaign) -> None:
    kept = call(dialer, status="qualified", dispatch="placed", placed_at=at(), created_at=at(minutes=-5))
    call(dialer, status="no_answer", dispatch="placed", placed_at=at(hours=-3), created_at=at(hours=-3))
    chart = board_of(dialer).today
    column = next(column for column in chart.columns if column.label == "12")
    assert (column.total, chart.total) == (1, 2)
    found = vera_client.get(column.url).context["listing"]
    assert [row.call.pk for row in found.rows] == [kept.pk]
    assert "12:00 to 13:00" in [chip.label for chip in found.chips]


def test_days_reach_two_weeks_back(vera_client: Client, dialer: Campaign) -> None:
    call(dialer, status="busy", dispatch="placed", created_at=at(days=-13))
    call(dialer, status="busy", dispatch="placed", created_at=at(days=-14))
    columns = dialer_board.days_of(dialer).columns
    assert len(columns) == 14
    assert [column.total for column in columns] == [1] + [0] * 13


def test_it_works_without_javascript(alice_client: Client, dialer: Campaign) -> None:
    paused = alice_client.post(url(dialer), {"act": "pause"}, follow=True).content.decode()
    assert Campaign.objects.get(pk=dialer.pk).dialer == "paused"
    assert "Paused." in paused
    assert "act=resume" in paused
    alice_client.post(f"{url(dialer)}?act=resume")
    assert Campaign.objects.get(pk=dialer.pk).dialer == "on"


def test_stopping_asks_because_it_empties_the_list(alice_client: Client, dialer: Campaign) -> None:
    enter(dialer, due_at=at(hours=1))
    assert "Its list is emptied" in read(alice_client, dialer)
    stopped = alice_client.post(url(dialer), {"act": "stop", "on": "campaign"})
    assert stopped.headers["Location"] == reverse("campaign", args=[dialer.code])
    assert Campaign.objects.get(pk=dialer.pk).dialer == "off"
    assert not DialerEntry.objects.filter(state="waiting").exists()


def test_what_cannot_follow_is_said(alice_client: Client, dialer: Campaign) -> None:
    Campaign.objects.update(dialer="off")
    assert "is off: start it" in alice_client.post(url(dialer), {"act": "resume"}, follow=True).content.decode()


def test_who_is_no_admin_looks_on(bob_client: Client, vera_client: Client, dialer: Campaign) -> None:
    for client in (bob_client, vera_client):
        assert 'value="pause"' not in read(client, dialer)
        assert client.post(url(dialer), {"act": "pause"}).status_code == 403
    assert Campaign.objects.get(pk=dialer.pk).dialer == "on"


def test_another_workspaces_dialer_is_unknown(mallory_client: Client, dialer: Campaign) -> None:
    assert mallory_client.get(url(dialer)).status_code == 404
    assert mallory_client.post(url(dialer), {"act": "stop"}).status_code == 404


def test_the_campaigns_page_tells_it_in_short(alice_client: Client, dialer: Campaign) -> None:
    enter(dialer, due_at=at(hours=1))
    page = alice_client.get(reverse("campaign", args=[dialer.code])).content.decode()
    assert url(dialer) in page
    assert "0 due, 1 for later" in page
    assert 'value="pause"' in page


def test_it_asks_the_same_number_of_queries_however_many_there_are(vera_client: Client, dialer: Campaign) -> None:
    def ask() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(vera_client, dialer)
        return len(captured)

    enter(dialer, due_at=at(hours=1))
    call(dialer)
    ask()
    few = ask()
    for number in range(8):
        enter(dialer, due_at=at(hours=1), lane=number % 4)
        call(dialer)
    assert ask() == few <= 20
