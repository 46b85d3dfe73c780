"""What the long-running processes share: a token, a heartbeat, a lease, and how they end."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from datetime import timedelta

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q

from common import clock
from common.models import Lease, ProcessHeartbeat
from common.queue import is_reachable

log = structlog.get_logger(__name__)
BEAT_SECONDS = 2.0
LEASE_SECONDS = 8


def new_token() -> str:
    return secrets.token_hex(12)


class Heartbeat(threading.Thread):
    """Writes the process's row until told to stop; a database that is down is tried again at the next beat."""

    def __init__(self, *, kind: str, token: str, watches_queue: bool = False) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.kind, self.token, self.watches_queue = kind, token, watches_queue
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                close_old_connections()
                self.beat()
            except DatabaseError as error:
                log.warning("heartbeat_failed", error=str(error))
            self._stopped.wait(BEAT_SECONDS)
        connection.close()

    def beat(self) -> None:
        fields = {
            "kind": self.kind,
            "host": socket.gethostname()[:80],
            "pid": os.getpid(),
            "queue_ok": is_reachable() if self.watches_queue else True,
        }
        ProcessHeartbeat.objects.update_or_create(token=self.token, defaults={**fields, "seen_at": clock.real_now()})

    def stop(self) -> None:
        self._stopped.set()
        self.join(timeout=5)
        try:
            ProcessHeartbeat.objects.filter(token=self.token).delete()
        except DatabaseError as error:
            log.warning("heartbeat_not_removed", error=str(error))


def hold_lease(*, name: str, holder: str) -> bool:
    """True while `holder` leads. The two updates are compare-and-swap: two takers cannot both win."""
    now, lasts = clock.real_now(), timedelta(seconds=LEASE_SECONDS)
    until = now + lasts
    if Lease.objects.filter(name=name, holder=holder).update(expires_at=until):
        return True
    # One that seems to last far longer was written before the system's clock was set back.
    over = Q(expires_at__lt=now) | Q(expires_at__gt=now + 2 * lasts)
    if Lease.objects.filter(over, name=name).update(holder=holder, expires_at=until):
        return True
    _, created = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "expires_at": until})
    return created


def release_lease(*, name: str, holder: str) -> None:
    Lease.objects.filter(name=name, holder=holder).update(expires_at=clock.real_now() - timedelta(seconds=1))


def forget_dead_processes() -> None:
    dead = ProcessHeartbeat.objects.filter(seen_at__lt=clock.real_now() - timedelta(hours=1))
    # Asked first: a DELETE takes SQLite's write lock even where there is nothing to delete.
    if dead.exists():
        dead.delete()
