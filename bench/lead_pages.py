"""What a page of 100 leads costs at the newest lead and at the oldest, through the API, on both databases.

`python -m bench.lead_pages 1000000` prints a ratio for each; above 1.5 on any is a failure.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

BATCH, PAGE, ROUNDS, ALLOWED = 5_000, 100, 25, 1.5
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def measure(count: int) -> bool:
    """Here, on the database of TEST_DATABASE; False when the deep pages cost more."""
    from tests import settings_env

    settings_env.apply()
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        return all(list(_compare(count)))
    finally:
        settings_env.stop_servers()


def _compare(count: int) -> Iterator[bool]:
    from django.db import connection
    from django.test import Client

    from leads.models import Lead
    from tests import world

    campaign = world.make_calling_workspace()
    _fill(campaign, count)
    key = world.make_key(campaign.workspace)
    campaign.workspace.api_keys.update(requests_per_minute=1_000_000)
    client = Client(headers={"X-API-Key": key})
    deep = Lead.objects.order_by("id")[5 * PAGE].public_id
    for name, query in (
        ("all", ""),
        ("by status", "&status=contacted"),
        ("by campaign", f"&campaignIds={campaign.code}"),
        ("between dates", "&startDate=2025-01-01"),
    ):
        first, last = _times(client, query, f"{query}&cursor={deep}")
        ratio = last / first
        words = f"first {first * 1000:.1f} ms, deep {last * 1000:.1f} ms, ratio {ratio:.2f}"
        print(f"{connection.vendor}, {count:,} leads, {name}: {words}", flush=True)
        yield ratio <= ALLOWED


def _fill(campaign: Any, count: int) -> None:
    from django.db import connection

    from leads.models import Lead

    statuses = ("new", "contacted", "no_answer", "qualified")
    for start in range(0, count, BATCH):
        Lead.objects.bulk_create(
            Lead(
                workspace=campaign.workspace,
                campaign=campaign,
                first_name=f"Jane {i}",
                last_name="Doe",
                email=f"jane{i}@example.com",
                phone=f"+1415{i:07}",
                status=statuses[i % 4],
                created_at=BEGAN + timedelta(seconds=i),
            )
            for i in range(start, min(count, start + BATCH))
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _times(client: Any, first: str, deep: str) -> tuple[float, float]:
    """Medians of alternating requests, so that whatever else the machine does falls on both."""
    for query in (first, deep):
        _get(client, query)
    pairs = [(_get(client, first), _get(client, deep)) for _ in range(ROUNDS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _get(client: Any, query: str) -> float:
    began = time.perf_counter()
    answer = client.get(f"/api/v1/leads?limit={PAGE}{query}")
    took = time.perf_counter() - began
    assert len(answer.json()["data"]["leads"]) == PAGE, answer.content[:300]
    return took


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    if "TEST_DATABASE" in os.environ:
        raise SystemExit(not measure(wanted))
    command = [sys.executable, "-m", "bench.lead_pages", str(wanted)]
    runs = [
        subprocess.run(command, env=os.environ | {"TEST_DATABASE": kind}, check=False)
        for kind in ("postgres", "sqlite")
    ]
    raise SystemExit(any(run.returncode for run in runs))
