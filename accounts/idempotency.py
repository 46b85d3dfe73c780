"""A request sent twice with the same Idempotency-Key acts once: its answer commits with what it made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from accounts.models import KeptAnswer, Workspace
from common import clock
from common.errors import ProblemError

KEPT = timedelta(hours=24)
BATCH = 500
KEY = re.compile(r"[\x21-\x7e]{1,255}")


class ReusedKeyError(ProblemError):
    status = 409


@dataclass(frozen=True)
class Kept:
    status: int
    data: Any
    replayed: bool = False


def fingerprint_of(method: str, path: str, body: Any, scopes: Iterable[str]) -> str:
    """The same JSON written otherwise is the same request; that of a key which may do something else is not, for the
    answer may hold what only the first may know."""
    text = json.dumps([method, path, body, sorted(scopes)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def answer_once(*, workspace: Workspace, key: str, fingerprint: str, act: Callable[[], tuple[int, Any]]) -> Kept:
    """`act` makes the answer, or raises, which undoes all: a refused request made nothing, and may be sent again.

    Of several at once the first makes the row, and the others wait for its commit.
    """
    if not KEY.fullmatch(key):
        message = "An Idempotency-Key has 1 to 255 visible ASCII characters without spaces."
        raise ProblemError("VALIDATION_ERROR", message, details=[f"Idempotency-Key: {message}"])
    with transaction.atomic():
        KeptAnswer.objects.filter(workspace=workspace, key=key, created_at__lt=clock.now() - KEPT).delete()
        row, made = KeptAnswer.objects.get_or_create(
            workspace=workspace, key=key, defaults={"fingerprint": fingerprint}
        )
        if not made:
            return _replay(row, fingerprint)
        status, data = act()
        row.status, row.body = status, json.dumps(data)
        row.save(update_fields=["status", "body"])
    return Kept(status, data)


def _replay(row: KeptAnswer, fingerprint: str) -> Kept:
    if row.fingerprint != fingerprint:
        message = "This Idempotency-Key was used for another request within the last 24 hours: use a new one."
        raise ReusedKeyError("IDEMPOTENCY_KEY_REUSED", message)
    return Kept(row.status, json.loads(row.body), replayed=True)


def forget_kept_answers() -> None:
    """Some at a time, and none is looked for with a DELETE, which takes SQLite's write lock."""
    old = KeptAnswer.objects.filter(created_at__lt=clock.now() - KEPT).order_by("created_at")
    if ids := list(old.values_list("id", flat=True)[:BATCH]):
        KeptAnswer.objects.filter(pk__in=ids).delete()
