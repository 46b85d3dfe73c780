from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.harness import Box, Receiver, Tenant, wait_until

TO = "+15555550100"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Box]:
    """A sandbox that a test may kill."""
    box = Box(tmp_path / "data")
    yield box
    box.kill()


@pytest.fixture
def alice(own: Box, receiver: Receiver) -> Tenant:
    return Tenant(own, receiver)


def test_dial_has_all_facts_after_the_call(tenant: Tenant) -> None:
    conversation_id = tenant.call("+15555550101")
    tenant.reported(conversation_id, 1)
    dial = tenant.dial(conversation_id)
    assert (dial["to"], dial["from"], dial["provider"]) == ("+15555550101", "+15550001111", "elevenlabs")
    assert dial["correlation_id"] == f"att_{tenant.path}_+15555550101"
    assert dial["accepted_at"] <= dial["answered_at"] <= dial["ended_at"]
    assert dial["outcome"] == "qualified"
    assert dial["duration"] == tenant.conversation(conversation_id)["metadata"]["call_duration_secs"]
    assert [(sent["type"], sent["status"]) for sent in dial["deliveries"]] == [("post_call_transcription", 200)]


def test_book_is_filtered_by_number(tenant: Tenant) -> None:
    tenant.call("+15555550162")
    assert {dial["to"] for dial in tenant.box.book("+15555550162")} == {"+15555550162"}
    assert tenant.box.book("+15555559962") == []


def test_accepted_dial_survives_kill_9(alice: Tenant) -> None:
    alice.box.control(speed=1)
    conversation_id = alice.call(TO)
    alice.box.kill()
    alice.box.start()
    assert [dial["conversation_id"] for dial in alice.box.book()] == [conversation_id]
    assert alice.conversation(conversation_id)["status"] == "initiated"


def test_call_under_way_ends_and_is_reported_after_a_restart(alice: Tenant) -> None:
    alice.box.control(speed=1)
    conversation_id = alice.call(TO)
    alice.box.kill()
    alice.box.start()
    alice.box.control(speed=1000)
    assert alice.finished(conversation_id)["status"] == "done"
    assert alice.hits()[0].is_signed(alice.secret)
    assert alice.dial(conversation_id)["outcome"] == "completed"


def test_pending_retry_goes_on_after_a_restart(alice: Tenant) -> None:
    body = {"name": "CRM", "is_disabled": False, "retry_enabled": True}
    alice.ok("PATCH", f"/v1/workspace/webhooks/{alice.webhook_id}", body)
    alice.receiver.answers[alice.path] = [500]
    conversation_id = alice.call("+15555550118")
    wait_until(lambda: alice.dial(conversation_id)["deliveries"])
    alice.box.control(speed=1)
    alice.box.kill()
    alice.box.start()
    alice.box.control(speed=1000)
    first, second = alice.hits(2)
    assert first.body == second.body


def test_agents_settings_and_control_survive_a_restart(alice: Tenant) -> None:
    alice.box.control(seed=42)
    assert alice.box.stop() == 0
    alice.box.start()
    assert requests.get(f"{alice.box.url}/control", timeout=5).json()["seed"] == 42
    assert alice.ok("GET", f"/v1/convai/agents/{alice.agent_id}")["name"] == "Ava"
    assert alice.ok("GET", "/v1/convai/settings")["webhooks"]["post_call_webhook_id"] == alice.webhook_id
    alice.reported(alice.call(TO), 1)


def test_line_torn_by_a_kill_is_dropped(alice: Tenant) -> None:
    alice.reported(alice.call(TO), 1)
    alice.box.kill()
    before = (alice.box.folder / "book.jsonl").read_bytes()
    with (alice.box.folder / "book.jsonl").open("ab") as file:
        file.write(b'{"to": "+1555')
    alice.box.start()
    assert len(alice.box.book()) == 1
    alice.call(TO)
    lines = (alice.box.folder / "book.jsonl").read_bytes()
    assert lines.startswith(before)
    assert [json.loads(line) for line in lines.splitlines()]


def test_cleared_book_is_empty_and_forgets_how_often_a_number_was_tried(alice: Tenant) -> None:
    throttled = "+15555550135"
    assert [alice.post(alice.body(throttled)).status_code for _ in range(2)] == [429, 200]
    assert requests.delete(f"{alice.box.url}/book", timeout=5).status_code == 204
    assert alice.box.book() == []
    assert alice.post(alice.body(throttled)).status_code == 429


def test_everything_is_written_inside_the_data_folder(alice: Tenant) -> None:
    alice.reported(alice.call(TO), 1)
    names = {path.name for path in alice.box.folder.iterdir()}
    assert names <= {"book.jsonl", "sandbox.sqlite3", "sandbox.sqlite3-wal", "sandbox.sqlite3-shm", "control.json"}
