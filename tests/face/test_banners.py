from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.access import SILENT_AFTER
from accounts.models import Workspace
from accounts.services import set_operator_stop
from common import clock
from common.models import ProcessHeartbeat
from tests import world

BANNERS = "/banners/"
WAITING = "Calls are waiting"


def beat(kind: str, **fields: object) -> None:
    ProcessHeartbeat.objects.create(token=kind, kind=kind, host="h", pid=1, **{"seen_at": clock.real_now(), **fields})


@pytest.fixture
def house(db: None) -> None:
    for kind in ("dial", "default", "scheduler"):
        beat(kind)


def banner(client: Client) -> str:
    return client.get(BANNERS).content.decode()


def test_a_house_in_order_says_nothing(vera_client: Client, house: None) -> None:
    assert 'class="banner' not in banner(vera_client)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("dial", "No dial worker"), ("default", "No worker is running"), ("scheduler", "The scheduler is not running")],
)
def test_a_process_that_fell_silent_is_told(vera_client: Client, house: None, kind: str, said: str) -> None:
    ProcessHeartbeat.objects.filter(kind=kind).update(seen_at=clock.real_now() - SILENT_AFTER)
    assert WAITING in banner(vera_client)
    assert said in banner(vera_client)


def test_a_second_worker_of_the_kind_is_enough(vera_client: Client, house: None) -> None:
    ProcessHeartbeat.objects.filter(kind="dial").update(seen_at=clock.real_now() - timedelta(hours=1))
    ProcessHeartbeat.objects.create(token="other", kind="dial", host="b", pid=2, seen_at=clock.real_now())
    assert WAITING not in banner(vera_client)


def test_a_queue_that_does_not_answer_is_told_before_anything_else(vera_client: Client) -> None:
    beat("scheduler", queue_ok=False)
    assert "The queue does not answer" in banner(vera_client)


def test_a_dead_schedulers_last_word_does_not_count(vera_client: Client, house: None) -> None:
    ProcessHeartbeat.objects.create(
        token="dead", kind="scheduler", host="b", pid=2, queue_ok=False, seen_at=clock.real_now() - timedelta(hours=1)
    )
    assert WAITING not in banner(vera_client)


def test_the_stops_are_told_to_everybody_in_the_workspace(
    vera_client: Client, workspace: Workspace, house: None
) -> None:
    workspace.calls_stopped_at = clock.now()
    workspace.save()
    set_operator_stop(stopped=True)
    page = banner(vera_client)
    assert "All calls of Harbour are stopped" in page
    assert "The operator has stopped calls in every workspace" in page


def test_every_page_shows_it_and_asks_again(vera_client: Client) -> None:
    page = vera_client.get("/leads/").content.decode()
    assert WAITING in page
    assert 'hx-trigger="every 15s"' in page


def test_asked_again_it_answers_only_what_has_changed(vera_client: Client, house: None) -> None:
    shown = vera_client.get("/leads/").context["banners_shown"]
    assert vera_client.get(BANNERS, {"shown": shown}).status_code == 204
    ProcessHeartbeat.objects.all().delete()
    changed = vera_client.get(BANNERS, {"shown": shown})
    assert WAITING in changed.content.decode()


def test_a_page_whose_session_ended_is_told_and_stays(client: Client, vera_client: Client) -> None:
    told = client.get(BANNERS, {"shown": "anything"})
    assert told.status_code == 200
    assert "You are logged out" in told.content.decode()
    assert client.get(BANNERS, {"shown": "logged-out"}).status_code == 204
    assert "You are logged out" not in vera_client.get(BANNERS, {"shown": "logged-out"}).content.decode()


def test_a_workspace_name_with_markup_is_text(vera_client: Client, workspace: Workspace) -> None:
    Workspace.objects.update(name="<img src=x>", calls_stopped_at=clock.now())
    assert "<img src=x>" not in banner(vera_client)


def test_the_frame_costs_three_queries(vera_client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        vera_client.get(BANNERS)


def test_another_workspaces_stop_is_not_ours(vera_client: Client, house: None) -> None:
    other = world.make_workspace("Elsewhere")
    Workspace.objects.filter(pk=other.pk).update(calls_stopped_at=clock.now())
    assert "are stopped" not in banner(vera_client)
