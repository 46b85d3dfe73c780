"""What a tick of the dialer costs with 10,000 scheduled leads, and with as many as asked for: 1,000,000 by default.

`python -m bench.dialer_tick [count]` prints the ratio, on PostgreSQL (or TEST_DATABASE=sqlite); above 1.3 is a failure.
In each round the same number of leads are due, and the tick begins their calls; all others are scheduled for later.
The two sizes stand in databases of their own and take turns, so that what else the machine does is the same for both.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import time
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

FEW, MANY, BATCH, DUE, ROUNDS, ALLOWED = 10_000, 1_000_000, 5_000, 20, 41, 1.3


def main() -> int:
    os.environ.setdefault("TEST_DATABASE", "postgres")
    sizes = (FEW, int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
    context = multiprocessing.get_context("spawn")
    ends = []
    for size in sizes:
        here, there = context.Pipe()
        context.Process(target=_serve, args=(size, there)).start()
        ends.append(here)
    for end in ends:
        end.recv()
    took: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for end, seconds in zip(ends, took, strict=True):
            end.send("tick")
            seconds.append(end.recv())
    for end in ends:
        end.send("end")
    few, many = (statistics.median(seconds) for seconds in took)
    for size, middle in zip(sizes, (few, many), strict=True):
        print(f"{os.environ['TEST_DATABASE']}, {size:,} scheduled: {middle * 1000:.1f} ms for a tick of {DUE} calls")
    print(f"ratio {many / few:.2f}, allowed {ALLOWED}")
    return 0 if many / few <= ALLOWED else 1


def _serve(size: int, pipe: Connection) -> None:
    """One database with so many entries; each request is one round."""
    from tests import settings_env

    settings_env.apply()
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        _fill(size)
        pipe.send("ready")
        round_ = 0
        while pipe.recv() == "tick":
            pipe.send(_round(round_))
            round_ += 1
    finally:
        settings_env.stop_servers()


def _fill(size: int) -> None:
    from django.db import connection

    from calls.models import DialerEntry
    from campaigns.models import Campaign
    from common import clock
    from leads.models import Lead
    from tests import world

    campaign = world.make_calling_workspace()
    Campaign.objects.update(dialer=Campaign.Dialer.ON)
    later = clock.now() + timedelta(days=1)
    for start in range(0, size, BATCH):
        numbers = range(start, min(start + BATCH, size))
        leads = Lead.objects.bulk_create(
            Lead(workspace=campaign.workspace, campaign=campaign, phone=f"+1212{2_000_000 + number}")
            for number in numbers
        )
        DialerEntry.objects.bulk_create(
            _entry(campaign, lead, number % 4, later + timedelta(seconds=number))
            for number, lead in zip(numbers, leads, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _entry(campaign: Any, lead: Any, lane: int, due_at: Any) -> Any:
    from calls.models import DialerEntry

    return DialerEntry(workspace=campaign.workspace, campaign=campaign, lead=lead, lane=lane, due_at=due_at)


def _round(round_: int) -> float:
    from calls.dialer.tick import tick
    from calls.models import DialerEntry, Interaction
    from common import clock

    ids = DialerEntry.objects.order_by("id").values_list("pk", flat=True)
    rows = DialerEntry.objects.filter(pk__in=list(ids[round_ * DUE : (round_ + 1) * DUE]))
    rows.update(due_at=clock.now() - timedelta(minutes=1))
    began = time.perf_counter()
    assert tick() == DUE
    took = time.perf_counter() - began
    rows.update(state="waiting", interaction=None, due_at=clock.now() + timedelta(days=2))
    Interaction.objects.all().delete()
    return took


if __name__ == "__main__":
    sys.exit(main())
