"""How the request that asks for the call is answered, and whether a phone rang."""

from __future__ import annotations

from contextlib import suppress

import pytest
import requests

from tests.sandbox.harness import Tenant


def number(ending: str) -> str:
    return f"+155555501{ending}"


def rang(tenant: Tenant, ending: str) -> int:
    return sum(tenant.path in (dial["correlation_id"] or "") for dial in tenant.box.book(number(ending)))


@pytest.mark.parametrize("ending", ["31", "36"])
def test_connection_is_closed_without_an_answer(tenant: Tenant, ending: str) -> None:
    with pytest.raises(requests.ConnectionError, match="Remote end closed connection"):
        tenant.post(tenant.body(number(ending)))
    assert rang(tenant, ending) == (ending == "31")


@pytest.mark.parametrize("ending", ["30", "37"])
def test_request_is_never_answered(tenant: Tenant, ending: str) -> None:
    with pytest.raises(requests.ReadTimeout):
        tenant.post(tenant.body(number(ending)), timeout=0.4)
    assert rang(tenant, ending) == (ending == "30")


@pytest.mark.parametrize("ending", ["30", "31", "32", "59", "60"])
def test_call_whose_answer_was_lost_is_found_by_its_attempt_and_reported(tenant: Tenant, ending: str) -> None:
    with suppress(requests.RequestException):
        tenant.post(tenant.body(number(ending)), timeout=0.4)
    found = tenant.lost(number(ending))
    assert len(found) == 1
    assert tenant.hits()[0].event["data"]["conversation_id"] == found[0]["conversation_id"]


@pytest.mark.parametrize("ending", ["33", "36", "37", "38", "39", "40"])
def test_call_that_was_not_accepted_is_nowhere(tenant: Tenant, ending: str) -> None:
    with suppress(requests.RequestException):
        tenant.post(tenant.body(number(ending)), timeout=0.4)
    assert rang(tenant, ending) == 0
    assert tenant.lost(number(ending)) == []


@pytest.mark.parametrize(
    ("ending", "status", "name"),
    [
        ("32", 500, "internal_server_error"),
        ("33", 500, "internal_server_error"),
        ("39", 400, "invalid_phone_number"),
        ("40", 401, "invalid_api_key"),
    ],
)
def test_error_has_its_status_and_name(tenant: Tenant, ending: str, status: int, name: str) -> None:
    answer = tenant.post(tenant.body(number(ending)))
    assert answer.status_code == status
    assert answer.json()["detail"]["status"] == name


def test_concurrency_limit_refuses_twice_with_retry_after_then_accepts(tenant: Tenant) -> None:
    answers = [tenant.post(tenant.body(number("34"))) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert answers[0].json()["detail"]["status"] == "too_many_concurrent_requests"
    assert rang(tenant, "34") == 1


def test_busy_system_refuses_once_without_retry_after_then_accepts(tenant: Tenant) -> None:
    answers = [tenant.post(tenant.body(number("35"))) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 200]
    assert "Retry-After" not in answers[0].headers
    assert answers[0].json()["detail"]["status"] == "system_busy"


def test_success_false_has_no_id(tenant: Tenant) -> None:
    answer = tenant.post(tenant.body(number("38")))
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert not answer.json()["conversation_id"]


def test_webhook_comes_before_the_response(tenant: Tenant) -> None:
    answer = tenant.post(tenant.body(number("41")))
    assert len(tenant.so_far()) == 1
    assert tenant.so_far()[0].event["data"]["conversation_id"] == answer.json()["conversation_id"]


def test_success_without_ids(tenant: Tenant) -> None:
    body = tenant.post(tenant.body(number("59"))).json()
    assert body["success"] is True
    assert body["conversation_id"] is None
    assert body["callSid"] is None


def test_unreadable_body(tenant: Tenant) -> None:
    answer = tenant.post(tenant.body(number("60")))
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_slow_answer_takes_ten_nominal_seconds(tenant: Tenant) -> None:
    tenant.box.control(speed=40)
    try:
        answer = tenant.post(tenant.body(number("69")))
    finally:
        tenant.box.control(speed=1000)
    assert 0.2 <= answer.elapsed.total_seconds() < 5
    assert answer.json()["conversation_id"]
