from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.up.conftest import Make
from tests.up.installation import Installation


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One with the demo, for all that only look."""
    folder = tmp_path_factory.mktemp("ready")
    installation = Installation(folder / "var", folder / "output").started()
    yield installation
    installation.destroy()


def test_ready_file_says_where_everything_is_and_only_its_owner_may_read_it(running: Installation) -> None:
    ready = running.ready()

    assert list(ready) == ["web", "sandbox", "login", "api_key", "lead", "clock", "pids"]
    assert ready["web"] == f"http://127.0.0.1:{running.port}"
    assert ready["sandbox"] == f"http://127.0.0.1:{running.environment['SANDBOX_PORT']}"
    assert ready["login"].keys() == {"email", "password"}
    assert ready["api_key"]
    assert ready["lead"].startswith("lead_")
    assert ready["clock"] is None
    assert stat.S_IMODE((running.var / "ready.json").stat().st_mode) == 0o600
    assert running.get("/healthz") == 200


def test_ready_file_names_the_processes_that_run(running: Installation) -> None:
    pids = running.pids()

    assert list(pids) == ["supervisor", "web", "worker", "scheduler", "valkey", "sandbox"]
    assert len(pids["worker"]) == 3
    named = {*pids["worker"], *(pids[name] for name in pids if name != "worker")}
    assert named <= running.processes().keys()
    assert running.process is not None
    assert pids["supervisor"] == running.process.pid


def test_what_it_prints_leads_a_person_in(running: Installation) -> None:
    said = running.said()

    ready = running.ready()
    for part in (ready["web"], ready["sandbox"], ready["login"]["email"], ready["login"]["password"], ready["api_key"]):
        assert part in said
    assert "Traceback" not in said
    assert "Warning" not in said


def test_files_in_the_data_folder_are_private_and_hold_the_secrets(running: Installation) -> None:
    for path in [running.var, *running.var.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    env = (running.var / "env").read_text()
    for name in ("SECRET_KEY=", "FIELD_ENCRYPTION_KEYS=", "VALKEY_PASSWORD="):
        assert env.count(name) == 1


def test_no_secret_can_be_read_in_the_list_of_processes(running: Installation) -> None:
    secrets = [line.partition("=")[2] for line in (running.var / "env").read_text().splitlines()]
    for pid in running.processes():
        with open(f"/proc/{pid}/cmdline") as file:
            command = file.read()
        assert not any(secret in command for secret in secrets)


def test_without_demo_there_is_no_login_and_the_first_run_page_is_named(make_installation: Make) -> None:
    ready = make_installation(DEMO="0").started()

    assert [ready.ready()[name] for name in ("login", "api_key", "lead")] == [None, None, None]
    assert "first-run page" in ready.said()


def test_now_and_speed_set_one_clock_that_the_ready_file_tells(make_installation: Make) -> None:
    clock = make_installation(NOW="2026-11-20T15:00:00-05:00", SPEED="60").started().ready()["clock"]

    assert clock["speed"] == 60
    now = datetime.fromisoformat(clock["now"])
    assert timedelta() <= now - datetime(2026, 11, 20, 20, tzinfo=UTC) < timedelta(hours=2)
    assert len(clock["clock"].split(",")) == 3


def test_second_start_on_the_same_data_is_quicker_than_the_first_and_keeps_keys(make_installation: Make) -> None:
    began = datetime.now(UTC)
    first = make_installation().started()
    took = datetime.now(UTC) - began
    known = (first.var / "env").read_text(), first.ready()["api_key"]
    first.signal(signal.SIGTERM)
    assert first.wait() == 0

    began = datetime.now(UTC)
    second = make_installation().started()

    assert datetime.now(UTC) - began < took
    assert ((second.var / "env").read_text(), second.ready()["api_key"]) == known


def test_with_redis_url_given_it_starts_no_valkey(make_installation: Make) -> None:
    from tests import services

    with services.valkey() as url:
        installation = make_installation(REDIS_URL=url).started()

        assert installation.pids()["valkey"] is None
        assert not (installation.var / "valkey").exists()
        installation.signal(signal.SIGTERM)
        assert installation.wait() == 0
