"""Two schedulers and four workers, one of the six killed every second or so, while the dialer works through a hundred
leads and the provider is full of faults: each is dialed exactly as often as its outcomes ask."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from leadsail.embedded import BASE_DIR
from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack
from tests.up.installation import wait_for

LEADS, MOST_ATTEMPTS, RETRIED = 100, 3, ("no_answer", "busy", "voicemail")
# Beside the installation's own, which are one scheduler and three workers.
MORE = (("scheduler",), ("worker", "default"))
KILLING_SECONDS, LEAST_KILLED = 18, 10
FAULTS = {
    "drop_after_accept": 0.05,
    "error_after_accept": 0.04,
    "unreadable_reply": 0.05,
    "throttle": 0.05,
    "system_busy": 0.05,
    "webhook_first": 0.05,
    "no_webhook": 0.04,
    "duplicate_webhook": 0.1,
    "wrong_secret": 0.03,
}
DIALING = f"""
from accounts.actors import SYSTEM
from calls.dialer.control import set_dialer
from calls.dialer.entries import send_to_dialer
from campaigns.models import Campaign, ProviderAccount
from campaigns.services import create_campaign
from leads.models import Lead
ProviderAccount.objects.update(calls_per_second=8, concurrency=60)
like = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
campaign = create_campaign(
    workspace=like.workspace, by=SYSTEM, name="Chaos", status="active", production_agent=like.production_agent,
    template=like.template, caller_number=like.caller_number,
    hours={{day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}},
    min_gap_minutes=0, max_attempts={MOST_ATTEMPTS}, retry_outcomes={list(RETRIED)}, steps=[],
)
set_dialer(campaign=campaign, act="start", by=SYSTEM)
# Endings above 70 have no magic: they behave by the seeded mix, and the faults apply to them.
numbers = ["+1%d55501%d" % (area, ending) for area in (212, 213, 214, 215, 216) for ending in range(71, 91)]
leads = Lead.objects.bulk_create(
    [Lead(workspace=campaign.workspace, campaign=campaign, phone=number) for number in numbers[:{LEADS}]]
)
result = [sent.code for sent in send_to_dialer(leads=leads, by=SYSTEM)]
"""
ENTRIES = """
from calls.models import DialerEntry
from common import clock
rows = DialerEntry.objects.filter(campaign__name="Chaos")
names = ("lead__phone", "state", "why", "faults", "due_at")
result = [dict(row, is_later=bool(row["due_at"] and row["due_at"] > clock.now())) for row in rows.values(*names)]
"""
INTENTS = """
from calls.models import Interaction
rows = Interaction.objects.filter(campaign__name="Chaos")
result = list(rows.values("public_id", "to_number", "dispatch", "status"))
"""


@pytest.mark.timeout(180)
def test_killed_schedulers_and_workers_leave_each_lead_dialed_as_often_as_its_outcomes_ask(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(CONNECT_TIMEOUT_SECONDS="1")
    stack.control(speed=40, seed=5, faults=FAULTS)
    with more_processes(stack) as more:
        assert stack.shell(DIALING) == [""] * LEADS
        assert kill_for(KILLING_SECONDS, stack, more) >= LEAST_KILLED
        entries = wait_until_settled(stack, 100)

    book = [dial for dial in stack.book() if dial["to"] in entries]
    assert max(Counter(dial["correlation_id"] for dial in book).values()) == 1
    placed = {row["public_id"] for row in stack.shell(INTENTS) if row["dispatch"] == "placed"}
    assert {dial["correlation_id"] for dial in book} == placed
    outcomes: dict[str, list[str]] = defaultdict(list)
    for dial in sorted(book, key=lambda dial: float(dial["accepted_at"])):
        outcomes[dial["to"]].append(dial["outcome"])
    assert len(entries) == LEADS
    assert [mistake for to, entry in entries.items() if (mistake := wrong(to, outcomes[to], entry))] == []


def wrong(to: str, outcomes: list[str], entry: dict[str, Any]) -> str:
    """Why the lead was not dialed as its outcomes ask; empty where it was."""
    said = f"{to}: {outcomes}, {entry}"
    if any(outcome not in (*RETRIED, "error") for outcome in outcomes[:-1]):
        return f"dialed after it was over: {said}"
    if len(outcomes) > MOST_ATTEMPTS + outcomes.count("error"):
        return f"dialed too often: {said}"
    again = bool(outcomes) and (outcomes[-1] not in RETRIED or len(outcomes) >= MOST_ATTEMPTS)
    # A fault is no attempt: the next one comes a quarter of an hour later.
    if not again and not (entry["faults"] and entry["is_later"]):
        return f"not dialed again: {said}"
    return ""


@contextmanager
def more_processes(stack: Stack) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [_start(stack, *command) for command in MORE]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _start(stack: Stack, *command: str) -> subprocess.Popen[bytes]:
    whole = [sys.executable, "-m", "leadsail.embedded", *command]
    quiet = subprocess.DEVNULL
    environment = stack.installation.environment
    return subprocess.Popen(whole, cwd=BASE_DIR, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)


def kill_for(seconds: float, stack: Stack, more: list[subprocess.Popen[bytes]]) -> int:
    """How many were killed. The installation starts its own again by itself, the others are started here."""
    chance, killed, ends = random.Random(3), 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        threading.Event().wait(chance.uniform(0.5, 1.5))
        pids = stack.installation.pids()
        own = [pid for pid in (*pids["worker"], pids["scheduler"]) if pid]
        victim = chance.choice([*own, *(process.pid for process in more)])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            killed += 1
        for place, process in enumerate(more):
            if process.pid == victim:
                process.wait()
                more[place] = _start(stack, *MORE[place])
    return killed


def wait_until_settled(stack: Stack, seconds: float) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = {}

    def settled() -> bool:
        time.sleep(1.5)
        entries.update({row["lead__phone"]: row for row in stack.shell(ENTRIES)})
        return not _open(entries)

    wait_for(settled, seconds, lambda: str(_open(entries)))
    return entries


def _open(entries: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in entries.values() if row["state"] != "done" and not row["is_later"]]
