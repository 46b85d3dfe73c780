from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import run_checks

from common import clock


def ids() -> set[str | None]:
    return {message.id for message in run_checks()}


def test_a_reconciler_that_gives_up_too_early_is_refused(settings: Any) -> None:
    assert "leadsail.E002" not in ids()
    settings.RECONCILE_GIVE_UP_SECONDS = settings.RING_TIMEOUT_SECONDS + 35
    assert "leadsail.E002" in ids()


def test_a_key_that_is_none_is_refused(settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["not a key"]
    assert "leadsail.E001" in ids()


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EMBEDDED": "0", **changes}
    command = [sys.executable, "-c", "import django; django.setup()"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ALLOWED_HOSTS", "FIELD_ENCRYPTION_KEYS", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL"]
)
def test_production_does_not_start_without(name: str) -> None:
    ended = start(**{name: ""})
    assert ended.returncode != 0
    assert f"without: {name}" in ended.stderr


def test_production_refuses_a_moved_clock() -> None:
    ended = start(CLOCK="1,2,60")
    assert ended.returncode != 0
    assert "CLOCK" in ended.stderr


def test_a_moved_clock_runs_from_its_origin_at_its_speed(settings: Any) -> None:
    origin = clock.real_now().timestamp() - 10
    settings.CLOCK = f"{origin},1800000000,60"
    assert clock.timestamp() == pytest.approx(1800000600, abs=60)
