from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM, Actor
from accounts.keys import create_api_key, revoke_api_key
from accounts.models import ApiKey, ApiRequest, Invitation, User, Workspace
from accounts.scopes import SCOPES
from campaigns.models import Campaign
from common import clock, ratelimits
from common.errors import ProblemError
from common.shapes import as_moment
from tests import world

URL = "/api/v1/keys"
FIELDS = {"name": "Website", "scopes": ["leads:write", "interactions:read"]}


def make(api: Client, **fields: Any) -> Any:
    return api.post(URL, {**FIELDS, **fields}, content_type="application/json")


def client_with(key: str) -> Client:
    return Client(headers={"X-API-Key": key})


@pytest.fixture
def own(api: Client) -> ApiKey:
    """The key that `api` asks with."""
    return ApiKey.objects.get()


def test_a_new_key_stands_in_its_answer_only_and_opens_the_api(api: Client, workspace: Workspace) -> None:
    made = make(api, requestsPerMinute=50).json()["data"]
    shown = api.get(f"{URL}/{made['keyId']}").json()["data"]
    assert made.pop("key").startswith(made["prefix"])
    assert shown == made
    assert (made["scopes"], made["requestsPerMinute"]) == (sorted(FIELDS["scopes"]), 50)
    assert (made["state"], made["createdBy"], made["lastUsedAt"]) == ("active", None, None)
    assert workspace.audit_events.get(object_id=made["keyId"]).api_key == ApiKey.objects.order_by("id").first()


def test_the_new_key_may_do_what_it_was_made_for(api: Client) -> None:
    key = client_with(make(api, scopes=["keys:read"]).json()["data"]["key"])
    assert key.get(URL).status_code == 200
    assert make(key).status_code == 403


def test_a_key_makes_none_that_may_do_more_than_itself(workspace: Workspace) -> None:
    key = client_with(world.make_key(workspace, ("keys:write", "leads:read")))
    refused = make(key, scopes=["leads:read", "calls:write"])
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "SCOPE_NOT_HELD"
    assert "calls:write" in refused.json()["error"]["message"]
    assert make(key, scopes=["leads:read", "keys:write"]).status_code == 200


@pytest.mark.parametrize("fields", [{"expiresAt": None}, {"expiresAt": "2099-01-01T00:00:00Z"}])
def test_a_key_makes_none_that_outlives_it(api: Client, own: ApiKey, fields: dict[str, Any]) -> None:
    ApiKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    assert make(api, **fields).json()["error"]["code"] == "EXPIRES_TOO_LATE"
    assert ApiKey.objects.count() == 1


def test_a_key_of_an_expiring_key_expires_with_it_unless_told_otherwise(api: Client, own: ApiKey) -> None:
    end = clock.now() + timedelta(days=1)
    ApiKey.objects.update(expires_at=end)
    assert make(api).json()["data"]["expiresAt"] == as_moment(end)
    sooner = as_moment(end - timedelta(hours=5))
    assert make(api, expiresAt=sooner).json()["data"]["expiresAt"] == sooner


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " \n "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["leads:delete"]}, "scopes.0"),
        ({"scopes": "leads:read"}, "scopes"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59Z"}, "expiresAt"),
        ({"expiresAt": "soon"}, "expiresAt"),
        ({"requestsPerMinute": 0}, "requestsPerMinute"),
        ({"requestsPerMinute": 100_001}, "requestsPerMinute"),
        ({"requestsPerMinute": True}, "requestsPerMinute"),
        ({"workspace": "ws_other"}, "workspace"),
    ],
)
def test_what_cannot_be_is_told_at_the_field(api: Client, wrong: dict[str, Any], field: str) -> None:
    answer = make(api, **wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0].startswith(f"{field}: ")
    assert ApiKey.objects.count() == 1


def test_name_and_pace_change_and_the_audit_trail_tells(api: Client, own: ApiKey, workspace: Workspace) -> None:
    own_url = f"{URL}/{own.public_id}"
    changed = api.patch(own_url, {"name": "Nightly", "requestsPerMinute": 9}, content_type="application/json")
    assert (changed.json()["data"]["name"], changed.json()["data"]["requestsPerMinute"]) == ("Nightly", 9)
    assert changed["RateLimit-Limit"] == "600"
    assert api.get(own_url)["RateLimit-Limit"] == "9"
    told = workspace.audit_events.get(verb="api_key.updated").data["changes"]
    assert told == {"name": ["test", "Nightly"], "requests_per_minute": [None, 9]}


