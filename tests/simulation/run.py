"""Simulated weeks with as many leads as wanted: `python -m tests.simulation.run --leads 5000 --keep <folder>`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests import settings_env
from tests.simulation import checker
from tests.simulation.plan import WEEKS, make_plan


def simulate(weeks: Sequence[str], *, leads: int, seed: int, folder: Path) -> None:
    """Each from an empty database and an empty sandbox."""
    settings_env.apply()
    try:
        import django

        django.setup()
        settings_env.adapt_settings()
        from django.core.cache import cache
        from django.core.management import call_command

        from tests.simulation.driver import live

        call_command("migrate", verbosity=0)
        for week in weeks:
            call_command("flush", interactive=False, verbosity=0)
            cache.clear()
            live(make_plan(week=week, leads=leads, seed=seed), folder / week, say=say)
    finally:
        settings_env.stop_servers()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulated weeks, each over a change of the clocks.")
    parser.add_argument("--weeks", choices=WEEKS, nargs="+", default=list(WEEKS))
    parser.add_argument("--leads", type=int, default=5_000, help="in each week")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new folder for plans, books and the rest; default: thrown away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ls-weeks-") as scratch:
        folder = options.keep or Path(scratch)
        simulate(options.weeks, leads=options.leads, seed=options.seed, folder=folder)
        checked = [checker.check_folder(folder / week) for week in options.weeks]
    for week in checked:
        say(checker.report(week))
    return 1 if any(week.found for week in checked) else 0


if __name__ == "__main__":
    sys.exit(main())
