"""The same request sent again acts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client

from accounts.idempotency import BATCH, forget_kept_answers
from accounts.models import ApiKey, KeptAnswer, Workspace
from campaigns.models import Campaign
from common import clock as business_clock
from tests import world
from tests.api.crowd import at_once
from tests.travel import Clock

URL = "/api/v1/keys"
BODY = {"name": "Website", "scopes": ["leads:read"]}


def make(api: Client, once: str = "order-1", url: str = URL, **fields: Any) -> Any:
    headers = {"Idempotency-Key": once}
    return api.post(url, {**BODY, **fields}, content_type="application/json", headers=headers)


def made() -> int:
    return ApiKey.objects.filter(name="Website").count()


def test_ten_equal_requests_at_once_act_once(transactional_db: None) -> None:
    key = world.make_key(world.make_workspace("Harbour"))
    answers = at_once(10, lambda: make(Client(headers={"X-API-Key": key})))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.get("Idempotent-Replayed", "") for answer in answers) == ["", *["true"] * 9]
    assert made() == 1


def test_ten_different_requests_at_once_all_act(transactional_db: None) -> None:
    key, names = world.make_key(world.make_workspace("Harbour")), iter(range(10))
    answers = at_once(10, lambda: make(Client(headers={"X-API-Key": key}), once=f"order-{next(names)}"))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert made() == 10


def test_the_secret_is_answered_again_and_kept_encrypted(api: Client) -> None:
    first, second = make(api), make(api)
    assert first.json()["data"]["key"] == second.json()["data"]["key"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM accounts_keptanswer")
        stored = cursor.fetchone()[0]
    assert stored
    assert first.json()["data"]["prefix"] not in stored


def test_the_same_json_written_otherwise_is_the_same_request(api: Client) -> None:
    first = make(api)
    other = b'{ "scopes":["leads:read"],\n "name" : "Web\\u0073ite"}'
    again = api.post(URL, other, content_type="application/json", headers={"Idempotency-Key": "order-1"})
    assert again.content == first.content
    assert made() == 1


def test_another_body_is_refused(api: Client) -> None:
    make(api)
    refused = make(api, scopes=["leads:write"])
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert made() == 1


def test_another_address_is_refused(api: Client) -> None:
    make(api)
    refused = make(api, url="/api/v1/invitations")
    assert refused.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_key_that_may_do_less_is_not_told_the_answer(api: Client, workspace: Workspace) -> None:
    make(api)
    less = Client(headers={"X-API-Key": world.make_key(workspace, ("keys:write",))})
    assert make(less).status_code == 409


def test_after_a_day_the_key_is_free(api: Client, clock: Clock) -> None:
    clock.at("2026-11-20T12:00:00+00:00")
    make(api)
    clock.move(hours=23, minutes=59)
    assert make(api)["Idempotent-Replayed"] == "true"
    clock.move(minutes=2)
    assert "Idempotent-Replayed" not in make(api, scopes=["leads:write"])
    assert made() == 2


def test_a_refused_request_keeps_nothing_and_may_be_sent_corrected(api: Client) -> None:
    assert make(api, scopes=[]).status_code == 400
    assert not KeptAnswer.objects.exists()
    assert make(api).status_code == 200
    assert made() == 1


@pytest.fixture
def crash() -> Iterator[None]:
    """The process dies after the work, before the answer is kept."""

    def die(instance: KeptAnswer, created: bool, **signal: Any) -> None:
        if not created:
            raise RuntimeError("power cut")

    post_save.connect(die, sender=KeptAnswer)
    yield
    post_save.disconnect(die, sender=KeptAnswer)


def test_a_crash_before_the_commit_leaves_nothing(transactional_db: None, request: pytest.FixtureRequest) -> None:
    api = Client(headers={"X-API-Key": world.make_key(world.make_workspace("Harbour"))})
    request.getfixturevalue("crash")
    assert make(api).status_code == 500
    assert (made(), KeptAnswer.objects.count()) == (0, 0)


def test_without_the_header_each_request_acts(api: Client) -> None:
    for _ in range(2):
        api.post(URL, BODY, content_type="application/json")
    assert made() == 2
    assert not KeptAnswer.objects.exists()


def test_another_workspaces_same_key_is_its_own(api: Client, elsewhere: Campaign) -> None:
    theirs = Client(headers={"X-API-Key": world.make_key(elsewhere.workspace)})
    make(api)
    assert "Idempotent-Replayed" not in make(theirs)
    assert made() == 2


@pytest.mark.parametrize("once", ["", "two words", "x" * 256, "ünlaut", "tab\there"])
def test_what_is_no_key_is_refused(api: Client, once: str) -> None:
    refused = make(api, once=once)
    assert refused.status_code == 400
    assert refused.json()["error"]["details"][0].startswith("Idempotency-Key: ")
    assert made() == 0


def test_any_visible_ascii_is_a_key(api: Client) -> None:
    assert make(api, once="!~" * 127 + "x").status_code == 200


def test_a_malformed_body_is_told_before_anything_is_kept(api: Client) -> None:
    headers = {"Idempotency-Key": "order-1"}
    assert api.post(URL, b"{", content_type="application/json", headers=headers).status_code == 400
    assert not KeptAnswer.objects.exists()


def test_the_sweep_forgets_old_answers_some_at_a_time(workspace: Workspace, clock: Clock) -> None:
    now = clock.at("2026-11-20T12:00:00+00:00")
    fresh = KeptAnswer.objects.create(workspace=workspace, key="fresh", created_at=now)
    clock.move(hours=-25)
    KeptAnswer.objects.bulk_create(
        KeptAnswer(workspace=workspace, key=str(number), created_at=business_clock.now()) for number in range(BATCH + 1)
    )
    clock.at(now)
    forget_kept_answers()
    assert KeptAnswer.objects.count() == 2
    forget_kept_answers()
    assert KeptAnswer.objects.get() == fresh
