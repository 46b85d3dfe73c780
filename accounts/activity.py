"""What keys were used for. A request only appends a line in Redis; the sweep writes the lines to the database."""

from __future__ import annotations

import json

import django_rq
import structlog
from django.http import HttpRequest
from redis.exceptions import RedisError

from accounts.models import ApiKey
from common import clock

log = structlog.get_logger(__name__)
LINES = "api:activity"
MOST_LINES = 100_000


def log_request(*, key: ApiKey, request: HttpRequest, status: int, milliseconds: int) -> None:
    line = {
        "api_key_id": key.pk,
        "at": clock.now().isoformat(),
        "method": (request.method or "")[:10],
        "path": request.path[:300],
        "status": status,
        "milliseconds": milliseconds,
        "ip": request.META.get("REMOTE_ADDR", "")[:45],
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    try:
        with django_rq.get_connection("default").pipeline(transaction=False) as pipe:
            pipe.rpush(LINES, json.dumps(line))
            pipe.ltrim(LINES, -MOST_LINES, -1)
            pipe.execute()
    except (RedisError, OSError) as error:
        log.warning("activity_not_kept", error=str(error), **line)
