"""Threads that wait for receivers, shared out between workspaces in turn: however many endpoints one of them has, and
however long they let us wait, the others are served."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


class Lane:
    def __init__(self, work: Callable[[int], None], *, size: int, share: int, name: str) -> None:
        self.draining = False
        self._work, self._size, self._share, self._name = work, size, share, name
        self._lock = threading.Lock()
        # By workspace, and the workspace whose turn it is first.
        self._waiting: dict[int, list[int]] = {}
        self._busy: Counter[int] = Counter()
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, workspace_id: int, pk: int) -> None:
        """Never waits. What stands in line already is not put there twice."""
        with self._lock:
            if self.draining or pk in self._waiting.setdefault(workspace_id, []):
                return
            self._waiting[workspace_id].append(pk)
            self._start()

    def _start(self) -> None:
        while self._busy.total() < self._size and (workspace_id := self._next()) is not None:
            line = self._waiting.pop(workspace_id)
            pk = line.pop(0)
            if line:
                self._waiting[workspace_id] = line
            self._busy[workspace_id] += 1
            self._threads = self._threads or ThreadPoolExecutor(self._size, thread_name_prefix=self._name)
            self._threads.submit(self._run, workspace_id, pk)

    def _next(self) -> int | None:
        return next((workspace for workspace in self._waiting if self._busy[workspace] < self._share), None)

    def _run(self, workspace_id: int, pk: int) -> None:
        try:
            self._work(pk)
        except Exception as error:
            # The rows say where it stopped, and the sweep takes it up from there.
            log.exception("lane_work_died", lane=self._name, pk=pk, exc_info=error)
        finally:
            connection.close()
            with self._lock:
                self._busy[workspace_id] -= 1
                if not self.draining:
                    self._start()

    def close(self) -> None:
        """Nothing is begun any more; what stands in line is found by the sweep."""
        with self._lock:
            self.draining = True
            self._waiting.clear()

    def wait(self) -> None:
        """Until what was begun before `close` has ended."""
        threads, self._threads = self._threads, None
        if threads:
            threads.shutdown(wait=True)
        self.draining = False
