"""One command for the whole embedded installation: see docs/configuration.md and section 8 of the design."""

from __future__ import annotations

import gc
import http.client
import json
import multiprocessing
import os
import signal
import socket
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection, connections
from django.utils.module_loading import import_string

from leadsail import embedded
from leadsail.supervisor import Ended, Failed, Supervisor, answers, die_with_parent, say

SERVER_SECONDS = 30
READY_SECONDS = 60
WORKERS = {"worker-dial-1": "dial", "worker-dial-2": "dial", "worker-default": "default"}


class Command(BaseCommand):
    help = "Run web, workers, scheduler, sandbox and Valkey on this machine under one supervisor."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = "Set by environment: PORT, SANDBOX_PORT, VAR, DEMO, NOW, SPEED, DATABASE_URL, REDIS_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        if embedded.supervisor is None:
            raise CommandError("Start it as `python manage.py up` or with `make run`.")
        installation = Installation(embedded.supervisor)
        try:
            installation.start()
            installation.supervisor.until(lambda: False)
        except Ended:
            say("Stopping…")
            installation.stop()
            say("Stopped.")
        except Failed as failure:
            installation.stop()
            raise SystemExit(str(failure)) from None


class Installation:
    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.var = Path(settings.VAR)
        self.ready_file = self.var / "ready.json"
        self.web = f"http://{embedded.HOST}:{os.environ['PORT']}"
        self.children = {child.name: child for child in supervisor.children}
        self.began = datetime.now(UTC)
        self.demo = embedded.given("DEMO") != "0"

    def start(self) -> None:
        follow_make()
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # stays empty, but whitenoise warns when it is missing
        self.wait_for_servers()
        self.supervisor.step("migration", in_terminal(migrate))
        warm_up()
        self.start_processes()
        if self.demo:
            self.supervisor.step("demo", in_terminal(lambda: call_command("demo")))
        self.wait_until_ready()
        self.supervisor.ready = True
        self.supervisor.on_restart = self.write_ready_file
        self.write_ready_file()
        self.greet()

    def stop(self) -> None:
        self.ready_file.unlink(missing_ok=True)
        self.supervisor.stop()

    # --- processes ---
    def wait_for_servers(self) -> None:
        if "valkey" in self.children:
            port = urlsplit(settings.REDIS_URL).port or 6379
            self.supervisor.until(lambda: answers(port), timeout=SERVER_SECONDS, waiting_for="Valkey")

    def start_processes(self) -> None:
        processes: dict[str, Callable[[], object]] = {
            "web": serve_web,
            "scheduler": lambda: call_command("scheduler"),
            **{name: worker(queue) for name, queue in WORKERS.items()},
        }
        for name, run in processes.items():
            self.children[name] = self.supervisor.add(name, run, stage=embedded.USERS)

    def wait_until_ready(self) -> None:
        """Asked by a process of its own, anew whenever a child was started again meanwhile."""
        while True:
            pids = self.beating()
            self.supervisor.step("readiness", lambda: self.probe(pids))  # noqa: B023
            if pids == self.beating():
                return

    def beating(self) -> dict[str, int]:
        return {name: self.children[name].pid for name in ("scheduler", *WORKERS)}

    def probe(self, pids: dict[str, int]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = {"web": urlsplit(self.web).port, "sandbox": urlsplit(settings.SANDBOX_URL).port}
        while True:
            waiting = {name: port for name, port in waiting.items() if not healthy(port or 80)}
            silent = self.silent(pids)
            if not waiting and not silent:
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"{', '.join([*waiting, *silent])} did not become ready; see {self.supervisor.logs}.")
            time.sleep(0.03)

    def silent(self, pids: dict[str, int]) -> list[str]:
        from common.models import ProcessHeartbeat

        rows = ProcessHeartbeat.objects.filter(host=socket.gethostname()[:80], seen_at__gte=self.began)
        seen = set(rows.values_list("pid", flat=True))
        return [name for name, pid in pids.items() if pid not in seen]

    # --- what others read ---
    def write_ready_file(self) -> None:
        made = embedded.read_json(self.var / "demo.json") if self.demo else {}
        content = {
            "web": self.web,
            "sandbox": settings.SANDBOX_URL,
            "login": made.get("login"),
            "api_key": made.get("api_key"),
            "lead": made.get("lead"),
            "clock": clock_now(),
            "pids": self.pids(),
        }
        embedded.write_private(self.ready_file, json.dumps(content, indent=2) + "\n")

    def pids(self) -> dict[str, Any]:
        def pid(name: str) -> int | None:
            child = self.children.get(name)
            return child.last_pid if child else None

        return {
            "supervisor": os.getpid(),
            "web": pid("web"),
            "worker": [pid(name) for name in WORKERS],
            "scheduler": pid("scheduler"),
            "valkey": pid("valkey"),
            "sandbox": pid("sandbox"),
        }

    def greet(self) -> None:
        made = embedded.read_json(self.var / "demo.json") if self.demo else {}
        say(f"\nLeadSail is ready: {self.web}\n")
        if made:
            login = made["login"]
            say(f"  Log in    {login['email']}   password {login['password']}")
            say(f"  API key   {made['api_key']}")
        elif not self.demo:
            say("  The first-run page at this address creates the owner's account.")
        say(f"  Sandbox   {settings.SANDBOX_URL} (a phone network in a box: no real phone rings)")
        say(f"  Data      {self.var}")
        if clock := clock_now():
            say(f"  Clock     {clock['now']}, {clock['speed']:g} seconds a second")
        say("\nCtrl-C stops it.")


