"""`manage.py scheduler`: any number may run, one leads; another takes over within ten seconds."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from accounts.activity import sweep_activity
from accounts.idempotency import forget_kept_answers
from calls.dialer.sweep import sweep_dialer
from calls.dialer.tick import tick
from calls.dispatch.sweep import sweep_dispatch
from calls.ingest.sweep import sweep_ingest
from common.once import forget_sent_forms
from common.patience import OF_THE_DATABASE
from common.process import Heartbeat, forget_dead_processes, hold_lease, new_token, release_lease
from leads.bulk import sweep_bulk_changes
from webhooks.sweep import sweep_webhooks

log = structlog.get_logger(__name__)
LEASE = "scheduler"
DIALER_LEASE = "dialer"
STEP_SECONDS = 1.0
TICK_SECONDS = 0.5
SWEEPS: tuple[Callable[[], None], ...] = (
    sweep_dispatch,
    sweep_dialer,
    sweep_ingest,
    forget_dead_processes,
    forget_sent_forms,
    sweep_activity,
    forget_kept_answers,
    sweep_bulk_changes,
    sweep_webhooks,
)


class Command(BaseCommand):
    help = "Sweeps every second for work that is due."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        token = new_token()
        heartbeat = Heartbeat(kind="scheduler", token=token, watches_queue=True)
        heartbeat.start()
        dialer = threading.Thread(target=dial, args=(token, stopped), name="dialer")
        dialer.start()
        try:
            lead(token, stopped)
        finally:
            stopped.set()
            dialer.join()
            release_lease(name=LEASE, holder=token)
            heartbeat.stop()


def dial(token: str, stopped: threading.Event) -> None:
    """In a thread of its own: a sweep that takes long must not hold up the calls."""
    while not stopped.is_set():
        began = time.monotonic()
        try:
            close_old_connections()
            if hold_lease(name=DIALER_LEASE, holder=token):
                tick()
        except Exception as error:
            log.exception("tick_failed", exc_info=error)
        stopped.wait(max(TICK_SECONDS - (time.monotonic() - began), 0.05))
    release_lease(name=DIALER_LEASE, holder=token)
    connection.close()


def lead(token: str, stopped: threading.Event) -> None:
    while not stopped.is_set():
        began = time.monotonic()
        try:
            close_old_connections()
            if hold_lease(name=LEASE, holder=token):
                sweep_all()
        except (DatabaseError, InterfaceError) as error:
            log.warning("sweep_failed", error=str(error))
        stopped.wait(max(STEP_SECONDS - (time.monotonic() - began), 0.05))


def sweep_all() -> None:
    """One sweep that fails does not keep the others from their work."""
    for sweep in SWEEPS:
        try:
            sweep()
        except OF_THE_DATABASE:
            raise
        except Exception as error:
            log.exception("sweep_fault", sweep=sweep.__name__, exc_info=error)
