from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, Workspace
from common import clock
from tests import world

URL = reverse("key_new")
FIELDS = {"name": "Website", "scopes": ["calls:write"], "expiry": "30"}
API = "/api/v1/interactions/int_nobody"


def make(client: Client, **fields: Any) -> Any:
    return client.post(URL, {**FIELDS, **fields})


def key_in(page: Any) -> str:
    found = re.search(r"ls_[\w-]{40,}", page.content.decode())
    return found[0] if found else ""


def test_a_key_is_shown_once_and_opens_the_api(alice_client: Client, workspace: Workspace) -> None:
    page = make(alice_client, scopes=["interactions:read"])
    key = key_in(page)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert Client(headers={"X-API-Key": key}).get(API).status_code == 404
    listed = alice_client.get(reverse("key_list")).content.decode()
    assert key not in listed
    assert "Website" in listed
    made = workspace.audit_events.get(verb="api_key.created")
    assert made.data == {"name": str(ApiKey.objects.get()), "scopes": ["interactions:read"]}
    assert key not in str(dict(alice_client.session))


def test_a_double_click_makes_one_key_and_says_that_it_is_not_shown_again(alice_client: Client) -> None:
    once = re.findall(r'name="once" value="([^"]+)"', alice_client.get(URL).content.decode())[0]
    assert key_in(make(alice_client, once=once))
    again = alice_client.post(URL, {**FIELDS, "once": once}, follow=True)
    assert "cannot be shown again" in again.content.decode()
    assert not key_in(again)
    assert ApiKey.objects.count() == 1


def test_the_expiry_is_kept(alice_client: Client) -> None:
    make(alice_client)
    make(alice_client, expiry="")
    day = (clock.now() + timedelta(days=3)).date()
    make(alice_client, expiry="date", until=day.isoformat())
    month, never, dated = ApiKey.objects.order_by("id")
    assert month.expires_at
    assert abs(month.expires_at - clock.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert never.expires_at is None
    assert dated.expires_at
    assert dated.expires_at.isoformat() == f"{day + timedelta(days=1)}T00:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["leads:delete"]}, "scopes"),
        ({"expiry": "date"}, "until"),
        ({"expiry": "date", "until": "2001-01-01"}, "until"),
        ({"expiry": "date", "until": "9999-12-31"}, "until"),
        ({"expiry": "date", "until": "soon"}, "until"),
        ({"expiry": "7"}, "expiry"),
    ],
)
def test_what_cannot_be_is_told_at_the_field(alice_client: Client, wrong: dict[str, Any], field: str) -> None:
    answer = make(alice_client, **wrong)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_at_once(alice_client: Client) -> None:
    key = key_in(make(alice_client, scopes=["interactions:read"]))
    alice_client.post(reverse("key_revoke", args=[ApiKey.objects.get().pk]))
    assert Client(headers={"X-API-Key": key}).get(API).status_code == 401
    assert "Revoked" in alice_client.get(reverse("key_list")).content.decode()


def test_only_owners_see_make_and_revoke_keys(bob_client: Client, mallory_client: Client, workspace: Workspace) -> None:
    world.make_key(workspace)
    revoke = reverse("key_revoke", args=[ApiKey.objects.get().pk])
    assert [bob_client.get(reverse("key_list")).status_code, make(bob_client).status_code] == [403, 403]
    assert bob_client.post(revoke).status_code == 403
    assert mallory_client.post(revoke).status_code == 404
    assert "test" not in [row.key.name for row in mallory_client.get(reverse("key_list")).context["rows"]]
    assert ApiKey.objects.get().revoked_at is None


def test_an_expired_key_is_told(alice_client: Client, workspace: Workspace) -> None:
    world.make_key(workspace)
    ApiKey.objects.update(expires_at=clock.now())
    assert "Expired" in alice_client.get(reverse("key_list")).content.decode()


def test_queries_do_not_grow_with_keys(alice_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(reverse("key_list"))
        return len(captured)

    make(alice_client)
    few = queries()
    for _ in range(20):
        make(alice_client)
    assert queries() == few < 12
