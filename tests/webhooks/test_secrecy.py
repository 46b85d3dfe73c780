"""Values of headers and secrets go in and never come out: not to another server, and not by an echo."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from accounts.models import Workspace
from campaigns.models import Campaign
from tests.webhooks.receiver import Receiver, answer
from tests.webhooks.world import make_delivery, make_endpoint, sweep
from webhooks.models import DeliveryAttempt, WebhookEndpoint, new_secret
from webhooks.shapes import MASK

TOKEN = 'Bearer 3f6c9a17-ä"x'  # noqa: S105
HOME = "https://crm.example.com/hook"


@pytest.fixture
def stored(workspace: Workspace) -> WebhookEndpoint:
    return make_endpoint(workspace, HOME, headers=json.dumps({"Authorization": TOKEN}))


def patch(api: Client, endpoint: WebhookEndpoint, **body: Any) -> Any:
    url = f"/api/v1/webhook-endpoints/{endpoint.public_id}"
    return api.patch(url, body, content_type="application/json")


def kept(endpoint: WebhookEndpoint) -> tuple[str, Any]:
    row = WebhookEndpoint.objects.get(pk=endpoint.pk)
    return row.url, json.loads(row.headers or "{}")


# --- another server ---
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/hook",
        "https://crm.example.com.evil.example/hook",
        "http://crm.example.com/hook",
        "https://crm.example.com:8443/hook",
    ],
)
@pytest.mark.parametrize("headers", [None, {"Authorization": MASK}, {"X-New": "b", "authorization": f" {MASK} "}])
def test_stored_values_of_headers_do_not_move_to_another_server(
    api: Client, stored: WebhookEndpoint, url: str, headers: dict[str, str] | None
) -> None:
    told = patch(api, stored, url=url, **({} if headers is None else {"headers": headers}))
    assert told.status_code == 400
    assert told.json()["error"]["details"] == [
        "headers: Stored values of headers do not move to another server: write each value anew, or remove it."
    ]
    assert kept(stored) == (HOME, {"Authorization": TOKEN})


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer new"}])
def test_with_all_values_given_anew_an_endpoint_moves(
    api: Client, stored: WebhookEndpoint, headers: dict[str, str]
) -> None:
    assert patch(api, stored, url="https://crm2.example.com/", headers=headers).status_code == 200
    assert kept(stored) == ("https://crm2.example.com/", headers)


@pytest.mark.parametrize("url", ["https://crm.example.com/other?a=b", "HTTPS://CRM.example.com:443/hook"])
def test_on_the_same_server_stored_values_stay(api: Client, stored: WebhookEndpoint, url: str) -> None:
    assert patch(api, stored, url=url, headers={"Authorization": MASK}).status_code == 200
    assert kept(stored) == (url, {"Authorization": TOKEN})


def test_without_stored_values_the_url_alone_may_change(api: Client, workspace: Workspace) -> None:
    bare = make_endpoint(workspace, HOME)
    assert patch(api, bare, url="https://crm2.example.com/").status_code == 200


def test_values_that_cannot_be_decrypted_hold_nobody_up(api: Client, stored: WebhookEndpoint, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert patch(api, stored, url="https://crm2.example.com/").status_code == 200


def test_taking_the_url_away_for_a_moment_does_not_help(api: Client, campaign: Campaign) -> None:
    headers = json.dumps({"Authorization": TOKEN})
    row = make_endpoint(campaign.workspace, HOME, campaign_code=campaign.code, headers=headers, inherits=False)
    assert patch(api, row, url=None, enabled=False).status_code == 200
    assert patch(api, row, url="https://evil.example/").status_code == 400
    assert kept(row) == ("", {"Authorization": TOKEN})


# --- the echo ---
def attempt_of(endpoint: WebhookEndpoint) -> DeliveryAttempt:
    delivery = make_delivery(endpoint)
    sweep()
    return delivery.attempts.get()


def test_an_echo_of_headers_is_hidden_in_the_answers_body(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    def echo(request: BaseHTTPRequestHandler) -> None:
        sent = dict(request.headers.items())
        plain = f'token 3f6c9a17-ä"x is not known, {sent["X-Team"]} is'.encode()
        raw = sent["Authorization"].encode("latin-1")
        answer(200, json.dumps(sent).encode() + b"\n" + plain + b"\n" + raw)(request)

    receiver.reply = echo
    endpoint.headers = json.dumps({"Authorization": TOKEN, "X-Team": "sales", "X-Version": "2"})
    endpoint.save()
    body = attempt_of(endpoint).response_body
    assert "3f6c9a17" not in body
    assert "sales" not in body
    assert f"token {MASK} is not known, {MASK} is\n{MASK}" in body
    assert json.loads(body.split("\n")[0])["X-Version"] == "2"


def test_an_echo_in_the_answers_headers_is_hidden(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.reply = lambda request: answer(200, b"", X_Echo=f"got {request.headers['Authorization']}")(request)
    endpoint.headers = json.dumps({"Authorization": TOKEN})
    endpoint.save()
    assert attempt_of(endpoint).response_headers["X-Echo"] == f"got {MASK}"


def test_both_secrets_are_hidden_with_and_without_their_prefix(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    endpoint.previous_secret = new_secret()
    endpoint.save()
    known = [endpoint.secret, endpoint.previous_secret]
    spelled = [*known, *(secret.removeprefix("whsec_") for secret in known)]
    receiver.reply = answer(200, " ".join(spelled).encode())
    assert attempt_of(endpoint).response_body == " ".join([MASK] * 4)
