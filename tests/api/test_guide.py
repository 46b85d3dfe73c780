"""The receivers of docs/api.md do what they say when they are pasted: each is started as it stands there and is sent
what LeadSail sends."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from campaigns.models import Campaign
from tests.sandbox.harness import free_port
from webhooks.models import WebhookEndpoint, WebhookEvent, new_secret
from webhooks.signing import signed_headers

GUIDE = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
BODY = '{"event": "lead.processed", "id": "evt_1", "data": {"firstName": "Žofie 🐬"}}'


def snippet(language: str, holding: str) -> str:
    found = [text for text in re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S) if holding in text]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def endpoint(campaign: Campaign) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(workspace=campaign.workspace, url="http://hooks.example.com/")


@pytest.fixture
def sent(endpoint: WebhookEndpoint) -> tuple[dict[str, str], bytes]:
    event = WebhookEvent.objects.create(workspace=endpoint.workspace, type="lead.processed", body=BODY)
    return signed_headers(endpoint, event, BODY.encode()), BODY.encode()


def start(command: list[str], secret: str) -> tuple[subprocess.Popen[str], str]:
    port = free_port()
    environment = {**os.environ, "SECRET": secret, "PORT": str(port)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}/"
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        try:
            requests.get(address, timeout=5)
            return process, address
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the receiver does not answer")


Start = Callable[[str], str]


@pytest.fixture(params=["python", "node"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    if request.param == "node" and not shutil.which("node"):
        pytest.skip("Node is not installed")
    python = (sys.executable, "receiver.py", snippet("python", "import hmac"))
    program, name, text = python if request.param == "python" else ("node", "receiver.mjs", snippet("js", "createHmac"))
    (tmp_path / name).write_text(text)
    processes = []

    def run(secret: str) -> str:
        process, address = start([program, str(tmp_path / name)], secret)
        processes.append(process)
        return address

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def answer_to(address: str, headers: dict[str, str], body: bytes) -> int:
    return requests.post(address, data=body, headers=headers, timeout=10).status_code


def test_a_receiver_takes_what_is_genuine_and_nothing_else(
    receiver: Start, endpoint: WebhookEndpoint, sent: tuple[dict[str, str], bytes]
) -> None:
    headers, body = sent
    address = receiver(endpoint.secret)

    assert answer_to(address, headers, body) == 204
    assert answer_to(address, headers, body.replace(b"evt_1", b"evt_2")) == 400
    assert answer_to(address, headers | {"webhook-id": "evt_of_another"}, body) == 400
    assert answer_to(address, headers | {"webhook-timestamp": str(int(time.time()) - 3600)}, body) == 400
    assert answer_to(address, headers | {"webhook-signature": "v1,"}, body) == 400
    assert answer_to(address, {}, body) == 400


def test_while_a_secret_is_rotated_both_are_good(
    receiver: Start, endpoint: WebhookEndpoint, sent: tuple[dict[str, str], bytes]
) -> None:
    headers, body = sent
    other = WebhookEndpoint(secret=new_secret())
    theirs = signed_headers(other, WebhookEvent(public_id=headers["webhook-id"]), body)["webhook-signature"]
    both = headers | {"webhook-signature": f"{theirs} {headers['webhook-signature']}"}

    assert answer_to(receiver(endpoint.secret), both, body) == 204
    assert answer_to(receiver(other.secret), headers, body) == 400


def test_the_library_takes_what_is_genuine_and_nothing_else(
    endpoint: WebhookEndpoint, sent: tuple[dict[str, str], bytes]
) -> None:
    headers, body = sent
    names: dict[str, Any] = {}
    exec(snippet("python", "from standardwebhooks"), names)  # what an integrator pastes

    assert names["event_of"](endpoint.secret, headers, body)["event"] == "lead.processed"
    assert names["event_of"](new_secret(), headers, body) is None
