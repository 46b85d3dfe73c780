"""Drives the engine through a week by its own entry points, against a sandbox of its own over HTTP.

While calls are under way the business clock runs as fast as the real one, so that the edges of windows stay sharp; when
nothing is under way and nobody is due, it is set forward to the next moment at which something is.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as day_time
from functools import partial
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from zoneinfo import ZoneInfo

import django_rq
import requests
from django.conf import settings
from django.db.models import Min, QuerySet
from rq.queue import Queue

from calls.dialer.tick import tick
from calls.models import DialerEntry, DialerState, InboxEvent, Interaction
from common import clock
from leadsail.embedded import BASE_DIR, free_port
from leadsail.management.commands.scheduler import sweep_all
from leadsail.supervisor import answers, die_with_parent
from leadsail.wsgi import application
from tests.simulation.plan import JSON
from tests.simulation.world import World, sandbox_key

# Nominal seconds per second: a talk of a minute takes an eighth of a second, long enough for calls to overlap.
SPEED = 500
# Half of the jumps go to the very moment at which something is due, the others up to this much beyond it: what came due
# in between is dialed together, and times that come too late for a window are tried too.
BEYOND_SECONDS = 15 * 60
HELD_SECONDS = 10 * 60
TICK_SECONDS = 0.4
SWEEP_SECONDS = 1.0
POLL_SECONDS = 0.02
STUCK_SECONDS = 120
SKIPPED_JOBS = ("calls.jobs.copy_recording",)


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(folder)]
    environment = {**os.environ, "SANDBOX_SPEED": str(SPEED), "CLOCK": ""}
    # It ends with us, whatever we die of.
    ends = partial(die_with_parent, os.getpid())
    process = subprocess.Popen(command, cwd=BASE_DIR, env=environment, preexec_fn=ends, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None, "the sandbox ended"
            assert time.monotonic() < deadline, "the sandbox does not answer"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 256


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def web(port: int) -> Iterator[None]:
    """For the provider's webhooks."""
    server = make_server("127.0.0.1", port, application, Threaded, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()


class Jobs:
    """The queue's work, done here: a worker process would have a clock of its own."""

    def __init__(self) -> None:
        self.queues = [django_rq.get_queue(name) for name in ("dial", "events", "default")]

    def work(self) -> int:
        done = 0
        while found := Queue.dequeue_any(self.queues, None, connection=self.queues[0].connection):
            job, _ = found
            if job.func_name not in SKIPPED_JOBS:
                job.perform()
            job.delete()
            done += 1
        return done


class Week:
    def __init__(self, plan: JSON, sandbox_url: str, say: Callable[[str], None]) -> None:
        self.plan, self.sandbox_url, self.say = plan, sandbox_url, say
        self.http = requests.Session()
        self.chance = random.Random(plan["seed"])
        self.events = list(plan["events"])
        self.done: list[JSON] = []
        self.jobs = Jobs()
        self.swept = self.ticked = 0.0
        self.jumps = 0
        self.set_clock(plan["begins"])
        self.world = World(plan)
        self.world.fill()

    # --- the clock ---
    def now(self) -> float:
        return clock.timestamp()

    def set_clock(self, moment: float) -> None:
        text = f"{time.time()},{moment},1"
        self.http.post(f"{self.sandbox_url}/control", json={"clock": text}, timeout=10).raise_for_status()
        settings.CLOCK = text

    # --- the week ---
    def live(self) -> None:
        told = moved = time.monotonic()
        while self.now() < self.plan["ends"] or self._is_busy():
            self._let_happen()
            begun = self._tick()
            self._sweep()
            if self.jobs.work() or begun:
                moved = time.monotonic()
            elif self._is_busy() or self._is_paced():
                assert time.monotonic() - moved < STUCK_SECONDS, f"nothing moves: {self._stuck()}"
                time.sleep(POLL_SECONDS)
            elif begun is None:
                self.ticked = 0.0
            else:
                self._jump()
                moved, self.ticked = time.monotonic(), 0.0
            if time.monotonic() - told > 10:
                told = time.monotonic()
                self.say(f"  {time.strftime('%a %m-%d %H:%M', time.gmtime(self.now()))} UTC, {self.jumps} jumps")

    def _tick(self) -> int | None:
        """None: it is too early for one."""
        if time.monotonic() - self.ticked < TICK_SECONDS:
            return None
        self.ticked = time.monotonic()
        return tick() if self.now() < self.plan["ends"] else 0

    def _let_happen(self) -> None:
        """Between calls, so that it is clear what came first."""
        if self.events and self.events[0]["at"] <= self.now() and not self._is_busy():
            event = self.events.pop(0)
            self.world.do(event)
            self.ticked = 0.0
            self.done.append({**event, "at": self.now()})

    def _sweep(self) -> None:
        if time.monotonic() - self.swept > SWEEP_SECONDS:
            # Nobody listens to them: they are not copied.
            Interaction.objects.filter(recording_state="due").update(recording_state="missing")
            sweep_all()
            self.swept = time.monotonic()

    def _is_busy(self) -> bool:
        unread = InboxEvent.objects.filter(state__in=["new", "unmatched"])
        return Interaction.objects.live().exists() or unread.exists()

    def _stuck(self) -> list[Any]:
        return list(Interaction.objects.live().values("to_number", "dispatch", "not_before", "check_at")[:5])

    def _due_now(self) -> QuerySet[DialerEntry]:
        return DialerEntry.objects.filter(state="waiting", due_at__lte=clock.now(), campaign__dialer="on")

    def _is_paced(self) -> bool:
        """Somebody is due, and waits for no more than moments of real time."""
        states = DialerState.objects.filter(campaign__in=self._due_now().values("campaign"))
        return any(
            state.held_why in ("PACE", "WAITING_FOR_LINE", "PROVIDER_DOWN")
            or (state.resume_at is not None and state.resume_at > clock.real_now())
            for state in states
        )

    def _held(self) -> set[str]:
        """Why those who are due are not dialed."""
        campaigns = set(self._due_now().values_list("campaign", flat=True))
        return set(DialerState.objects.filter(campaign__in=campaigns).values_list("held_why", flat=True))

    def _midnight(self) -> float:
        zone = ZoneInfo(self.plan["workspace_zone"])
        tomorrow = datetime.fromtimestamp(self.now(), zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, day_time(), tzinfo=zone).timestamp()

    def _jump(self) -> None:
        now = self.now()
        waiting = DialerEntry.objects.filter(state="waiting", due_at__gt=clock.now(), campaign__dialer="on")
        next_due = waiting.aggregate(at=Min("due_at"))["at"]
        limits = [self.plan["ends"], *(event["at"] for event in self.events[:1])]
        target = min([next_due.timestamp() if next_due else self.plan["ends"], *limits])
        if held := self._held():
            target = min(target, self._midnight() if held == {"DAILY_CAP_REACHED"} else now + HELD_SECONDS)
        elif self.chance.random() < 0.5:
            target += self.chance.uniform(0, BEYOND_SECONDS)
        self.set_clock(max(min(target, *limits), now) + 0.001)
        self.jumps += 1

    # --- what came of it ---
    def book(self) -> Iterator[JSON]:
        text = self.http.get(f"{self.sandbox_url}/book", timeout=120).text
        leads_of: dict[str, list[int]] = {}
        for lead in self.plan["leads"]:
            leads_of.setdefault(lead["phone"], []).append(lead["id"])
        account_of = {
            number["e164"]: place
            for place, account in enumerate(self.plan["accounts"])
            for number in account["numbers"]
        }
        for line in text.splitlines():
            dial = json.loads(line)
            dial["lead"] = leads_of[dial["to"]][0]
            if dial["outcome"] == "scheduled_callback" or len(leads_of[dial["to"]]) > 1:
                self._ask(dial, account_of[dial["from"]])
            yield dial

    def _ask(self, dial: JSON, account: int) -> None:
        """What only the conversation says: whom of two with one number it was for, and the time that was asked for."""
        url = f"{self.sandbox_url}/v1/convai/conversations/{dial['conversation_id']}"
        told = self.http.get(url, headers={"xi-api-key": sandbox_key(account)}, timeout=30).json()
        whose = told["conversation_initiation_client_data"]["user_id"]
        dial["lead"] = next(number for number, lead in self.world.leads.items() if lead.public_id == whose)
        collected = (told.get("analysis") or {}).get("data_collection_results") or {}
        dial["callback_at"] = (collected.get("callback_at") or {}).get("value") if dial["outcome"] else None


def write_lines(path: Path, rows: Iterable[JSON]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def live(plan: JSON, folder: Path, *, say: Callable[[str], None]) -> None:
    """Django is set up, its database empty; what came of the week is written into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan))
    began, port = time.monotonic(), free_port()
    with sandbox(folder / "sandbox") as url, web(port):
        settings.SANDBOX_URL, settings.PUBLIC_URL = url, f"http://127.0.0.1:{port}"
        week = Week(plan, url, say)
        week.live()
        write_lines(folder / "book.jsonl", week.book())
        write_lines(folder / "done.jsonl", week.done)
        write_lines(folder / "left.jsonl", week.world.left())
    say(f"{plan['week']}: lived through in {time.monotonic() - began:.0f} s with {week.jumps} jumps")
