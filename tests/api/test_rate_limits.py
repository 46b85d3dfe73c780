from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.activity import address_of
from accounts.api.base import REFUSALS_PER_MINUTE
from accounts.models import ApiKey, Workspace
from common.queue import redis
from tests import world
from tests.api.crowd import at_once

URL = "/api/v1/keys"


def allow(limit: int | None) -> None:
    ApiKey.objects.update(requests_per_minute=limit)


def headers(answer: Any) -> list[str]:
    return [answer[f"RateLimit-{name}"] for name in ("Policy", "Limit", "Remaining")]


def test_of_fifty_requests_at_once_exactly_twenty_pass(transactional_db: None) -> None:
    key = world.make_key(world.make_workspace("Harbour"))
    allow(20)
    answers = at_once(50, lambda: Client(headers={"X-API-Key": key}).get(URL).status_code)
    assert (answers.count(200), answers.count(429)) == (20, 30)


def test_each_answer_says_how_many_are_left(api: Client) -> None:
    allow(3)
    assert headers(api.get(URL)) == ["3;w=60", "3", "2"]
    assert headers(api.get(f"{URL}/key_nobody")) == ["3;w=60", "3", "1"]
    last = api.post(URL, b"{", content_type="application/json")
    assert (last.status_code, headers(last)) == (400, ["3;w=60", "3", "0"])
    assert 1 <= int(last["RateLimit-Reset"]) <= 60


def test_beyond_the_limit_the_answer_says_how_long_to_wait(api: Client) -> None:
    allow(1)
    api.get(URL)
    refused = api.get(URL)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert refused["Retry-After"] == refused["RateLimit-Reset"]
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert headers(refused) == ["1;w=60", "1", "0"]


def test_a_key_without_a_number_of_its_own_has_the_installations(api: Client, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    assert [api.get(URL).status_code for _ in range(3)] == [200, 200, 429]
    assert headers(api.get(URL)) == ["2;w=60", "2", "0"]


def test_keys_do_not_use_up_each_others_limit(api: Client, workspace: Workspace) -> None:
    other = Client(headers={"X-API-Key": world.make_key(workspace)})
    allow(1)
    assert [api.get(URL).status_code, api.get(URL).status_code, other.get(URL).status_code] == [200, 429, 200]


def test_a_request_without_the_scope_counts_too(workspace: Workspace) -> None:
    client = Client(headers={"X-API-Key": world.make_key(workspace, ("leads:read",))})
    allow(1)
    assert [client.get(URL).status_code for _ in range(2)] == [403, 429]


def test_when_the_window_is_over_all_are_free_again(api: Client) -> None:
    allow(1)
    api.get(URL)
    [counter] = redis().keys("quota:key:*")
    assert 0 < redis().ttl(counter) <= 60
    redis().delete(counter)
    assert api.get(URL).status_code == 200


def test_a_counter_that_lost_its_end_gets_a_new_one(api: Client) -> None:
    allow(1)
    api.get(URL)
    [counter] = redis().keys("quota:key:*")
    redis().persist(counter)
    assert api.get(URL)["Retry-After"] == "60"


@pytest.fixture
def redis_away() -> Iterator[None]:
    """Nobody listens where Redis should be."""
    pool = redis().connection_pool
    port = pool.connection_kwargs["port"]
    pool.connection_kwargs["port"] = 1
    pool.reset()
    yield
    pool.connection_kwargs["port"] = port
    pool.reset()


def test_without_redis_answers_go_on(api: Client, redis_away: None) -> None:
    allow(1)
    answers = [api.get(URL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert headers(answers[-1]) == ["1;w=60", "1", "1"]


# --- without a good key ---
def guess(address: str = "203.0.113.7", key: str = "ls_wrong", **more: str) -> Any:
    return Client(headers={"X-API-Key": key, **more}).get(URL, REMOTE_ADDR=address)


def test_an_address_that_guesses_is_slowed_down(db: None) -> None:
    answers = [guess().status_code for _ in range(REFUSALS_PER_MINUTE + 1)]
    assert answers == [401] * REFUSALS_PER_MINUTE + [429]
    assert guess().json()["error"]["code"] == "RATE_LIMITED"
    assert "Retry-After" in guess()
    assert guess("203.0.113.8").status_code == 401


def test_a_good_key_from_a_guessing_address_is_answered(workspace: Workspace) -> None:
    key = world.make_key(workspace)
    for _ in range(REFUSALS_PER_MINUTE + 1):
        guess()
    assert guess(key=key).status_code == 200


def test_behind_a_proxy_the_address_is_the_one_that_it_tells(db: None, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for _ in range(REFUSALS_PER_MINUTE + 1):
        guess("10.0.0.1", **{"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
    assert guess("10.0.0.1", **{"X-Forwarded-For": "203.0.113.7"}).status_code == 429
    assert guess("10.0.0.1", **{"X-Forwarded-For": "203.0.113.8"}).status_code == 401


def test_an_address_that_is_none_is_empty(rf: Any) -> None:
    assert address_of(rf.get(URL, REMOTE_ADDR="unix:")) == ""
