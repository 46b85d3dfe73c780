"""Nobody holds a lock of PostgreSQL for ever, and a migration may wait for one as long as it takes."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection, transaction

from common import patience
from leads.models import Lead
from leadsail import settings as ours

on_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a timeout of its own.")
WANTED = "-c idle_in_transaction_session_timeout=15s -c lock_timeout=10s"


def limits() -> list[str]:
    with connection.cursor() as cursor:
        return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in patience.LIMITS]


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ("", WANTED),
        ("?options=-c%20lock_timeout%3D30s", f"{WANTED} -c lock_timeout=30s"),
        ("?sslmode=require", WANTED),
    ],
)
def test_what_the_address_says_comes_after_ours(monkeypatch: pytest.MonkeyPatch, more: str, options: str) -> None:
    monkeypatch.setattr(ours, "DATABASE_URL", f"postgres://user:secret@db/leadsail{more}")
    found = ours._database()["OPTIONS"]
    assert found["options"] == options
    assert found["pool"]["min_size"] == 1
    assert found.get("sslmode") == ("require" if "sslmode" in more else None)


def test_sqlite_has_no_such_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "DATABASE_URL", "sqlite:///db.sqlite3")
    assert "options" not in ours._database()["OPTIONS"]


@on_postgres
@pytest.mark.django_db
def test_every_connection_has_both_limits_and_a_migration_none() -> None:
    assert limits() == ["10s", "15s"]
    patience.wait_as_long_as_it_takes(using="default")
    assert limits() == ["0", "0"]
    patience.wait_as_usual(using="default")
    assert limits() == ["10s", "15s"]


@pytest.mark.django_db
def test_migrate_waits_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.management import call_command

    done: list[str] = []
    monkeypatch.setattr(patience, "_execute", lambda using, statement: done.append(statement))
    call_command("migrate", verbosity=0)
    assert done == ["SET {} = 0", "RESET {}"]


def in_a_thread(work: Any, limit: str) -> BaseException | None:
    """What came of it on a connection of its own, with a limit that is short enough for a test."""
    came: list[BaseException] = []

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET {limit} = '200ms'")
            work()
        except Exception as error:
            came.append(error)
        finally:
            patience.wait_as_usual(using="default")
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return came[0] if came else None


def lock(lead: Lead, silent: float = 0) -> None:
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)
        time.sleep(silent)
        Lead.objects.count()


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_both_come_as_a_matter_of_the_database(lead: Lead) -> None:
    frozen = in_a_thread(lambda: lock(lead, silent=0.5), "idle_in_transaction_session_timeout")
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)
        kept_waiting = in_a_thread(lambda: lock(lead), "lock_timeout")
    assert (type(frozen), type(kept_waiting)) == (InternalError, OperationalError)
    assert isinstance(frozen, patience.OF_THE_DATABASE)
    assert isinstance(kept_waiting, patience.OF_THE_DATABASE)
