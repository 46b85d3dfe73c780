"""The quick start of docs/api.md, pasted into a shell beside a running demo; and the page of operations in Chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.chromium import new_context, open_browser
from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack
from tests.sandbox.harness import free_port
from tests.up.installation import wait_for

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.M | re.S)


def block(language: str, holding: str) -> str:
    found = [text for kind, text in BLOCKS if kind == language and holding in text]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> Stack:
    stack = make_stack(WEBHOOK_PRIVATE_NETWORKS="127.0.0.0/8")
    stack.control(speed=20)
    return stack


def paste(stack: Stack, command: list[str]) -> str:
    """Where `var/` lies."""
    folder = Path(stack.installation.environment["VAR"]).parent
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_quick_start_calls_somebody_and_tells_what_came_of_it(stack: Stack) -> None:
    python = block("python", "ready.json")
    pages = block("python", "def every_lead") + "\n\nprint(len(list(every_lead(ask))), 'leads')\n"

    told = paste(stack, [sys.executable, "-c", f"{python}\n\n{pages}"])

    lead, call, leads = told.strip().splitlines()
    assert re.fullmatch(r"lead lead_\w+ is new", lead)
    assert re.match(r"call (qualified|completed|voicemail|no_answer|busy|follow_up|scheduled_callback) ", call)
    assert int(leads.split()[0]) > 100


def test_the_requests_of_curl_are_answered(stack: Stack) -> None:
    recording = block("sh", "first-kilobyte").replace("$CALL", "$(field lead)")
    told = paste(stack, ["sh", "-c", block("sh", "field()") + recording])
    assert told.count('"success":true') >= 2
    assert '"interactions"' in told


def test_a_receiver_on_the_same_machine_is_told_what_happens(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "receiver.py").write_text(block("python", "import hmac"))
    port = free_port()
    fields = {"url": f"http://127.0.0.1:{port}/", "events": ["call.completed", "lead.processed"]}
    endpoint = stack.api.post(f"{stack.web}/api/v1/webhook-endpoints", json=fields, timeout=20).json()["data"]
    environment = {**os.environ, "SECRET": endpoint["secret"], "PORT": str(port)}
    command = [sys.executable, "receiver.py"]

    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as receiver:
        address = f"{stack.web}/api/v1/webhook-endpoints/{endpoint['endpointId']}/test"
        wait_for(lambda: accepts(port), 10, lambda: "the receiver does not start")
        assert stack.api.post(address, timeout=20).status_code == 200
        assert receiver.stdout
        assert receiver.stdout.readline().startswith("webhook.test evt_")
        receiver.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(("theme", "width", "height"), [("light", 1440, 900), ("dark", 390, 844)])
def test_an_operation_is_tried_on_its_page(stack: Stack, theme: str, width: int, height: int) -> None:
    """Offline and under the page's policy: a forbidden style or script would stand in the console."""
    with open_browser() as chromium:
        looks = {"color_scheme": theme, "viewport": {"width": width, "height": height}}
        page = new_context(chromium, stack, **looks).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url) if stack.web not in request.url else None)
        page.goto("/api/docs")

        page.locator("button.authorize").first.click()
        by_key = page.locator(".auth-container").first
        by_key.locator("input").fill(str(stack.api.headers["X-API-Key"]))
        by_key.locator("button.authorize").click()
        page.locator(".close-modal").click()
        operation = page.locator("#operations-Workspace-getWorkspace")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()

        expect(operation.locator(".live-responses-table tr.response").first).to_contain_text("200")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert said == []
