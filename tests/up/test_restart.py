from __future__ import annotations

import os
import signal

import pytest

from tests.up.installation import Installation, wait_for

SOON = 10


def restarted(installation: Installation, name: str, pid: int) -> bool:
    now = installation.pids()[name]
    return bool(now) and now != pid


@pytest.mark.parametrize("name", ["web", "scheduler", "valkey", "sandbox"])
def test_a_killed_process_is_started_again_and_the_ready_file_follows(running: Installation, name: str) -> None:
    pid = running.pids()[name]

    os.kill(pid, signal.SIGKILL)

    wait_for(lambda: restarted(running, name, pid), SOON, running.said)
    wait_for(lambda: running.get("/healthz") == 200, SOON, running.said)
    assert f"{name} was killed by signal 9" in running.said()


def test_a_killed_worker_is_started_again_and_the_others_stay(running: Installation) -> None:
    before = running.pids()["worker"]

    os.kill(before[0], signal.SIGKILL)

    wait_for(lambda: running.pids()["worker"][0] not in (None, before[0]), SOON, running.said)
    assert running.pids()["worker"][1:] == before[1:]
    assert running.pids()["worker"][0] in running.processes()


def test_killing_the_web_process_leaves_none_of_its_own_workers(running: Installation) -> None:
    count = len(running.processes())
    web = running.pids()["web"]
    own = children_of(web)
    assert own

    os.kill(web, signal.SIGKILL)

    wait_for(lambda: restarted(running, "web", web), SOON, running.said)
    wait_for(lambda: not own & running.processes().keys(), SOON, running.said)
    wait_for(lambda: len(running.processes()) == count, SOON, running.said)
    wait_for(lambda: running.get("/healthz") == 200, SOON, running.said)


def children_of(pid: int) -> set[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return set(map(int, file.read().split()))
