"""Whatever a body holds, the answer is a 4xx in the envelope that says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent
from campaigns.models import Campaign
from common.parsers import BIGGEST_NUMBER, MAX_BODY, MAX_DEPTH

URL = "/api/v1/keys"
GOOD = b'{"name": "Website", "scopes": ["leads:read"]}'


def send(api: Client, body: bytes, content_type: str = "application/json") -> Any:
    return api.post(URL, data=body, content_type=content_type)


def refusal(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    error = answer.json()["error"]
    assert error["code"] != "VALIDATION_ERROR" or error["details"]
    assert ApiKey.objects.count() == 1
    return " ".join([error["message"], *error.get("details", [])])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "name: This field is required"),
        (b"{", "not JSON"),
        (b"{'name': 'x'}", "not JSON"),
        (GOOD + b"}", "not JSON"),
        (b"[]", "Send a JSON object, not a list"),
        (b'"text"', "Send a JSON object, not a text"),
        (b"7", "Send a JSON object, not a number"),
        (b"true", "Send a JSON object, not true or false"),
        (b"null", "Send a JSON object, not null"),
        (b'{"name": "a\\u0000b", "scopes": ["leads:read"]}', "NUL"),
        (b'{"a\\u0000b": 1}', "NUL"),
        (b'{"name": "\\ud800", "scopes": ["leads:read"]}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"name": NaN}', "NaN is no JSON"),
        (b'{"name": -Infinity}', "Infinity is no JSON"),
        (b'{"requestsPerMinute": 1e999}', "send it as a text"),
        (b'{"requestsPerMinute": -1e400}', "send it as a text"),
        (b'{"requestsPerMinute": 9007199254740993}', "send it as a text"),
        (b'{"requestsPerMinute": ' + b"9" * 5000 + b"}", "send it as a text"),
        (b'{"name": "a", "name": "b"}', "stands twice"),
        (b'{"name": {"a": 1, "a": 1}}', "stands twice"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'{"name": "\xed\xa0\x80"}', "not UTF-8"),
        (GOOD.decode().encode("utf-16"), "not UTF-8"),
        (b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_good_json_is_refused_with_the_reason(api: Client, body: bytes, words: str) -> None:
    assert words in refusal(send(api, body))


def test_a_byte_order_mark_is_read_over(api: Client) -> None:
    assert send(api, b"\xef\xbb\xbf" + GOOD).status_code == 200


def test_any_unicode_is_kept_as_it_was_sent(api: Client) -> None:
    name = "Ünïcødé 名前 שלום 🚀 \u200f\U0010ffff"
    answer = api.post(URL, {"name": name, "scopes": ["leads:read"]}, content_type="application/json")
    assert answer.json()["data"]["name"] == name


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=1"]
)
def test_json_may_be_announced_in_any_writing(api: Client, content_type: str) -> None:
    assert send(api, GOOD, content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("application/xml", "application/jsonp", "application/vnd.api+json", "json"),
    ],
)
def test_another_content_type_is_415(api: Client, content_type: str) -> None:
    assert "application/json" in refusal(send(api, GOOD, content_type), 415)


def test_an_empty_form_is_an_empty_body(api: Client, campaign: Campaign) -> None:
    """In a real form a box that is not sent is not ticked."""
    form: dict[str, Any] = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "0"}
    assert "name: This field is required" in refusal(api.post(URL, **form))
    agent = campaign.production_agent
    assert agent
    assert api.patch(f"/api/v1/agents/{agent.public_id}", **form).status_code == 200
    agent.refresh_from_db()
    assert agent.is_active


def of_length(length: int) -> bytes:
    frame = b'{"name": ""}'
    return frame[:-2] + b"x" * (length - len(frame)) + frame[-2:]


def test_two_megabytes_are_read_and_a_byte_more_is_too_large(api: Client) -> None:
    assert "name: " in refusal(send(api, of_length(MAX_BODY)))
    assert "too large" in refusal(send(api, of_length(MAX_BODY + 1)), 413)


def test_the_deepest_and_the_biggest_that_are_allowed_are_judged_by_the_field(api: Client) -> None:
    deep = b'{"name": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert "name: Send a text" in refusal(send(api, deep))
    big = json.dumps({"requestsPerMinute": BIGGEST_NUMBER}).encode()
    assert "requestsPerMinute: Ensure this value is less than" in refusal(send(api, big))


WRONG: list[Any] = [None, True, False, 0, -1, 1.5, "", " ", [], {}, [[]], {"a": {}}, ["x"], [None], "x" * 5000]
FIELDS = [
    ("post", "/keys", "name", {"scopes": ["leads:read"]}, [0]),
    ("post", "/keys", "scopes", {"name": "x"}, []),
    ("post", "/keys", "expiresAt", {"name": "x", "scopes": ["leads:read"]}, [None]),
    ("post", "/keys", "requestsPerMinute", {"name": "x", "scopes": ["leads:read"]}, [None]),
    ("patch", "/workspace", "name", {}, ["x"]),
    ("patch", "/workspace", "country", {}, []),
    ("patch", "/workspace", "timezone", {}, []),
    ("post", "/invitations", "email", {}, []),
    ("post", "/invitations", "role", {"email": "nina@example.com"}, []),
]


@pytest.mark.parametrize(("method", "path", "field", "rest", "fine"), FIELDS)
def test_values_of_another_type_are_refused_at_the_field(
    api: Client, method: str, path: str, field: str, rest: dict[str, Any], fine: list[Any]
) -> None:
    before = AuditEvent.objects.count()
    for wrong in WRONG:
        if any(wrong is value for value in fine):
            continue
        body = {**rest, field: wrong}
        answer = getattr(api, method)(f"/api/v1{path}", body, content_type="application/json")
        assert answer.status_code == 400, (wrong, answer.content)
        assert answer.json()["error"]["details"][0].startswith(field), answer.content
    assert AuditEvent.objects.count() == before


def test_an_unknown_field_is_named_with_those_that_are_known(api: Client) -> None:
    words = refusal(send(api, b'{"name": "x", "scopes": ["leads:read"], "Scopes": []}'))
    known = "name, scopes, expiresAt, requestsPerMinute"
    assert f"Scopes: There is no such field. Did you mean scopes? Known are: {known}." in words


@pytest.mark.parametrize("query", ["limit=1&limit=2", "cursor=a&cursor=a"])
def test_a_parameter_that_is_given_twice_is_refused(api: Client, query: str) -> None:
    assert "more than once" in refusal(api.get(f"{URL}?{query}"))


@pytest.mark.parametrize("path", ["keys?cursor=&limit=", "campaigns?page=&limit=&active=&search=", "leads?status="])
def test_an_empty_parameter_is_none(api: Client, campaign: Campaign, path: str) -> None:
    assert api.get(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    "query", ["cursor=%00", "cursor=%ff%fe", "limit=%00", "limit=x", "limit=1e9", "what=1", "%00=1"]
)
def test_a_parameter_that_cannot_be_is_refused(api: Client, query: str) -> None:
    refusal(api.get(f"{URL}?{query}"))


@pytest.mark.parametrize("few", [1, "x", {}, None])
def test_a_body_of_very_many_values_is_refused_before_each_is_judged(api: Client, few: Any) -> None:
    answer = api.post("/api/v1/webhook-endpoints", {"events": [few] * 25_000}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "The body holds more than 20000 values: send it in parts"


def test_what_is_wrong_is_told_at_some_length_only(api: Client) -> None:
    body = {"url": "x" * 100_000, "events": [{}] * 5_000}
    answer = api.post("/api/v1/webhook-endpoints", body, content_type="application/json")
    assert answer.status_code == 400
    assert len(answer.json()["error"]["details"]) == 50
    assert len(answer.content) < 60_000
