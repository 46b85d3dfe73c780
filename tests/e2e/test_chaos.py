"""Workers die at random moments while up to two hundred calls are placed through a provider full of faults."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from contextlib import suppress

import pytest

from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack

# Half of them on SQLite, which the laptop runs on; production is PostgreSQL.
CALLS = 200 if os.environ.get("TEST_DATABASE") == "postgres" else 100
FAULTS = {
    "timeout_after_accept": 0.03,
    "drop_after_accept": 0.08,
    "error_after_accept": 0.08,
    "unreadable_reply": 0.05,
    "error_before_accept": 0.05,
    "drop_before_accept": 0.05,
    "throttle": 0.05,
    "webhook_first": 0.05,
    "no_webhook": 0.05,
    "duplicate_webhook": 0.1,
    "wrong_secret": 0.03,
}
LEADS = f"""
from campaigns.models import Campaign
from leads.models import Lead
campaign = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
# Endings above 70 have no magic: they behave by the seeded mix, and the faults apply to them.
areas = [212, 213, 214, 215, 216, 217, 218, 219, 224, 225]
numbers = ["+1%d55501%d" % (area, ending) for area in areas for ending in range(71, 91)]
leads = [Lead(workspace=campaign.workspace, campaign=campaign, phone=number) for number in numbers[:{CALLS}]]
Lead.objects.bulk_create(leads)
result = [lead.public_id for lead in leads]
"""


@pytest.mark.timeout(280)
def test_killed_workers_and_faults_never_make_a_phone_ring_twice_and_every_call_ends(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.control(speed=40, seed=11, faults=FAULTS)
    stack.shell(
        "from campaigns.models import ProviderAccount\nresult = ProviderAccount.objects.update(concurrency=500)"
    )
    since = stack.newest_interaction()
    leads = stack.shell(LEADS)

    done = threading.Event()
    killed: list[int] = []
    killer = threading.Thread(target=_kill_workers, args=(stack, done, killed), daemon=True)
    killer.start()
    answers = Counter(stack.call(lead).status_code for lead in leads)
    assert answers == {200: CALLS}
    done.wait(15)
    done.set()
    killer.join()
    assert len(killed) >= 8

    rows = stack.wait_until_all_final(since, seconds=180)
    assert len(rows) == CALLS
    dials = Counter(dial["correlation_id"] for dial in stack.book())
    assert max(dials.values()) == 1
    assert {dial["to"]: 1 for dial in stack.book()} == dict(Counter(dial["to"] for dial in stack.book()))
    # What really rang was placed here too, and what was placed did ring: no call is lost on either side.
    assert set(dials) == {row["public_id"] for row in rows if row["dispatch"] == "placed"}


def _kill_workers(stack: Stack, done: threading.Event, killed: list[int]) -> None:
    chance = random.Random(3)
    while not done.wait(chance.uniform(0.2, 1.2)):
        # One that is down at this moment has no pid.
        workers = [pid for pid in stack.installation.pids()["worker"] if pid]
        with suppress(IndexError, ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed.append(1)
