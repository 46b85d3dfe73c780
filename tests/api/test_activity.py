from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import activity
from accounts.activity import BATCH, KEPT, LINES, MOST_LINES, sweep_activity
from accounts.idempotency import forget_kept_answers
from accounts.models import ApiKey, ApiRequest, Workspace
from common.queue import redis
from tests import world
from tests.travel import Clock

URL = "/api/v1/keys"


def waiting() -> int:
    return int(redis().llen(LINES))


def make_uses(count: int, **fields: Any) -> None:
    key = ApiKey.objects.get()
    defaults: dict[str, Any] = {"method": "GET", "path": "/x", "status": 200, "milliseconds": 1}
    ApiRequest.objects.bulk_create(ApiRequest(api_key=key, **{**defaults, **fields}) for _ in range(count))


def test_each_request_of_a_key_becomes_a_line(api: Client, clock: Clock) -> None:
    now = clock.at("2026-11-20T12:00:00+00:00")
    answer = api.get(URL, {"limit": "5"}, REMOTE_ADDR="203.0.113.7")
    api.post(URL, b"{", content_type="application/json")
    sweep_activity()
    first, second = ApiRequest.objects.order_by("id")
    assert (first.api_key, first.at, first.method, first.path) == (ApiKey.objects.get(), now, "GET", URL)
    assert (first.status, first.ip, first.request_id) == (200, "203.0.113.7", answer["X-Request-Id"])
    assert (second.method, second.status) == ("POST", 400)
    assert waiting() == 0


def test_a_refused_request_of_a_known_key_is_a_line_and_one_of_nobody_is_not(workspace: Workspace) -> None:
    Client(headers={"X-API-Key": world.make_key(workspace, ("leads:read",))}).get(URL)
    Client(headers={"X-API-Key": "ls_wrong"}).get(URL)
    Client().get(URL)
    sweep_activity()
    assert ApiRequest.objects.get().status == 403


def test_of_a_key_that_floods_only_the_first_refusal_of_a_minute_is_a_line(api: Client) -> None:
    ApiKey.objects.update(requests_per_minute=2)
    for _ in range(7):
        api.get(URL)
    sweep_activity()
    assert list(ApiRequest.objects.order_by("id").values_list("status", flat=True)) == [200, 200, 429]


def test_the_page_shows_the_line(api: Client) -> None:
    api.get(f"{URL}/key_nobody")
    sweep_activity()
    [use] = api.get(f"{URL}/{ApiKey.objects.get().public_id}/activity").json()["data"]["activity"]
    assert (use["path"], use["status"]) == (f"{URL}/key_nobody", 404)


def test_lines_of_a_deleted_key_do_not_stop_the_rest(api: Client, workspace: Workspace) -> None:
    Client(headers={"X-API-Key": world.make_key(workspace)}).get(URL)
    api.get(URL)
    ApiKey.objects.order_by("-id")[0].delete()
    sweep_activity()
    assert ApiRequest.objects.get().api_key == ApiKey.objects.get()
    assert waiting() == 0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        {"at": "soon"},
        {"at": 7},
        {"status": 10**20},
        {"status": -1},
        {"milliseconds": "x"},
        {"api_key_id": "x"},
        {"api_key_id": None},
        {"method": "x" * 11},
        {"colour": "red"},
    ],
)
def test_a_line_that_cannot_be_read_is_dropped_and_the_rest_is_kept(api: Client, line: Any) -> None:
    api.get(URL)
    [good] = redis().lrange(LINES, 0, -1)
    bad = json.dumps(json.loads(good) | line) if isinstance(line, dict) else line
    redis().lpush(LINES, bad)
    sweep_activity()
    assert ApiRequest.objects.count() == 1
    assert waiting() == 0


def test_many_lines_are_written_in_few_queries(api: Client) -> None:
    api.get(URL)
    [line] = redis().lrange(LINES, 0, -1)
    redis().rpush(LINES, *[line] * (2 * BATCH))
    with CaptureQueriesContext(connection) as captured:
        sweep_activity()
    assert ApiRequest.objects.count() == 2 * BATCH + 1
    assert len(captured) < 30


def test_a_sweep_is_bounded(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MOST_BATCHES", 1)
    api.get(URL)
    [line] = redis().lrange(LINES, 0, -1)
    redis().rpush(LINES, *[line] * BATCH)
    sweep_activity()
    assert (ApiRequest.objects.count(), waiting()) == (BATCH, 1)


def test_lines_that_nobody_fetches_do_not_fill_redis(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LINES == 100_000
    monkeypatch.setattr(activity, "MOST_LINES", 3)
    for _ in range(5):
        api.get(URL)
    assert waiting() == 3


def test_lines_older_than_a_month_are_deleted_some_at_a_time(api: Client, clock: Clock) -> None:
    now = clock.at("2026-11-20T12:00:00+00:00")
    make_uses(BATCH + 1, at=now - KEPT - timedelta(seconds=1))
    make_uses(2, at=now - KEPT + timedelta(seconds=1))
    sweep_activity()
    assert ApiRequest.objects.count() == 3
    sweep_activity()
    assert ApiRequest.objects.count() == 2


def test_where_nothing_is_due_nothing_is_written(api: Client) -> None:
    make_uses(3, at="2999-01-01T00:00:00Z")
    with CaptureQueriesContext(connection) as captured:
        sweep_activity()
        forget_kept_answers()
    assert [query["sql"].split()[0] for query in captured] == ["SELECT"] * len(captured)
    assert len(captured) <= 2
