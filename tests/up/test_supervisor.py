"""The supervisor alone, with children that do as they are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadsail.embedded import BASE_DIR
from tests.up.installation import wait_for

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from leadsail.supervisor import Ended, Failed, Supervisor
folder = Path(sys.argv[1])
house = Supervisor(logs=folder / "log", patience=float(sys.argv[2]))

def child(name, drain):
    def run():
        def end(*_):
            time.sleep(drain)
            with (folder / "ended").open("a") as file:
                file.write(name + "\\n")
            os._exit(0)
        signal.signal(signal.SIGTERM, end)
        print("INFO hello from", name)
        print("WARNING careful,", name)
        (folder / f"{name}.pid").write_text(str(os.getpid()))
        while True:
            time.sleep(1)
    return run

def crashing():
    with (folder / "crashes").open("a") as file:
        file.write("x")
    sys.exit("broken")

try:
    house.add("queue", child("queue", 0), stage=2)
    house.add("phone", child("phone", 0), stage=1)
    house.add("worker", child("worker", float(sys.argv[3])), stage=0)
    if "crash" in sys.argv:
        house.add("crashing", crashing, stage=0)
    house.ready = "ready" in sys.argv
    (folder / "up").touch()
    house.until(lambda: False)
except Ended:
    house.stop()
except Failed as failure:
    house.stop()
    sys.exit(str(failure))
"""


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, patience: float = 20, drain: float = 0, options: tuple[str, ...] = ("ready",)) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.folder), str(patience), str(drain), *options],
            cwd=BASE_DIR,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: all((self.folder / f"{name}.pid").exists() for name in ("queue", "phone", "worker")), 10)

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text() or 0)

    def alive(self, name: str) -> bool:
        try:
            os.kill(self.pid(name), 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, signum: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(signum)

    def end(self, timeout: float = 10) -> tuple[int, str]:
        assert self.process is not None
        _, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, errors

    def ended(self) -> list[str]:
        path = self.folder / "ended"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    if house.process is not None and house.process.poll() is None:
        house.process.kill()
        house.process.wait()


def test_children_end_in_the_order_of_their_stages(house: House) -> None:
    house.start(drain=0.5)

    house.signal(signal.SIGTERM)

    assert house.end()[0] == 0
    assert house.ended() == ["worker", "phone", "queue"]


def test_a_child_that_drains_is_waited_for(house: House) -> None:
    house.start(drain=3)

    house.signal(signal.SIGINT)

    house.end()
    assert house.ended()[0] == "worker"


def test_a_second_ctrl_c_ends_at_once(house: House) -> None:
    house.start(drain=60, patience=90)
    house.signal(signal.SIGINT)
    time.sleep(0.6)

    house.signal(signal.SIGINT)

    house.end(timeout=5)
    assert not house.alive("worker")


def test_the_same_ctrl_c_that_arrives_twice_is_one(house: House) -> None:
    house.start(drain=1)

    house.signal(signal.SIGINT)
    time.sleep(0.05)
    house.signal(signal.SIGINT)

    house.end()
    assert house.ended() == ["worker", "phone", "queue"]


def test_a_child_that_does_not_end_is_killed_when_patience_is_over(house: House) -> None:
    house.start(drain=60, patience=1)

    house.signal(signal.SIGTERM)

    house.end(timeout=8)
    assert not house.alive("worker")
    assert house.ended() == ["phone", "queue"]


def test_sigkill_lets_children_finish_what_they_do(house: House) -> None:
    house.start(drain=1)

    house.signal(signal.SIGKILL)

    house.end()
    wait_for(lambda: sorted(house.ended()) == ["phone", "queue", "worker"], 5)


def test_a_killed_child_comes_back(house: House) -> None:
    house.start()
    pid = house.pid("worker")

    os.kill(pid, signal.SIGKILL)

    wait_for(lambda: house.pid("worker") not in (0, pid), 5)


def test_before_ready_a_child_that_crashes_again_and_again_ends_the_start_with_its_last_words(house: House) -> None:
    house.start(options=("crash",))

    code, errors = house.end(timeout=20)

    assert code == 1
    assert "crashing ends again and again (broken; see" in errors
    assert not house.alive("worker")


def test_afterwards_it_is_tried_again_ever_more_slowly(house: House) -> None:
    house.start(options=("ready", "crash"))

    time.sleep(2.5)

    # after 0, 0.1, 0.3, 0.7, 1.5 and 3.1 s
    assert 3 <= len((house.folder / "crashes").read_text()) <= 5
    house.signal(signal.SIGTERM)
    assert house.end()[0] == 0


def test_the_terminal_shows_warnings_only_and_the_log_file_everything(house: House) -> None:
    house.start()
    time.sleep(0.6)

    house.signal(signal.SIGTERM)

    _, errors = house.end()
    assert "worker | WARNING careful, worker" in errors
    assert "hello" not in errors
    assert "INFO hello from worker" in (house.folder / "log" / "worker.log").read_text()
