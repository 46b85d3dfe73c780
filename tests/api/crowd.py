"""Many who ask at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def at_once(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    start = threading.Barrier(count)

    def run(_: int) -> Answer:
        start.wait()
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
