"""The queue emptied, killed and restarted, the database locked: nothing is lost and nobody is dialed twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
import redis
import requests

from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack
from tests.up.installation import wait_for

LEADS = """
from calls.models import Interaction
from campaigns.models import Campaign
from leads.models import Lead
campaign = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
taken = Interaction.objects.count()
leads = [
    # Other numbers for each test: area codes go on where the last one ended.
    Lead(workspace=campaign.workspace, campaign=campaign, phone="+1%d5550101" % (210 + taken + number))
    for number in range(25)
]
Lead.objects.bulk_create([lead for lead in leads])
result = [lead.public_id for lead in leads]
"""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> Stack:
    stack = make_stack()
    stack.control(speed=60)
    stack.shell(
        "from campaigns.models import ProviderAccount\nresult = ProviderAccount.objects.update(concurrency=500)"
    )
    return stack


def check_book(stack: Stack, placed: set[str]) -> None:
    dials = Counter(dial["correlation_id"] for dial in stack.book())
    assert set(dials) == placed
    assert max(dials.values()) == 1


def check_all_qualified(stack: Stack, since: int) -> None:
    rows = stack.wait_until_all_final(since, seconds=60)
    assert len(rows) == 25
    assert {row["status"] for row in rows} == {"qualified"}
    check_book(stack, {row["public_id"] for row in rows})


@pytest.fixture(autouse=True)
def _empty_book(stack: Stack) -> None:
    requests.delete(f"{stack.sandbox}/book", timeout=5).raise_for_status()


def valkey_of(stack: Stack) -> redis.Redis:
    url = stack.shell("from django.conf import settings\nresult = settings.REDIS_URL")
    return redis.Redis.from_url(url)


def test_calls_survive_a_queue_that_is_emptied_again_and_again(stack: Stack) -> None:
    since, leads, queue = stack.newest_interaction(), stack.shell(LEADS), valkey_of(stack)
    for lead in leads:
        assert stack.call(lead).status_code == 200
        queue.flushall()
    check_all_qualified(stack, since)


def test_calls_survive_a_queue_that_is_killed_while_they_are_asked_for(stack: Stack) -> None:
    since, leads = stack.newest_interaction(), stack.shell(LEADS)
    for number, lead in enumerate(leads):
        if number in (3, 12):
            _kill_valkey(stack)
        assert stack.call(lead).status_code == 200
    check_all_qualified(stack, since)


def _kill_valkey(stack: Stack) -> None:
    def killed() -> bool:
        with suppress(ProcessLookupError, TypeError):
            os.kill(stack.installation.pids()["valkey"], signal.SIGKILL)
            return True
        return False

    wait_for(killed, 10)


def test_calls_survive_a_database_that_is_locked_for_seconds(stack: Stack) -> None:
    since, leads = stack.newest_interaction(), stack.shell(LEADS)
    lock = threading.Thread(target=_lock_database, args=(stack, 4.0))
    lock.start()
    for lead in leads:
        assert stack.call(lead).status_code == 200
    lock.join()
    check_all_qualified(stack, since)


def _lock_database(stack: Stack, seconds: float) -> None:
    database = sqlite3.connect(stack.installation.var / "db.sqlite3", timeout=20, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    time.sleep(seconds)
    database.execute("ROLLBACK")
    database.close()


def test_the_whole_installation_killed_in_the_middle_goes_on_where_it_was(stack: Stack) -> None:
    since, leads = stack.newest_interaction(), stack.shell(LEADS)
    for lead in leads:
        assert stack.call(lead).status_code == 200
    stack.installation.signal(signal.SIGKILL)
    stack.installation.wait()
    stack.start()
    rows = stack.wait_until_all_final(since, seconds=100)
    # The phone network died too: a request it had not accepted yet ends as "not placed", and nobody's phone rang.
    placed = {row["public_id"] for row in rows if row["status"] == "qualified"}
    assert {row["error_code"] for row in rows if row["public_id"] not in placed} <= {"NOT_PLACED"}
    check_book(stack, placed)
