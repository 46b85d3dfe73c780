"""Bounded threads in which a worker waits for the network, so that the next job need not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


class Pool:
    def __init__(self, work: Callable[[int], None], *, size: int, name: str) -> None:
        self._work, self._size, self._name = work, size, name
        self._free = threading.BoundedSemaphore(size)
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, pk: int) -> None:
        """When every thread is taken the worker waits here and takes no further job, and another worker may."""
        self._free.acquire()
        self._threads = self._threads or ThreadPoolExecutor(self._size, thread_name_prefix=self._name)
        self._threads.submit(self._run, pk)

    def _run(self, pk: int) -> None:
        try:
            self._work(pk)
        except Exception as error:
            # The row says where it stopped, and the sweep takes it up from there.
            log.exception("pool_work_died", pool=self._name, pk=pk, exc_info=error)
        finally:
            connection.close()
            self._free.release()

    def drain(self) -> None:
        if self._threads:
            self._threads.shutdown(wait=True)
        self._threads = None
