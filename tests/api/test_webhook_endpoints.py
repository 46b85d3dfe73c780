"""Webhook endpoints over the API: what goes in, what never comes out, and who may."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AuditEvent, Workspace
from campaigns.models import Campaign
from common import clock as business_clock
from tests import world
from tests.travel import Clock
from webhooks.events import EVENTS
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.services import emit
from webhooks.shapes import campaign_webhooks_json

URL = "/api/v1/webhook-endpoints"
HOOK = "https://crm.example.com/hooks/leadsail"
TOKEN = "Bearer 3f6c-secret-value"
NEW: dict[str, Any] = {"url": HOOK, "events": ["call.completed", "lead.queued"]}


def post(api: Client, url: str = URL, body: Any = None, **headers: str) -> Any:
    return api.post(url, {} if body is None else body, content_type="application/json", headers=headers)


def patch(api: Client, endpoint_id: str, body: dict[str, Any]) -> Any:
    return api.patch(f"{URL}/{endpoint_id}", body, content_type="application/json")


def make(api: Client, **more: Any) -> dict[str, Any]:
    answer = post(api, URL, {**NEW, **more})
    assert answer.status_code == 200, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data


def row_of(data: dict[str, Any]) -> WebhookEndpoint:
    return WebhookEndpoint.objects.get(public_id=data["endpointId"])


def details(answer: Any) -> str:
    assert answer.status_code == 400, answer.content
    return " ".join(answer.json()["error"]["details"])


def trail() -> str:
    return json.dumps(list(AuditEvent.objects.values("verb", "data")))


def test_a_new_endpoint_has_the_documented_defaults_and_tells_its_secret(api: Client) -> None:
    made = make(api)
    secret = made.pop("secret")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert made.pop("endpointId").startswith("wh_")
    assert made.pop("createdAt").endswith("Z")
    assert made == {
        "campaignId": None,
        "description": None,
        "url": HOOK,
        "events": ["lead.queued", "call.completed"],
        "headers": {},
        "retryAttempts": 8,
        "timeoutSeconds": 30,
        "enabled": True,
        "inheritFromTenant": True,
        "state": "active",
        "disabledReason": None,
        "failingSince": None,
        "previousSecretUntil": None,
    }


def test_the_secret_stands_in_no_other_answer_but_its_own(api: Client) -> None:
    made = make(api)
    one = f"{URL}/{made['endpointId']}"
    assert api.get(f"{one}/secret").json()["data"] == {"secret": made["secret"], "previousSecretUntil": None}
    for answer in (api.get(one), api.get(URL), patch(api, made["endpointId"], {"description": "CRM"})):
        assert answer.status_code == 200
        assert "whsec_" not in answer.content.decode()
    assert made["secret"] not in trail()


def test_values_of_headers_go_in_and_never_come_out(api: Client) -> None:
    made = make(api, headers={"Authorization": TOKEN, "X-Team": "sales"})
    assert made["headers"] == {"Authorization": "********", "X-Team": "********"}
    assert json.loads(row_of(made).headers) == {"Authorization": TOKEN, "X-Team": "sales"}
    assert TOKEN not in api.get(f"{URL}/{made['endpointId']}").content.decode() + trail()


def test_headers_are_replaced_as_a_set_and_a_masked_value_keeps_the_stored_one(api: Client) -> None:
    made = make(api, headers={"Authorization": TOKEN, "X-Team": "sales"})
    answer = patch(api, made["endpointId"], {"headers": {"authorization": "********", "X-Zone": "eu"}})
    assert answer.json()["data"]["headers"] == {"authorization": "********", "X-Zone": "********"}
    assert json.loads(row_of(made).headers) == {"authorization": TOKEN, "X-Zone": "eu"}
    assert patch(api, made["endpointId"], {"headers": {}}).json()["data"]["headers"] == {}


def test_a_masked_value_of_a_header_that_is_not_stored_is_refused(api: Client) -> None:
    made = make(api)
    assert "no stored value of X-New" in details(patch(api, made["endpointId"], {"headers": {"X-New": "********"}}))
    assert "no stored value of X-New" in details(post(api, URL, {**NEW, "headers": {"X-New": "********"}}))


def test_only_what_is_sent_changes_and_the_trail_says_what(api: Client) -> None:
    made = make(api, headers={"Authorization": TOKEN})
    patch(api, made["endpointId"], {"retryAttempts": 3, "description": "CRM"})
    row = row_of(made)
    assert (row.max_tries, row.description, row.url, row.timeout_seconds) == (3, "CRM", HOOK, 30)
    assert json.loads(row.headers) == {"Authorization": TOKEN}
    event = AuditEvent.objects.get(verb="webhook.changed")
    assert event.data["changes"] == {"description": ["", "CRM"], "max_tries": [8, 3]}
    assert event.api_key is not None
    patch(api, made["endpointId"], {"retryAttempts": 3})
    assert AuditEvent.objects.filter(verb="webhook.changed").count() == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "url: "),
        ({"url": None}, "url: "),
        ({"url": ""}, "url: "),
        ({"url": HOOK}, "events: Choose at least one"),
        ({"url": HOOK, "events": []}, "events: Choose at least one"),
        ({**NEW, "events": ["lead.nothing"]}, "events: There is no event lead.nothing"),
        ({**NEW, "events": "call.completed"}, "events"),
        ({**NEW, "events": {"call.completed": True}}, "events"),
        ({**NEW, "retryAttempts": 0}, "retryAttempts"),
        ({**NEW, "retryAttempts": 11}, "retryAttempts"),
        ({**NEW, "retryAttempts": "3"}, "retryAttempts"),
        ({**NEW, "timeoutSeconds": 121}, "timeoutSeconds"),
        ({**NEW, "enabled": "yes"}, "enabled"),
        ({**NEW, "description": "x" * 121}, "description"),
        ({**NEW, "inheritFromTenant": False}, "inheritFromTenant: Only a campaign"),
        ({**NEW, "secret": "whsec_mine"}, "secret: There is no such field"),
        ({**NEW, "headers": ["a"]}, "headers"),
        ({**NEW, "headers": {"A": 1}}, "headers"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(api: Client, body: dict[str, Any], told: str) -> None:
    assert told in details(post(api, URL, body))
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://crm.example.com/", "Start it with https"),
        ("crm.example.com/hook", "Start it with https"),
        ("javascript:alert(1)", "Start it with https"),
        ("https://", "no URL"),
        ("https:///hook", "no URL"),
        ("https://a..b/", "no URL"),
        (f"https://{'x' * 64}.example.com/", "no URL"),
        ("https://crm.example.com:99999/", "no URL"),
        ("https://crm.example.com:0/", "no URL"),
        ("https://[::1/", "no URL"),
        ("https://crm.example.com%2f@evil.example/", "name and password"),
        ("https://user:pass@crm.example.com/", "name and password"),
        ("https://crm.example.com\\@evil.example/", "backslash"),
        ("https://crm.example.com/a b", "space"),
        ("https://crm.example.com/a\r\nX: y", "space"),
        (f"https://crm.example.com/{'x' * 480}", "500"),
        ("http://127.0.0.1/", "private"),
        ("http://localhost:8000/", "private"),
        ("http://10.1.2.3/", "private"),
        ("http://169.254.169.254/latest/meta-data", "private"),
        ("http://[::1]/", "private"),
        ("http://[fd00::1]/", "private"),
        ("http://[::ffff:10.0.0.1]/", "private"),
        ("http://0.0.0.0/", "private"),
        ("http://2130706433/", "private"),
        ("http://0x7f.1/", "private"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_the_reason(api: Client, url: str, told: str) -> None:
    refused = details(post(api, URL, {**NEW, "url": url}))
    assert refused.startswith("url: ")
    assert told in refused


@pytest.mark.parametrize(
    "url",
    ["http://crm.example.com", "https://müller.example/häken?x=ü", "https://8.8.8.8:8443/", "HTTPS://Crm.Example/"],
)
def test_any_address_on_the_internet_will_do(api: Client, url: str) -> None:
    assert make(api, url=f" {url} ")["url"] == url


def test_a_private_address_is_taken_where_the_operator_allows_its_network(api: Client, settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["10.0.5.0/24"]
    assert make(api, url="http://10.0.5.7/hook")["url"] == "http://10.0.5.7/hook"
    assert "private" in details(post(api, URL, {**NEW, "url": "http://10.0.6.7/hook"}))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Bad Name": "x"}, "no name of a header"),
        ({"X-Ü": "x"}, "no name of a header"),
        ({"": "x"}, "no name of a header"),
        ({"X-A": ""}, "X-A has no value"),
        ({"X-A": "a\r\nX-B: b"}, "line break"),
        ({"X-A": "ключ"}, "no header may have"),
        ({"X-A": "x" * 4001}, "longer than"),
        ({"webhook-id": "x"}, "set by LeadSail"),
        ({"Webhook-Signature": "x"}, "set by LeadSail"),
        ({"HOST": "x"}, "set by LeadSail"),
        ({"Content-Length": "1"}, "set by LeadSail"),
        ({"Transfer-Encoding": "chunked"}, "set by LeadSail"),
        ({"X-A": "1", "x-a": "2"}, "twice"),
        ({f"X-{number}": "1" for number in range(21)}, "At most 20"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(api: Client, headers: dict[str, str], told: str) -> None:
    assert told in details(post(api, URL, {**NEW, "headers": headers}))


def test_a_campaign_has_one_endpoint_of_its_own(api: Client, campaign: Campaign) -> None:
    made = make(api, campaignId=campaign.code, inheritFromTenant=False)
    assert (made["campaignId"], made["inheritFromTenant"]) == (campaign.code, False)
    assert "campaignId: This campaign has an endpoint" in details(post(api, URL, {**NEW, "campaignId": campaign.code}))
    found = api.get(URL, {"campaignId": campaign.code}).json()["data"]["endpoints"]
    assert [row["endpointId"] for row in found] == [made["endpointId"]]


def test_a_campaign_of_another_workspace_is_not_found(api: Client, elsewhere: Campaign) -> None:
    foreign = world.make_campaign(elsewhere.production_agent, name="Foreign")
    Campaign.objects.filter(pk=foreign.pk).update(code="ZZZZZ")
    assert post(api, URL, {**NEW, "campaignId": "ZZZZZ"}).status_code == 404
    assert api.get(URL, {"campaignId": "ZZZZZ"}).status_code == 404


def test_a_campaign_is_silenced_by_a_paused_endpoint_without_url(api: Client, campaign: Campaign) -> None:
    make(api)
    silent = {"campaignId": campaign.code, "enabled": False, "inheritFromTenant": False}
    assert post(api, URL, {**silent, "enabled": True}).status_code == 400
    assert post(api, URL, {**silent, "inheritFromTenant": True}).status_code == 400
    made = post(api, URL, silent).json()["data"]
    assert (made["url"], made["state"]) == (None, "paused")
    told: dict[str, Any] = {"workspace": campaign.workspace, "object_id": "lead_x", "payload": dict}
    assert emit("lead.queued", campaign_code=campaign.code, **told) is None
    assert emit("lead.queued", campaign_code="OTHER", **told) is not None
    assert "url: " in details(patch(api, made["endpointId"], {"enabled": True}))


def test_switching_on_ends_a_failure_sends_what_waited_and_is_written_down(api: Client) -> None:
    made = make(api)
    assert patch(api, made["endpointId"], {"enabled": False}).json()["data"]["state"] == "paused"
    rows = WebhookEndpoint.objects.filter(public_id=made["endpointId"])
    rows.update(state="disabled", failing_since=business_clock.now(), failures=40, disabled_reason="It failed.")
    shown = api.get(f"{URL}/{made['endpointId']}").json()["data"]
    assert (shown["enabled"], shown["state"], shown["disabledReason"]) == (False, "disabled", "It failed.")
    emit("lead.queued", workspace=rows.get().workspace, campaign_code="HXZ", object_id="lead_x", payload=dict)
    Delivery.objects.update(tries=3, due_at=business_clock.now() + timedelta(hours=1))
    again = patch(api, made["endpointId"], {"enabled": True}).json()["data"]
    assert (again["state"], again["failingSince"], again["disabledReason"]) == ("active", None, None)
    assert row_of(made).failures == 0
    waiting = Delivery.objects.get()
    assert (waiting.tries, waiting.due_at <= business_clock.now()) == (0, True)
    verbs = list(AuditEvent.objects.filter(verb__startswith="webhook").order_by("id").values_list("verb", flat=True))
    assert verbs == ["webhook.created", "webhook.paused", "webhook.switched_on"]


def test_after_a_rotation_the_secret_before_is_good_for_a_day(api: Client, clock: Clock) -> None:
    made = make(api)
    one = f"{URL}/{made['endpointId']}"
    rotated = post(api, f"{one}/rotate-secret").json()["data"]
    assert rotated["secret"] != made["secret"]
    row = row_of(made)
    assert (row.secret, row.previous_secret) == (rotated["secret"], made["secret"])
    assert row.previous_secret_until
    assert timedelta(hours=23) < row.previous_secret_until - business_clock.now() <= timedelta(hours=24)
    third = post(api, f"{one}/rotate-secret").json()["data"]
    row.refresh_from_db()
    assert (row.secret, row.previous_secret) == (third["secret"], rotated["secret"])
    assert "whsec_" not in trail()
    clock.at(business_clock.now() + timedelta(hours=25))
    assert api.get(f"{one}/secret").json()["data"]["previousSecretUntil"] is None


def test_a_creation_and_a_rotation_sent_again_with_their_key_happen_once(api: Client) -> None:
    first, again = (post(api, URL, NEW, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert WebhookEndpoint.objects.count() == 1
    rotate = f"{URL}/{first.json()['data']['endpointId']}/rotate-secret"
    one, two = (post(api, rotate, **{"Idempotency-Key": "k2"}).json() for _ in range(2))
    assert one == two
    assert row_of(first.json()["data"]).secret == one["data"]["secret"]


def test_a_deleted_endpoint_is_gone_and_its_deletion_is_written_down(api: Client) -> None:
    made = make(api)
    answer = api.delete(f"{URL}/{made['endpointId']}")
    assert (answer.status_code, answer.json()) == (200, {"success": True, "data": None})
    assert api.get(f"{URL}/{made['endpointId']}").status_code == 404
    assert AuditEvent.objects.filter(verb="webhook.deleted", object_id=made["endpointId"]).exists()


def test_secrets_that_cannot_be_decrypted_any_more_are_told_and_can_be_replaced(
    api: Client, settings: Settings
) -> None:
    made = make(api, headers={"X-Team": "sales"})
    one = f"{URL}/{made['endpointId']}"
    settings.FIELD_ENCRYPTION_KEYS = [base64.urlsafe_b64encode(b"k" * 32).decode()]
    assert api.get(URL).json()["data"]["endpoints"][0]["headers"] == {}
    assert patch(api, made["endpointId"], {"description": "CRM"}).status_code == 200
    refused = api.get(f"{one}/secret")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "SECRET_UNREADABLE")
    fresh = post(api, f"{one}/rotate-secret").json()["data"]
    assert api.get(f"{one}/secret").json()["data"]["secret"] == fresh["secret"]
    assert patch(api, made["endpointId"], {"headers": {"X-Team": "********"}}).status_code == 400
    assert patch(api, made["endpointId"], {"headers": {"X-Team": "b"}}).json()["data"]["headers"] == {
        "X-Team": "********"
    }


ACTS = [
    ("get", ""),
    ("patch", ""),
    ("delete", ""),
    ("get", "/secret"),
    ("post", "/rotate-secret"),
    ("post", "/test"),
    ("get", "/deliveries"),
    ("post", "/replay-failed"),
]


@pytest.mark.parametrize(("method", "path"), ACTS)
def test_another_workspaces_endpoint_is_not_found(api: Client, elsewhere: Campaign, method: str, path: str) -> None:
    foreign = WebhookEndpoint.objects.create(workspace=elsewhere.workspace, url=HOOK, events=["call.completed"])
    body = {"since": "2026-01-01T00:00:00Z"} if path == "/replay-failed" else {}
    for endpoint_id in (foreign.public_id, "wh_nobody"):
        how = {"data": body, "content_type": "application/json"} if method in ("post", "patch") else {}
        answer = getattr(api, method)(f"{URL}/{endpoint_id}{path}", **how)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert WebhookEndpoint.objects.get().secret == foreign.secret


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        (method, path, "webhooks:read" if method == "get" and path != "/secret" else "webhooks:write")
        for method, path in ACTS
    ],
)
def test_a_key_without_the_scope_is_refused(
    workspace: Workspace, api: Client, method: str, path: str, scope: str
) -> None:
    made = make(api)
    other = "webhooks:write" if scope == "webhooks:read" else "webhooks:read"
    program = Client(headers={"X-API-Key": world.make_key(workspace, (other,))})
    how = {"data": {}, "content_type": "application/json"} if method in ("post", "patch") else {}
    answer = getattr(program, method)(f"{URL}/{made['endpointId']}{path}", **how)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert scope in answer.json()["error"]["message"]


def test_the_list_of_events_names_them_all(api: Client) -> None:
    events = api.get("/api/v1/webhook-events").json()["data"]["events"]
    assert tuple(row["event"] for row in events) == EVENTS
    assert all(row["description"] for row in events)


def test_the_list_is_paged_newest_first_with_as_many_queries_for_many(api: Client) -> None:
    made = [make(api)["endpointId"]]
    few = _count(api)
    made += [make(api, headers={"X-A": str(number)})["endpointId"] for number in range(4)]
    assert _count(api) == few
    first = api.get(URL, {"limit": 3}).json()["data"]
    rest = api.get(URL, {"limit": 3, "cursor": first["nextCursor"]}).json()["data"]
    assert [row["endpointId"] for row in first["endpoints"] + rest["endpoints"]] == made[::-1]
    assert (first["hasMore"], rest["hasMore"], rest["nextCursor"]) == (True, False, None)
    assert api.get(URL, {"cursor": "wh_nobody"}).status_code == 400


def _count(api: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert api.get(URL).status_code == 200
    return len(queries)


def test_a_campaigns_webhooks_are_those_of_the_reference_in_one_query(api: Client, campaign: Campaign) -> None:
    make(api, campaignId=campaign.code, headers={"X-A": "b"}, retryAttempts=3)
    make(api)
    with CaptureQueriesContext(connection) as queries:
        found = campaign_webhooks_json(campaign.workspace, [campaign.code, "OTHER"])
    assert len(queries) == 1
    assert found[campaign.code] == {
        "url": HOOK,
        "events": {event: event in NEW["events"] for event in EVENTS},
        "headers": {"X-A": "********"},
        "retryAttempts": 3,
        "timeoutSeconds": 30,
        "enabled": True,
        "inheritFromTenant": True,
    }
    assert found["OTHER"] == {
        "url": None,
        "events": {},
        "headers": {},
        "retryAttempts": 8,
        "timeoutSeconds": 30,
        "enabled": False,
        "inheritFromTenant": True,
    }
