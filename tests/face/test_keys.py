from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.forms.keys import INTAKE, READS
from accounts.models import ApiKey, ApiRequest, Workspace
from accounts.scopes import SCOPES
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
        ({"preset": "some"}, "preset"),
        ({"requests_per_minute": "0"}, "requests_per_minute"),
        ({"requests_per_minute": "100001"}, "requests_per_minute"),
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
    alice_client.post(reverse("key_revoke", args=[ApiKey.objects.get().public_id]))
    assert Client(headers={"X-API-Key": key}).get(API).status_code == 401
    assert "Revoked" in alice_client.get(reverse("key_list")).content.decode()


def test_only_owners_see_make_and_revoke_keys(bob_client: Client, mallory_client: Client, workspace: Workspace) -> None:
    world.make_key(workspace)
    revoke = reverse("key_revoke", args=[ApiKey.objects.get().public_id])
    assert [bob_client.get(reverse("key_list")).status_code, make(bob_client).status_code] == [403, 403]
    assert bob_client.post(revoke).status_code == 403
    assert mallory_client.post(revoke).status_code == 404
    assert "test" not in [key.name for key, _ in mallory_client.get(reverse("key_list")).context["rows"]]
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


# --- what a new key may do ---
@pytest.mark.parametrize(("preset", "scopes"), [("read", READS), ("intake", INTAKE), ("all", SCOPES)])
def test_a_preset_stands_for_its_scopes_whatever_the_boxes_say(
    alice_client: Client, preset: str, scopes: tuple[str, ...]
) -> None:
    assert make(alice_client, preset=preset, scopes=["calls:write"]).status_code == 200
    assert ApiKey.objects.get().scopes == sorted(scopes)


def test_a_preset_needs_no_boxes(alice_client: Client) -> None:
    assert make(alice_client, preset="read", scopes=[]).status_code == 200


def test_each_scope_has_one_box_that_is_named(alice_client: Client) -> None:
    page = alice_client.get(URL).content.decode()
    assert sorted(re.findall(r'name="scopes" value="([^"]+)"', page)) == sorted(SCOPES)
    assert page.count('<span class="visually-hidden">Read ') == len(READS)


def test_a_key_has_its_own_pace(alice_client: Client) -> None:
    make(alice_client, requests_per_minute="75")
    assert ApiKey.objects.get().requests_per_minute == 75


# --- the page of a key ---
@pytest.fixture
def key(workspace: Workspace) -> ApiKey:
    world.make_key(workspace, ("leads:read",))
    return ApiKey.objects.get()


def page_of(key: ApiKey) -> str:
    return reverse("key_page", args=[key.public_id])


def use(key: ApiKey, **fields: Any) -> ApiRequest:
    defaults: dict[str, Any] = {"method": "GET", "path": "/api/v1/leads", "status": 200, "milliseconds": 12}
    return ApiRequest.objects.create(api_key=key, at=clock.now(), **{**defaults, **fields})


def test_the_page_tells_what_the_key_may_and_what_it_did(alice_client: Client, key: ApiKey) -> None:
    use(key, path="/api/v1/leads/lead_1", status=404, ip="203.0.113.7")
    page = alice_client.get(page_of(key)).content.decode()
    for words in ("leads:read", key.prefix, "GET /api/v1/leads/lead_1", "404", "12 ms", "203.0.113.7"):
        assert words in page
    assert f'href="{page_of(key)}"' in alice_client.get(reverse("key_list")).content.decode()


def test_a_key_that_did_nothing_says_so(alice_client: Client, key: ApiKey) -> None:
    assert "Nothing yet" in alice_client.get(page_of(key)).content.decode()


def test_what_another_key_did_is_not_shown(alice_client: Client, key: ApiKey, workspace: Workspace) -> None:
    world.make_key(workspace)
    use(ApiKey.objects.exclude(pk=key.pk).get(), path="/other")
    assert "/other" not in alice_client.get(page_of(key)).content.decode()


def test_pages_of_activity_follow_each_other(alice_client: Client, key: ApiKey) -> None:
    for number in range(60):
        use(key, path=f"/n{number:02}")
    first = alice_client.get(page_of(key))
    second = alice_client.get(f"{page_of(key)}{first.context['next_url']}")
    shown = re.findall(r"/n\d\d", first.content.decode() + second.content.decode())
    assert shown == [f"/n{number:02}" for number in reversed(range(60))]


def test_name_and_pace_are_changed_on_the_page(alice_client: Client, key: ApiKey, workspace: Workspace) -> None:
    seen = alice_client.get(page_of(key)).context["form"].initial["seen"]
    fields = {"name": "Nightly", "requests_per_minute": "30", "seen": seen}
    assert alice_client.post(page_of(key), fields).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.requests_per_minute) == ("Nightly", 30)
    assert workspace.audit_events.filter(verb="api_key.updated").count() == 1
    wrong = alice_client.post(page_of(key), {"name": "", "requests_per_minute": "0"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["name", "requests_per_minute"])


def test_only_owners_of_the_workspace_see_the_page(bob_client: Client, mallory_client: Client, key: ApiKey) -> None:
    assert bob_client.get(page_of(key)).status_code == 403
    assert mallory_client.get(page_of(key)).status_code == 404
    assert mallory_client.post(page_of(key), {"name": "mine"}).status_code == 404
    key.refresh_from_db()
    assert key.name == "test"


def test_queries_do_not_grow_with_activity(alice_client: Client, key: ApiKey) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(page_of(key))
        return len(captured)

    use(key)
    few = queries()
    for _ in range(30):
        use(key)
    assert queries() == few < 12
