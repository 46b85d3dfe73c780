"""A clock that is set while the sandbox runs: weeks pass in minutes, and nobody is left waiting in the old time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.harness import SPEED, Box, Receiver, Tenant

DAY = 86400


@pytest.fixture(autouse=True)
def put_back(box: Box) -> Iterator[None]:
    yield
    assert box.control(clock="", speed=SPEED).status_code == 200


def set_forward(box: Box, seconds: float) -> None:
    now = time.time()
    assert box.control(clock=f"{now},{now + seconds},1").status_code == 200


def test_calls_after_it_was_set_are_in_the_new_time(tenant: Tenant) -> None:
    set_forward(tenant.box, 7 * DAY)
    dial = tenant.dial(tenant.call("+15555550118"))
    assert 7 * DAY - 5 < dial["accepted_at"] - time.time() < 7 * DAY + 5


def test_set_forward_the_time_of_a_call_under_way_has_passed(tenant: Tenant) -> None:
    tenant.box.control(speed=1)
    conversation_id = tenant.call("+15555550108")
    set_forward(tenant.box, DAY)
    assert tenant.finished(conversation_id)["status"] == "failed"


def test_set_forward_a_late_webhook_comes(tenant: Tenant) -> None:
    conversation_id = tenant.call("+15555550146")
    tenant.finished(conversation_id)
    assert not tenant.so_far()
    set_forward(tenant.box, DAY)
    assert len(tenant.reported(conversation_id, 1)) == 1


def test_set_back_a_call_under_way_takes_as_long_as_it_takes(tenant: Tenant) -> None:
    tenant.box.control(speed=60)
    conversation_id = tenant.call("+15555550118")
    set_forward(tenant.box, -DAY)
    tenant.box.control(speed=SPEED)
    assert tenant.finished(conversation_id)["status"] == "done"


def test_a_restarted_sandbox_goes_on_by_the_clock_that_was_set(tmp_path: Path, receiver: Receiver) -> None:
    box = Box(tmp_path)
    set_forward(box, 7 * DAY)
    box.kill()
    box.start()
    tenant = Tenant(box, receiver)
    dial = tenant.dial(tenant.call("+15555550118"))
    assert dial["accepted_at"] - time.time() > 7 * DAY - 5
    assert box.stop() == 0


def test_the_empty_clock_is_the_one_it_was_started_with(tenant: Tenant) -> None:
    set_forward(tenant.box, 7 * DAY)
    tenant.box.control(clock="")
    dial = tenant.dial(tenant.call("+15555550118"))
    assert abs(dial["accepted_at"] - time.time()) < 5