def follow_make() -> None:
    """`make run` names itself in STOP_WITH: when make is killed, this installation ends too."""
    parent = embedded.given("STOP_WITH")
    if parent.isdecimal():
        die_with_parent(int(parent))


def in_terminal(run: Callable[[], object]) -> Callable[[], None]:
    def wrapped() -> None:
        try:
            run()
        except CommandError as error:
            raise SystemExit(str(error)) from None
        finally:
            connections.close_all()

    return wrapped


def migrate() -> None:
    from django.db.migrations.executor import MigrationExecutor

    call_command("check", stdout=StringIO())  # raises on errors, the warnings are for production
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Preparing the database ({len(plan)} migrations)…")
        call_command("migrate", interactive=False, verbosity=0)


def warm_up() -> None:
    """Imports once what every fork would import again."""
    import_string("leadsail.wsgi.application")
    import_string("django.urls.get_resolver")().url_patterns  # noqa: B018
    gc.freeze()


def worker(queue: str) -> Callable[[], object]:
    return lambda: call_command("worker", queue)


def serve_web() -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    # Python 3.14's default would start fresh interpreters instead of forks of this warm one.
    multiprocessing.set_start_method("fork", force=True)
    main = os.getpid()

    def application() -> Any:
        # In granian's own worker, before its signal handlers: those of granian's main process would swallow the signal.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent(main)
        return import_string("leadsail.wsgi.application")

    server = Server(
        "leadsail.wsgi:application",
        address=embedded.HOST,
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=16,
        websockets=False,
        # Its warning that sixteen threads are many is not for a newcomer; slow clients would hold up fewer.
        log_level=LogLevels.error,
        workers_kill_timeout=5,
    )
    server.serve(target_loader=application, wrap_loader=False)


def healthy(port: int) -> bool:
    asking = http.client.HTTPConnection(embedded.HOST, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        asking.request("GET", "/healthz")
        return asking.getresponse().status == 200
    return False


def clock_now() -> dict[str, Any] | None:
    from common import clock

    if not settings.CLOCK:
        return None
    return {"now": clock.now().isoformat(), "speed": float(settings.CLOCK.split(",")[2]), "clock": settings.CLOCK}
