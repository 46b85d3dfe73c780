"""Whether the pace that is set is the pace that is held: dials through the sandbox at 1, 10 and 50 calls a second.

`python -m bench.pace` runs on both databases, with two dial workers as `manage.py up` starts them, and prints what the
sandbox's book says. More than 2 % away from what is set, or more than a tenth of a second's calls too many in any ten
seconds, is a failure. `python -m bench.pace 50 10` tries 50 calls a second for 10 seconds.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

PORT, WORKERS, AHEAD, ALLOWED = 9310, 2, 3.0, 0.02
WARMING_UP = (20, 12)
PACES = ((1, 20), (10, 20), (50, 20))
# The ending of numbers whose calls are accepted and never reported: what comes after the dial is not measured here.
ENDING = "45"


def measure(paces: tuple[tuple[int, int], ...]) -> bool:
    """Here, on the database of TEST_DATABASE."""
    from tests import settings_env

    settings_env.apply()
    # One for each thread of a worker, as in production: those that wait for their start keep theirs.
    os.environ["DB_POOL"] = "40"
    os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{PORT}"
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        with tempfile.TemporaryDirectory(prefix="ls-pace-") as folder, _sandbox(folder), _workers():
            # The first calls of a new process are slow.
            _feed(*_installation(WARMING_UP[0]), *WARMING_UP)
            held = [_run(*pace) for pace in paces]
            return all(held)
    finally:
        settings_env.stop_servers()


@contextmanager
def _sandbox(folder: str) -> Iterator[None]:
    with _running([sys.executable, "-m", "sandbox", "--port", str(PORT), "--data", folder]):
        _wait_for_sandbox()
        yield


def _wait_for_sandbox() -> None:
    for _ in range(100):
        try:
            urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The sandbox does not answer on port {PORT}.")


@contextmanager
def _workers() -> Iterator[None]:
    command = [sys.executable, "manage.py", "worker", "dial"]
    with _running(*[command] * WORKERS):
        yield


@contextmanager
def _running(*commands: list[str]) -> Iterator[None]:
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=120)


def _run(per_second: int, seconds: int) -> bool:
    from django.db import connection

    campaign, account = _installation(per_second)
    urlopen(Request(f"http://127.0.0.1:{PORT}/book", method="DELETE"), timeout=5).close()
    _feed(campaign, account, per_second, seconds)
    times = _book()
    pace = (len(times) - 1) / (times[-1] - times[0])
    most = _most_in(times, 10)
    words = f"{pace:.3f} a second in {len(times)} dials, at most {most} in any ten seconds"
    print(f"{connection.vendor}, {per_second} a second set: {words}", flush=True)
    return abs(pace / per_second - 1) <= ALLOWED and most <= 10 * per_second + math.ceil(per_second / 10)


def _installation(per_second: int) -> tuple[Any, Any]:
    from calls.providers.elevenlabs.setup import connect
    from campaigns.accounts import SANDBOX, new_sandbox_key
    from tests import world

    campaign = world.make_calling_workspace(f"Pace {per_second}")
    agent = campaign.production_agent
    assert agent
    account = agent.account
    account.host, account.api_key = SANDBOX, new_sandbox_key()
    account.calls_per_second, account.concurrency = per_second, 100_000
    account.save()
    connect(account, patience=10)
    return campaign, account


def _feed(campaign: Any, account: Any, per_second: int, seconds: int) -> None:
    """As the dialer's tick does: every second as many as can start within the next ones."""
    from calls import job_names
    from calls.dialer.tick import DIALS_A_JOB
    from calls.dispatch.sweep import sweep_dispatch
    from calls.models import Interaction
    from common import clock
    from common.queue import enqueue_many
    from leads.models import Lead

    made, ends = 0, time.monotonic() + seconds
    while (now := time.monotonic()) < ends:
        unsent = Interaction.objects.live().filter(account=account, sent_at=None).count()
        leads = [_lead(campaign, per_second, made + i) for i in range(math.ceil(per_second * AHEAD) - unsent)]
        made += len(leads)
        calls = [_call(lead, campaign, account) for lead in Lead.objects.bulk_create(leads)]
        Interaction.objects.bulk_create(calls)
        enqueue_many(job_names.DIAL, [call.pk for call in calls], queue="dial", each=DIALS_A_JOB)
        sweep_dispatch()
        time.sleep(max(1 - (time.monotonic() - now), 0))
    # What has no start yet gets none any more, the rest comes to its end.
    waiting = Interaction.objects.live().filter(account=account, dispatch="queued")
    waiting.update(not_before=clock.real_now() + timedelta(hours=1))
    time.sleep(AHEAD + 1)


def _lead(campaign: Any, per_second: int, number: int) -> Any:
    from leads.models import Lead

    phone = f"+1{200 + per_second}{number:05}{ENDING}"
    return Lead(workspace=campaign.workspace, campaign=campaign, phone=phone, first_name="Anna")


def _call(lead: Any, campaign: Any, account: Any) -> Any:
    from calls.models import Interaction

    agent = campaign.production_agent
    return Interaction(
        workspace=lead.workspace,
        lead=lead,
        campaign=campaign,
        agent=agent,
        account=account,
        caller_number=agent.caller_number,
        prompt_version=agent.template.current,
        to_number=lead.phone,
        from_number=agent.caller_number.e164,
        origin=Interaction.Origin.API,
    )


def _book() -> list[float]:
    with urlopen(f"http://127.0.0.1:{PORT}/book", timeout=10) as book:
        return sorted(float(json.loads(line)["accepted_at"]) for line in book)


def _most_in(times: list[float], seconds: int) -> int:
    return max(sum(1 for moment in times[at:] if moment < begins + seconds) for at, begins in enumerate(times))


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[1:]]
    wanted = ((numbers[0], numbers[1]),) if len(numbers) == 2 else PACES
    if "TEST_DATABASE" in os.environ:
        raise SystemExit(not measure(wanted))
    command = [sys.executable, "-m", "bench.pace", *sys.argv[1:]]
    runs = [
        subprocess.run(command, env=os.environ | {"TEST_DATABASE": kind}, check=False)
        for kind in ("postgres", "sqlite")
    ]
    raise SystemExit(any(run.returncode for run in runs))
