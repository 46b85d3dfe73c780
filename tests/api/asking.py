"""Requests as a program sends them, and what is in the envelope of their answers."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")


def get(client: Client, path: str, **asked: Any) -> dict[str, Any]:
    return data_of(client.get(f"/api/v1/{path}", asked))


def post(client: Client, path: str, body: Any = None) -> dict[str, Any]:
    return data_of(send(client, "post", path, body))


def patch(client: Client, path: str, body: Any) -> dict[str, Any]:
    return data_of(send(client, "patch", path, body))


def data_of(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()["data"]
    return found


def error_of(response: Any, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()["error"]
    return found


def details_of(response: Any) -> list[str]:
    """Of a refusal that tells where the mistake is."""
    found: list[str] = error_of(response)["details"]
    return found


def count_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(client, path)
    return len(queries)
