"""A LeadSail of its own, started as a person would, on free ports and in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadsail.embedded import BASE_DIR, free_port

READY_SECONDS = 60
NO_ORPHAN_SECONDS = 8


class Installation:
    def __init__(self, var: Path, output: Path, **environment: str) -> None:
        self.var, self.output = var, output
        ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
        # Only what every machine has: the variables of the tests' own settings must not reach it.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = kept | {"VAR": str(var)} | ports | environment
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0

    @property
    def port(self) -> int:
        return int(self.environment["PORT"])

    def start(self, *command: str) -> Installation:
        self.began = time.time()
        arguments = list(command) or [sys.executable, "manage.py", "up"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                arguments, cwd=BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        return self

    def started(self, *command: str) -> Installation:
        self.start(*command)
        wait_for(lambda: self.is_ready() or self.exit_code() is not None, READY_SECONDS, self.said)
        assert self.exit_code() is None, self.said()
        return self

    # --- looking ---
    def is_ready(self) -> bool:
        """By this start: a killed one leaves its file behind."""
        try:
            return (self.var / "ready.json").stat().st_mtime >= self.began - 0.01
        except OSError:
            return False

    def ready(self) -> dict[str, Any]:
        return dict(json.loads((self.var / "ready.json").read_text()))

    def pids(self) -> dict[str, Any]:
        return dict(self.ready()["pids"])

    def said(self) -> str:
        return self.output.read_text()

    def exit_code(self) -> int | None:
        assert self.process is not None
        return self.process.poll()

    def get(self, path: str, *, timeout: float = 5) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def processes(self) -> dict[int, str]:
        """Every living process that was born with this VAR, whoever its parent is now."""
        mark = f"VAR={self.var}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:
                continue
        return found

    # --- acting ---
    def signal(self, signum: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(signum)

    def wait(self, timeout: float = NO_ORPHAN_SECONDS) -> int:
        assert self.process is not None
        return self.process.wait(timeout)

    def destroy(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait(5)


def wait_for(done: Callable[[], bool], seconds: float, what: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s. {what()}"
        time.sleep(0.05)
