"""How long PostgreSQL waits for a lock, and for a transaction that says nothing: a migration may take its time."""

from __future__ import annotations

from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connections

LIMITS = ("lock_timeout", "idle_in_transaction_session_timeout")
# A matter of the database, not of the row at hand: nothing was kept, and the same may succeed in a moment. Whose
# transaction was silent for too long is told so by an InternalError.
OF_THE_DATABASE = (OperationalError, InterfaceError, InternalError)


def wait_as_long_as_it_takes(*, using: str, **_: Any) -> None:
    _execute(using, "SET {} = 0")


def wait_as_usual(*, using: str, **_: Any) -> None:
    """As the connection was opened: it may go back to a pool."""
    _execute(using, "RESET {}")


def _execute(using: str, statement: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            for limit in LIMITS:
                cursor.execute(statement.format(limit))