@pytest.mark.parametrize("more", [10, 100_000, None])
def test_a_key_lifts_no_pace_above_its_own(api: Client, own: ApiKey, more: int | None) -> None:
    ApiKey.objects.filter(pk=own.pk).update(requests_per_minute=9)
    answer = api.patch(f"{URL}/{own.public_id}", {"requestsPerMinute": more}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "PACE_NOT_HELD")
    assert make(api, requestsPerMinute=more).json()["error"]["code"] == "PACE_NOT_HELD"
    assert make(api).json()["data"]["requestsPerMinute"] == 9


def test_whoever_revokes_a_key_revokes_what_was_made_with_it(api: Client, own: ApiKey, workspace: Workspace) -> None:
    child = Client(headers={"X-API-Key": make(api, scopes=["keys:read", "keys:write"]).json()["data"]["key"]})
    grandchild = make(child, scopes=["keys:read"]).json()["data"]
    body = {"email": "new@example.com", "role": "owner"}
    link = api.post("/api/v1/invitations", body, content_type="application/json").json()["data"]["link"]
    assert Client().get(urlsplit(link).path).status_code == 200
    revoke_api_key(key=own, by=SYSTEM)
    for key in (own.public_id, grandchild["keyId"]):
        assert ApiKey.objects.get(public_id=key).revoked_at
    assert child.get(URL).status_code == 401
    assert not Invitation.objects.open().exists()
    assert workspace.audit_events.filter(verb="api_key.revoked").count() == 3


def test_however_many_keys_were_made_one_by_the_other_all_go(own: ApiKey, workspace: Workspace) -> None:
    last = own
    for _ in range(1_100):
        fields = {"name": "x", "digest": secrets.token_hex(8), "made_by_key": last}
        last = ApiKey.objects.create(workspace=workspace, **fields)
    revoke_api_key(key=own, by=SYSTEM)
    assert not ApiKey.objects.filter(revoked_at=None).exists()


def test_a_key_that_was_revoked_while_its_request_came_in_makes_nothing(own: ApiKey, workspace: Workspace) -> None:
    stale = ApiKey.objects.select_related("workspace").get(pk=own.pk)
    revoke_api_key(key=own, by=SYSTEM)
    with pytest.raises(ProblemError, match="revoked"):
        create_api_key(workspace=workspace, name="late", scopes=["keys:read"], by=Actor(api_key=stale))
    assert ApiKey.objects.count() == 1


