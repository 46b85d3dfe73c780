"""What one workspace does with its endpoints, the others do not feel. Counted, not timed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import Workspace
from campaigns.models import Campaign
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import EVENT, happen, make_endpoint
from webhooks import pool
from webhooks.delivering import OF_A_WORKSPACE
from webhooks.jobs import serve
from webhooks.lanes import Lane
from webhooks.models import Delivery
from webhooks.services import Told, emit_many, send_test
from webhooks.sweep import in_need

URL = "https://receiver.example/hook"
SOON = 30.0


class Work:
    """That does not end before it is allowed to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, pk: int) -> None:
        with self._changed:
            self.begun.append(pk)
            self._changed.notify_all()
        self.ended.wait(SOON)

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= count, SOON)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def lane(work: Work) -> Iterator[Callable[..., Lane]]:
    made: list[Lane] = []

    def make(size: int, share: int) -> Lane:
        made.append(Lane(work, size=size, share=share, name="test"))
        return made[-1]

    yield make
    work.ended.set()
    for one in made:
        one.close()
        one.wait()


def test_a_workspace_has_its_share_and_another_begins_at_once(lane: Callable[..., Lane], work: Work) -> None:
    shared = lane(size=4, share=2)
    for pk in range(10):
        shared.submit(1, pk)
    shared.submit(2, 100)
    work.wait_for(3)
    assert sorted(work.begun) == [0, 1, 100]


def test_who_waits_is_served_in_turn_however_many_another_has(lane: Callable[..., Lane], work: Work) -> None:
    shared = lane(size=1, share=1)
    for pk in range(50):
        shared.submit(1, pk)
    shared.submit(2, 100)
    shared.submit(3, 200)
    shared.submit(2, 101)
    work.ended.set()
    work.wait_for(53)
    assert work.begun[:6] == [0, 1, 100, 200, 2, 101]
    assert sorted(work.begun) == [*range(50), 100, 101, 200]


def test_what_stands_in_line_already_is_not_put_there_twice(lane: Callable[..., Lane], work: Work) -> None:
    shared = lane(size=1, share=1)
    for pk in (1, 2, 2, 1, 2):
        shared.submit(1, pk)
    work.ended.set()
    work.wait_for(3)
    shared.close()
    shared.wait()
    assert work.begun == [1, 2, 1]


def test_a_turn_that_dies_gives_its_thread_back() -> None:
    came = threading.Event()

    def die_first(pk: int) -> None:
        if pk == 1:
            raise ValueError
        came.set()

    shared = Lane(die_first, size=1, share=1, name="test")
    shared.submit(1, 1)
    shared.submit(1, 2)
    assert came.wait(SOON)
    shared.close()
    shared.wait()


def test_a_lane_that_closes_begins_nothing_more(lane: Callable[..., Lane], work: Work) -> None:
    shared = lane(size=1, share=1)
    shared.submit(1, 1)
    shared.submit(1, 2)
    work.wait_for(1)
    shared.close()
    shared.submit(2, 3)
    work.ended.set()
    shared.wait()
    assert work.begun == [1]


# --- the queue ---
def tell(workspace: Workspace, count: int) -> None:
    emit_many(workspace=workspace, told=[Told(EVENT, "", f"int_{number}", dict) for number in range(count)])


def test_a_sweep_asks_for_no_workspace_more_often_than_its_share(workspace: Workspace, elsewhere: Campaign) -> None:
    for _ in range(30):
        make_endpoint(workspace, URL)
    others = make_endpoint(elsewhere.workspace, URL)
    tell(workspace, 6)
    tell(elsewhere.workspace, 1)
    asked = list(in_need())
    assert Counter(pk == others.pk for pk in asked) == {False: OF_A_WORKSPACE, True: 1}


def test_workspaces_take_turns_where_a_sweep_cannot_ask_for_all(
    workspace: Workspace, elsewhere: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.sweep.BATCH", 4)
    for _ in range(30):
        make_endpoint(workspace, URL)
    others = [make_endpoint(elsewhere.workspace, URL).pk for _ in range(2)]
    tell(workspace, 1)
    tell(elsewhere.workspace, 1)
    assert sorted(pk for pk in in_need() if pk in others) == others


def test_a_sweep_asks_for_tests_first(
    workspace: Workspace, elsewhere: Campaign, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.sweep.BATCH", 1)
    for _ in range(10):
        make_endpoint(workspace, URL)
    tested = make_endpoint(elsewhere.workspace, URL)
    tell(workspace, 3)
    send_test(endpoint=tested, by=by)
    assert list(in_need()) == [tested.pk]


def test_however_much_happens_each_endpoint_is_asked_for_once(
    workspace: Workspace, django_capture_on_commit_callbacks: Any
) -> None:
    for _ in range(5):
        make_endpoint(workspace, URL)
    with django_capture_on_commit_callbacks() as jobs:
        for number in range(20):
            happen(workspace, number)
    assert Delivery.objects.count() == 100
    assert len(jobs) == 5


def test_the_job_of_a_test_goes_before_all_jobs_that_wait(
    workspace: Workspace, by: Actor, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[bool] = []

    class Queue:
        def enqueue(self, *args: Any, at_front: bool, **options: Any) -> None:
            asked.append(at_front)

    monkeypatch.setattr("common.queue._queue", lambda name: Queue())
    endpoint = make_endpoint(workspace, URL)
    with django_capture_on_commit_callbacks(execute=True):
        happen(workspace)
        send_test(endpoint=endpoint, by=by)
    assert asked == [False, True]


# --- the whole way ---
class Silent:
    """Answers nobody before it is allowed to."""

    def __init__(self) -> None:
        self.asked = 0
        self.over = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        with self._changed:
            self.asked += 1
            self._changed.notify_all()
        self.over.wait(SOON)
        answer()(request)

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked >= count, SOON)


@pytest.mark.django_db(transaction=True)
def test_endpoints_that_never_answer_stop_neither_anothers_deliveries_nor_its_tests(
    workspace: Workspace, elsewhere: Campaign, receiver: Receiver, by: Actor
) -> None:
    silent, heard = Silent(), threading.Semaphore(0)
    silenced = Receiver()
    silenced.reply = silent
    silenced.up()

    def hear(request: BaseHTTPRequestHandler) -> None:
        answer()(request)
        heard.release()

    receiver.reply = hear
    try:
        slow = [make_endpoint(workspace, silenced.url, timeout_seconds=60) for _ in range(7)]
        tell(workspace, 5)
        for endpoint in slow * 5:
            send_test(endpoint=endpoint, by=by)
            serve(endpoint.pk)
        # Eight deliveries and two tests.
        silent.wait_for(OF_A_WORKSPACE + 2)
        other = make_endpoint(elsewhere.workspace, receiver.url)
        happen(elsewhere.workspace)
        send_test(endpoint=other, by=by)
        serve(other.pk)
        assert heard.acquire(timeout=SOON)
        assert heard.acquire(timeout=SOON)
        assert silent.asked == OF_A_WORKSPACE + 2
    finally:
        for lane in pool.LANES:
            lane.close()
        silent.over.set()
        pool.drain()
        silenced.down()
    assert not Delivery.objects.filter(state=Delivery.State.SENDING).exists()
