"""The threads in which a dial worker waits for the provider."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connection

from calls.dispatch.placing import dial
from common.process import new_token

log = structlog.get_logger(__name__)


class DialPool:
    """Bounded: when every thread waits for the provider, the worker takes no further job, and another worker may."""

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix="dial")
        self._free = threading.BoundedSemaphore(size)

    def submit(self, interaction_id: int) -> None:
        self._free.acquire()
        self._threads.submit(self._run, interaction_id)

    def _run(self, interaction_id: int) -> None:
        try:
            dial(interaction_id, new_token())
        except Exception as error:
            # The row says where it stopped, and the sweep takes it up from there.
            log.exception("dial_died", interaction_id=interaction_id, exc_info=error)
        finally:
            connection.close()
            self._free.release()

    def drain(self) -> None:
        self._threads.shutdown(wait=True)


_pool: DialPool | None = None


def pool() -> DialPool:
    global _pool
    _pool = _pool or DialPool(settings.DIAL_POOL_SIZE)
    return _pool


def drain() -> None:
    global _pool
    if _pool:
        _pool.drain()
    _pool = None