def test_a_body_that_comes_slowly_is_asked_for_its_key_again(
    api: Client, own: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the key had been revoked between the head and the body of the request."""
    count = ratelimits.take

    def revoke_meanwhile(name: str, *, limit: int) -> ratelimits.Quota:
        revoke_api_key(key=own, by=SYSTEM)
        return count(name, limit=limit)

    monkeypatch.setattr("common.ratelimits.take", revoke_meanwhile)
    monkeypatch.setattr("accounts.api.base.SLOW_BODY_SECONDS", 0)
    answer = make(api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert ApiKey.objects.count() == 1


def test_a_change_of_nothing_is_not_recorded(api: Client, own: ApiKey, workspace: Workspace) -> None:
    for body in ({}, {"name": "test"}):
        assert api.patch(f"{URL}/{own.public_id}", body, content_type="application/json").status_code == 200
    assert not workspace.audit_events.filter(verb="api_key.updated").exists()


def test_scopes_cannot_be_changed(api: Client, own: ApiKey) -> None:
    body = {"scopes": ["leads:read"]}
    assert api.patch(f"{URL}/{own.public_id}", body, content_type="application/json").status_code == 400


def test_a_key_that_revokes_itself_is_refused_from_the_next_request_on(api: Client, own: ApiKey) -> None:
    answer = api.delete(f"{URL}/{own.public_id}")
    assert (answer.status_code, answer.json()) == (200, {"success": True, "data": None})
    assert api.get(URL).status_code == 401


def test_a_revoked_key_stays_in_the_list_and_is_revoked_once(api: Client, workspace: Workspace) -> None:
    other = make(api).json()["data"]["keyId"]
    for _ in range(2):
        assert api.delete(f"{URL}/{other}").status_code == 200
    listed = {key["keyId"]: key["state"] for key in api.get(URL).json()["data"]["keys"]}
    assert listed[other] == "revoked"
    assert workspace.audit_events.filter(verb="api_key.revoked").count() == 1


def test_an_expired_key_is_told(api: Client, workspace: Workspace) -> None:
    row, _ = create_api_key(
        workspace=workspace, name="x", scopes=["leads:read"], by=SYSTEM, expires_at=clock.now() - timedelta(seconds=1)
    )
    assert api.get(f"{URL}/{row.public_id}").json()["data"]["state"] == "expired"


def test_the_person_who_made_a_key_is_named(api: Client, workspace: Workspace, alice: User) -> None:
    ApiKey.objects.update(created_by=alice)
    assert api.get(URL).json()["data"]["keys"][0]["createdBy"] == "Alice"


def test_keys_of_another_workspace_are_unknown(api: Client, elsewhere: Campaign) -> None:
    world.make_key(elsewhere.workspace)
    foreign = f"{URL}/{ApiKey.objects.get(workspace=elsewhere.workspace).public_id}"
    answers = [
        api.get(foreign),
        api.get(f"{foreign}/activity"),
        api.patch(foreign, {"name": "mine"}, content_type="application/json"),
        api.delete(foreign),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len(api.get(URL).json()["data"]["keys"]) == 1
    assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("post", ""), ("get", "/x"), ("patch", "/x"), ("delete", "/x")]
)
def test_a_key_without_the_scope_is_refused(workspace: Workspace, method: str, path: str) -> None:
    lacking = tuple(scope for scope in SCOPES if not scope.startswith("keys:"))
    answer = getattr(client_with(world.make_key(workspace, lacking)), method)(f"{URL}{path}")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "FORBIDDEN"


def test_pages_of_keys_follow_each_other(api: Client, workspace: Workspace) -> None:
    for _ in range(4):
        world.make_key(workspace)
    first = api.get(URL, {"limit": "2"}).json()["data"]
    second = api.get(URL, {"limit": "2", "cursor": first["nextCursor"]}).json()["data"]
    third = api.get(URL, {"limit": "2", "cursor": second["nextCursor"]}).json()["data"]
    found = [key["keyId"] for page in (first, second, third) for key in page["keys"]]
    assert found == list(ApiKey.objects.order_by("-id").values_list("public_id", flat=True))
    assert [first["hasMore"], second["hasMore"], third["hasMore"]] == [True, True, False]
    assert third["nextCursor"] is None


def test_queries_do_not_grow_with_keys(api: Client, workspace: Workspace, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(URL, {"limit": "100"}).status_code == 200
        return len(captured)

    queries()  # writes the key's last use
    few = queries()
    for _ in range(20):
        create_api_key(workspace=workspace, name="x", scopes=["leads:read"], by=SYSTEM)
    ApiKey.objects.update(created_by=alice)
    assert queries() == few < 4


def test_the_activity_of_a_key_is_its_own_newest_first(api: Client, own: ApiKey, workspace: Workspace) -> None:
    world.make_key(workspace)
    other = ApiKey.objects.exclude(pk=own.pk).get()
    for key, path in ((own, "/a"), (other, "/b"), (own, "/c")):
        ApiRequest.objects.create(
            api_key=key, at=clock.now(), method="GET", path=path, status=200, milliseconds=7, ip="203.0.113.7"
        )
    url = f"{URL}/{own.public_id}/activity"
    first = api.get(url, {"limit": "1"}).json()["data"]
    second = api.get(url, {"limit": "1", "cursor": first["nextCursor"]}).json()["data"]
    assert [use["path"] for use in first["activity"] + second["activity"]] == ["/c", "/a"]
    assert first["activity"][0] | {"at": ""} == {
        "at": "",
        "method": "GET",
        "path": "/c",
        "status": 200,
        "milliseconds": 7,
        "ip": "203.0.113.7",
        "requestId": None,
    }
    foreign = ApiRequest.objects.get(api_key=other)
    assert api.get(url, {"cursor": str(foreign.pk)}).status_code == 400


# --- how the key is sent ---
def test_of_two_keys_x_api_key_decides(workspace: Workspace) -> None:
    good, bad = world.make_key(workspace), "ls_wrong"
    assert Client(headers={"X-API-Key": good, "Authorization": f"Bearer {bad}"}).get(URL).status_code == 200
    assert Client(headers={"X-API-Key": bad, "Authorization": f"Bearer {good}"}).get(URL).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(workspace: Workspace, scheme: str) -> None:
    assert Client(headers={"Authorization": f"{scheme} {world.make_key(workspace)}"}).get(URL).status_code == 200


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic bHM6"}, {"Authorization": "Bearer"}, {"X-API-Key": "x"}]
)
def test_without_a_good_key_the_answer_names_the_schemes(db: None, header: dict[str, str]) -> None:
    answer = Client(headers=header).get(URL)
    assert answer.status_code == 401
    assert "ApiKey" in answer["WWW-Authenticate"]
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_key_in_basic_is_no_key(workspace: Workspace) -> None:
    assert Client(headers={"Authorization": f"Basic {world.make_key(workspace)}"}).get(URL).status_code == 401
