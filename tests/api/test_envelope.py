"""Whatever is asked, whatever breaks: the answer is JSON in the envelope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import Workspace
from tests import world

URL = "/api/v1/keys"


def error_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer["Content-Type"].split(";")[0] == "application/json"
    assert answer.json()["success"] is False
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"]
    assert error["message"]
    return error


def test_a_success_has_success_and_data(api: Client) -> None:
    assert set(api.get(URL).json()) == {"success", "data"}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", "application/json; indent=8"])
def test_whatever_is_accepted_the_answer_is_json(api: Client, accept: str) -> None:
    answer = api.get(URL, headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    error_of(api.get(f"{URL}/key_nobody", headers={"Accept": accept}), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW", "SAID", "KEY", "BODY"])
def test_an_unknown_method_is_405_with_those_that_are_known(api: Client, method: str) -> None:
    answer = api.generic(method, URL)
    error = error_of(answer, 405)
    assert error["code"] == "METHOD_NOT_ALLOWED"
    assert error["message"] == f"This address does not know the method {method}: use GET, POST."
    assert set(answer["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}


def test_head_is_get_without_a_body(api: Client) -> None:
    answer = api.head(URL)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["RateLimit-Limit"]


def test_head_needs_the_scope_of_get(workspace: Workspace) -> None:
    key = world.make_key(workspace, ("keys:write",))
    assert Client(headers={"X-API-Key": key}).head(URL).status_code == 403


def test_options_says_what_is_allowed(api: Client) -> None:
    answer = api.options(URL)
    assert answer.json() == {"success": True, "data": None}
    assert "POST" in answer["Allow"]
    error_of(Client().options(URL), 401)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/leads", "/api/v1/keys/%00"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address_is_404(client: Client, method: str, path: str) -> None:
    assert error_of(getattr(client, method)(path), 404)["code"] == "NOT_FOUND"


def test_a_slash_at_the_end_is_told(api: Client) -> None:
    assert "leave out the slash" in error_of(api.get(f"{URL}/"), 404)["message"]
    assert "slash" not in error_of(api.get("/api/v1/nothing"), 404)["message"]


def test_another_host_is_refused(api: Client) -> None:
    error_of(api.get(URL, headers={"Host": "evil.example"}), 400)
    assert api.get("/", headers={"Host": "evil.example"})["Content-Type"].startswith("text/html")


def test_more_parameters_than_anybody_needs_are_refused(api: Client) -> None:
    assert error_of(api.get(f"{URL}?{'a=1&' * 1100}"), 400)["details"]


@contextmanager
def broken(error: Exception) -> Iterator[None]:
    def fail(*args: Any) -> Any:
        raise error

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a fault of ours")])
def test_what_breaks_is_500_without_its_words(api: Client, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with broken(error):
        found = error_of(api.get(URL), 500)
    assert found["code"] == "SERVER_ERROR"
    assert str(error) not in str(found)
    assert "api_fault" in caplog.text


def test_a_fault_in_the_view_is_500_and_counted(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    api.get(URL)  # writes the key's last use
    with broken_after(1):
        answer = api.get(URL)
    assert error_of(answer, 500)["code"] == "SERVER_ERROR"
    assert answer["RateLimit-Remaining"] == "598"
    assert "api_fault" in caplog.text


@contextmanager
def broken_after(good: int) -> Iterator[None]:
    """The database goes away in the middle of a request."""
    left = iter(range(good))

    def fail(execute: Any, *args: Any) -> Any:
        if next(left, None) is None:
            raise OperationalError("gone")
        return execute(*args)

    with connection.execute_wrapper(fail):
        yield
