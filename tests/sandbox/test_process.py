from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from sandbox.clock import Clock
from tests.sandbox.harness import ROOT, Box, Receiver, Tenant, free_port


def test_says_one_line_and_is_healthy(box: Box) -> None:
    assert box.greeting == f"sandbox: listening on {box.url}\n"
    assert requests.get(f"{box.url}/healthz", timeout=5).status_code == 200


def test_port_in_use_gets_one_sentence_and_exit_code_1(box: Box, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(box.port), "--data", str(tmp_path / "other")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert ended.stderr == f"sandbox: port {box.port} on 127.0.0.1 is already in use; choose another one with --port.\n"


def test_folder_in_use_gets_one_sentence_and_exit_code_1(box: Box) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(free_port()), "--data", str(box.folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert ended.stderr == f"sandbox: the folder {box.folder} is in use by another sandbox.\n"


def test_wrong_clock_gets_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(free_port()), "--data", str(tmp_path / "other")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, env={"CLOCK": "noon"})
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "CLOCK must be" in ended.stderr


def test_sigterm_ends_it_within_two_seconds_even_with_held_requests(tmp_path: Path, receiver: Receiver) -> None:
    box = Box(tmp_path / "data")
    alice = Tenant(box, receiver)

    def hold() -> None:
        with pytest.raises(requests.RequestException):
            alice.post(alice.body("+15555550130"))

    thread = threading.Thread(target=hold)
    thread.start()
    while not box.book():
        time.sleep(0.01)
    started = time.monotonic()
    assert box.stop() == 0
    assert time.monotonic() - started < 2
    thread.join(5)
    assert not thread.is_alive()


def test_clock_gives_business_time_and_multiplies_the_speed(tmp_path: Path, receiver: Receiver) -> None:
    noon = 1_800_000_000.0
    box = Box(tmp_path / "data", speed=5, CLOCK=f"{time.time()},{noon},60")
    try:
        alice = Tenant(box, receiver)
        started = time.monotonic()
        done = alice.finished(alice.call("+15555550118"))
        assert time.monotonic() - started < 1
        assert noon <= done["metadata"]["start_time_unix_secs"] < noon + 600
        hit = alice.hits()[0]
        assert noon <= hit.event["event_timestamp"] < noon + 600
        assert hit.signature.startswith(f"t={hit.event['event_timestamp']},")
        assert noon <= box.book()[0]["accepted_at"] < noon + 600
    finally:
        box.kill()


def test_clock_without_a_value_is_real_time() -> None:
    assert abs(Clock.parse("").now() - time.time()) < 1


def test_home_page_shows_the_dials_and_escapes_them(tenant: Tenant) -> None:
    tenant.call("+15555550162", variables={"crm_attempt_id": "<b>x</b>"})
    page = requests.get(tenant.box.url, timeout=5)
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text
    assert "<b>x</b>" not in page.text
