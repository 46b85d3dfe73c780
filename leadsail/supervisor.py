"""Starts, watches and stops the processes of the embedded mode.

Standard library only, and one thread only: children are forks of an interpreter that has everything imported already,
which is what makes a start quick, and a fork of a process with threads is not safe. Children write their own log files,
which are followed here, so that neither a slow terminal nor the supervisor's death can hold one up.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

Run = Callable[[], object]

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
FIRST_DELAY, LONGEST_DELAY, STEADY_AFTER = 0.1, 5.0, 10.0
CRASHES_BEFORE_READY = 5
TICK = 0.2
FOLLOW_AT_MOST = 1 << 16
LOG_BYTES = 20_000_000
# Two signals this close together are one request: `make` and the terminal both pass a Ctrl-C or a SIGTERM on.
SAME_PRESS = 0.4
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCHED = (*ENDING, signal.SIGCHLD)

_prctl = ctypes.CDLL(None).prctl
_LEVEL = re.compile(r"(?:^|\[)(?:\x1b\[[\d;]*m)*(debug|info|warning|error|critical)\b", re.IGNORECASE)


class Ended(Exception):
    """Someone asked the installation to stop."""


class Failed(Exception):
    """The installation cannot run; the message is one sentence for a person."""


@dataclass
class Child:
    name: str
    run: Run
    stage: int  # stopped in ascending order
    log: Path | None = None  # None: a step of the start that writes to the terminal
    echo: bool = True
    pid: int = 0  # 0 while it is not running
    last_pid: int = 0
    code: int | None = None
    started: float = 0.0
    restart_at: float | None = None
    delay: float = 0.0
    crashes: int = 0
    read: int = 0
    shown: bool = False

    def signal(self, signum: int) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)


def die_with_parent(parent: int) -> None:
    """SIGTERM to this process as soon as its parent is gone, whatever it died of."""
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # gone before prctl took hold
        os._exit(1)


def say(text: str = "") -> None:
    try:
        print(text, flush=True)
    except OSError:  # whoever read our output is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class Supervisor:
    def __init__(self, *, logs: Path, patience: float, close_in_child: Iterable[int] = ()) -> None:
        self.logs, self.patience = logs, patience
        self.children: list[Child] = []
        self.ready = False
        self.on_restart: Callable[[], None] = lambda: None
        self._close_in_child = tuple(close_in_child)
        self._pid = os.getpid()
        self._end: float | None = None
        self._hurry = False
        logs.mkdir(mode=0o700, exist_ok=True)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Blocked from here on and fetched in `tick`: a signal can neither interrupt a start half way nor be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)

    # --- starting ---
    def add(self, name: str, run: Run, *, stage: int, echo: bool = True) -> Child:
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        child = Child(name=name, run=run, stage=stage, log=log, echo=echo)
        self.children.append(child)
        self._start(child)
        return child

    def step(self, name: str, run: Run) -> None:
        """Runs to its end in a process of its own: the supervisor itself stays without threads and connections."""
        child = Child(name=name, run=run, stage=0)
        self.children.append(child)
        self._start(child)
        self.until(lambda: child.code is not None)
        self.children.remove(child)
        if child.code:
            raise Failed(f"LeadSail did not start: {name} failed, see above.")

    def _start(self, child: Child) -> None:
        assert threading.active_count() == 1, "a fork with threads around is not safe"
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        pid = os.fork()
        if pid == 0:
            self._become(child)
        child.pid = child.last_pid = pid
        child.code, child.restart_at, child.started = None, None, time.monotonic()

    def _become(self, child: Child) -> NoReturn:
        code = 1
        try:
            self._prepare_child(child)
            child.run()
            code = 0
        except SystemExit as error:
            code = _exit_code(error)
        except BaseException:
            traceback.print_exc()
        finally:
            _leave(code)

    def _prepare_child(self, child: Child) -> None:
        # A session of its own: the terminal's Ctrl-C reaches the supervisor only, which stops children in order.
        os.setsid()
        _prctl(PR_SET_NAME, child.name[:15].encode(), 0, 0, 0)
        for signum in WATCHED:
            signal.signal(signum, signal.SIG_DFL)
        die_with_parent(self._pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        for fd in self._close_in_child:
            os.close(fd)
        _redirect(child.log)

    # --- watching ---
    def until(self, done: Callable[[], bool], *, timeout: float | None = None, waiting_for: str = "") -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not done():
            self.tick(0.02 if not self.ready else TICK)
            if self._end is not None:
                raise Ended
            if deadline is not None and time.monotonic() > deadline:
                raise Failed(
                    f"LeadSail did not start: {waiting_for} gave no answer in {timeout:.0f} s; see {self.logs}."
                )

    def tick(self, timeout: float) -> None:
        info = signal.sigtimedwait(WATCHED, timeout)
        if info is not None and info.si_signo in ENDING:
            self._asked_to_end(info.si_signo)
        for child in self.children:
            self._reap(child)
            self._follow(child)
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._start(child)
                self.on_restart()

    def _asked_to_end(self, signum: int) -> None:
        now = time.monotonic()
        if self._end is None:
            self._end = now
        elif signum == signal.SIGINT and now - self._end > SAME_PRESS:
            self._hurry = True

    def _reap(self, child: Child) -> None:
        if not child.pid:
            return
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        child.pid, child.code = 0, os.waitstatus_to_exitcode(status)
        if child.log is not None and self._end is None:
            self._plan_restart(child)

    def _plan_restart(self, child: Child) -> None:
        now = time.monotonic()
        child.crashes += 1
        steady = now - child.started > STEADY_AFTER
        child.delay = FIRST_DELAY if steady or not child.delay else min(child.delay * 2, LONGEST_DELAY)
        child.restart_at = now + child.delay
        self._follow(child)
        if not self.ready and child.crashes >= CRASHES_BEFORE_READY:
            raise Failed(f"LeadSail did not start: {child.name} ends again and again ({_last_line(child.log)}).")
        code = child.code or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self.warn(f"{child.name} {how}; starting it again in {child.delay:.1f} s")

    # --- stopping ---
    def stop(self) -> None:
        """Stage by stage: who uses the queue and the phone network first, those two last."""
        self._end = self._end or time.monotonic()
        for child in self.children:
            child.restart_at = None
        for stage in sorted({child.stage for child in self.children}):
            self._stop_stage([child for child in self.children if child.stage == stage])

    def _stop_stage(self, children: list[Child]) -> None:
        for child in children:
            child.signal(signal.SIGTERM)
        began, told = time.monotonic(), False
        while left := [child for child in children if child.pid]:
            waited = time.monotonic() - began
            if self._hurry or waited > self.patience:
                for child in left:
                    child.signal(signal.SIGKILL)
            elif waited > 2 and not told:
                told = True
                names = ", ".join(child.name for child in left)
                say(f"Waiting up to {self.patience:.0f} s for {names} to finish; Ctrl-C again ends at once.")
            self.tick(0.02)

    # --- the terminal ---
    def warn(self, text: str) -> None:
        _write_if_it_can_take_it(f"supervisor | {text}\n")

    def _follow(self, child: Child) -> None:
        if child.log is None or not child.echo:
            return
        try:
            size = child.log.stat().st_size
        except FileNotFoundError:
            return
        if size <= child.read:
            return
        with child.log.open("rb") as file:
            file.seek(child.read)
            data = file.read(FOLLOW_AT_MOST)
        whole = data.rfind(b"\n") + 1 or (len(data) if len(data) == FOLLOW_AT_MOST else 0)
        child.read += whole
        if child.read > LOG_BYTES:
            shutil.copyfile(child.log, child.log.with_suffix(".log.1"))
            os.truncate(child.log, 0)
            child.read = 0
        self._show(child, data[:whole].decode(errors="replace").splitlines())

    def _show(self, child: Child, lines: list[str]) -> None:
        """Warnings and worse, with the lines that follow them; the rest stands in the log file."""
        for line in lines:
            if match := _LEVEL.search(line):
                child.shown = match[1].lower() not in ("debug", "info")
            elif line.startswith("Traceback"):
                child.shown = True
            if child.shown:
                _write_if_it_can_take_it(f"{child.name} | {line}\n")


def _redirect(log: Path | None) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if log is None:
        return
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _last_line(log: Path | None) -> str:
    lines = log.read_text(errors="replace").split("\n") if log and log.exists() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing")
    return f"{last[:200]}; see {log}"


def _exit_code(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    print(error.code, file=sys.stderr)
    return 1


def _leave(code: int) -> NoReturn:
    # As multiprocessing does: wait for threads and pools, then go without unwinding the supervisor's own stack.
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _write_if_it_can_take_it(text: str) -> None:
    """A pipe that nobody reads must not stop the supervisor; the log files hold every line anyway."""
    try:
        _, writable, _ = select.select([], [2], [], 0)
        if writable:
            os.write(2, text.encode()[: select.PIPE_BUF])
    except (OSError, ValueError):
        pass


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
