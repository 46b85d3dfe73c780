from __future__ import annotations

import signal
import socket
import sys

import pytest

from tests.up.conftest import Make
from tests.up.installation import NO_ORPHAN_SECONDS, Installation, wait_for


def gone(installation: Installation) -> bool:
    return not installation.processes()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_and_removes_the_ready_file(running: Installation, signum: signal.Signals) -> None:
    running.signal(signum)

    assert running.wait() == 0
    assert gone(running)
    assert not running.is_ready()
    assert "Traceback" not in running.said()


def test_sigkill_of_the_supervisor_leaves_no_orphan(running: Installation) -> None:
    running.signal(signal.SIGKILL)

    wait_for(lambda: gone(running), NO_ORPHAN_SECONDS, lambda: str(running.processes()))


def test_an_open_connection_holds_nothing_up(running: Installation) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as browser:
        browser.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in browser.recv(100)
        running.signal(signal.SIGKILL)

        wait_for(lambda: gone(running), NO_ORPHAN_SECONDS, lambda: str(running.processes()))


def test_a_start_right_after_sigkill_waits_for_the_old_processes(
    running: Installation, make_installation: Make
) -> None:
    old = running.processes().keys()
    running.signal(signal.SIGKILL)
    running.wait()

    same_ports = {name: running.environment[name] for name in ("PORT", "SANDBOX_PORT")}
    again = make_installation(**same_ports).started()

    assert again.get("/healthz") == 200
    assert not old & again.processes().keys()


def test_a_signal_during_the_start_ends_it_too(make_installation: Make) -> None:
    starting = make_installation().start()
    wait_for(lambda: (starting.var / "lock").exists(), 10)

    starting.signal(signal.SIGTERM)

    assert starting.wait() in (0, -signal.SIGTERM)
    wait_for(lambda: gone(starting), NO_ORPHAN_SECONDS)
    assert "Traceback" not in starting.said()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_ending_make_ends_the_installation(make_installation: Make, signum: signal.Signals) -> None:
    # -o venv: the environment of the tests is the one to run with.
    running = make_installation().started("make", "-s", "-o", "venv", "run", f"PY={sys.executable}")

    running.signal(signum)

    running.wait()
    wait_for(lambda: gone(running), NO_ORPHAN_SECONDS, lambda: str(running.processes()))
    assert not running.is_ready()
