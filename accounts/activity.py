"""What keys were used for. A request only appends a line in Redis; the sweep writes the lines to the database."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from redis.exceptions import RedisError

from accounts.models import ApiKey, ApiRequest
from common import clock
from common.queue import redis

log = structlog.get_logger(__name__)
LINES = "api:activity"
MOST_LINES = 100_000
BATCH = 500
MOST_BATCHES = 10
KEPT = timedelta(days=30)


def address_of(request: HttpRequest) -> str:
    """Behind a proxy the one that it tells, as for logins."""
    try:
        return str(get_adapter(request).get_client_ip(request))[:45]
    except PermissionDenied:
        return ""


def log_request(*, key: ApiKey, request: HttpRequest, status: int, milliseconds: int) -> None:
    line = {
        "api_key_id": key.pk,
        "at": clock.now().isoformat(),
        "method": (request.method or "")[:10],
        "path": request.path[:300].replace("\0", ""),
        "status": status,
        "milliseconds": milliseconds,
        "ip": address_of(request),
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    try:
        with redis().pipeline(transaction=False) as pipe:
            pipe.rpush(LINES, json.dumps(line))
            pipe.ltrim(LINES, -MOST_LINES, -1)
            pipe.execute()
    except (RedisError, OSError) as error:
        log.warning("activity_not_kept", error=str(error), **line)


def sweep_activity() -> None:
    _write_lines()
    old = ApiRequest.objects.filter(at__lt=clock.now() - KEPT).order_by("at")
    if ids := list(old.values_list("id", flat=True)[:BATCH]):
        ApiRequest.objects.filter(pk__in=ids).delete()


def _write_lines() -> None:
    """A line leaves Redis after it is in the database: what fails in between is written twice rather than lost."""
    try:
        for _ in range(MOST_BATCHES):
            raw = cast("list[bytes]", redis().lrange(LINES, 0, BATCH - 1))
            ApiRequest.objects.bulk_create(_of_known_keys([row for line in raw if (row := _read(line))]))
            redis().ltrim(LINES, len(raw), -1)
            if len(raw) < BATCH:
                return
    except (RedisError, OSError) as error:
        log.warning("activity_not_read", error=str(error))


def _of_known_keys(rows: list[ApiRequest]) -> list[ApiRequest]:
    known = set(ApiKey.objects.filter(pk__in={row.api_key_id for row in rows}).values_list("pk", flat=True))
    return [row for row in rows if row.api_key_id in known]


def _read(line: bytes) -> ApiRequest | None:
    try:
        said: dict[str, Any] = json.loads(line)
        row = ApiRequest(**{**said, "at": datetime.fromisoformat(said["at"]), "api_key_id": int(said["api_key_id"])})
        row.clean_fields(exclude=["api_key"])
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        log.warning("activity_line_dropped", error=str(error), line=line[:300])
        return None
    return row
