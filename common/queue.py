"""Handing work to RQ. The database holds the truth: what the queue loses, a sweep finds and sends again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import django_rq
import structlog
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError
from rq.queue import Queue

log = structlog.get_logger(__name__)
KEEP_FAILED_SECONDS = 24 * 3600
BACKLOG = 500


def enqueue_after_commit(job: str, *args: Any, queue: str = "default", first: bool = False) -> None:
    """The job by dotted name, ids in `args`. A queue that is down must not break the request that wrote the row."""
    transaction.on_commit(partial(enqueue, job, *args, queue=queue, first=first))


def enqueue_many_after_commit(job: str, ids: Sequence[int], *, queue: str = "default", each: int = 1) -> None:
    """Jobs of `each` ids, all in one round trip."""
    transaction.on_commit(partial(enqueue_many, job, list(ids), queue=queue, each=each))


@lru_cache
def _queue(name: str) -> Queue:
    return django_rq.get_queue(name)


def redis() -> Redis:
    """One pool of connections for the whole process."""
    return _queue("default").connection


def enqueue(job: str, *args: Any, queue: str = "default", first: bool = False) -> bool:
    """`first`: before all that waits, for what somebody is looking at."""
    try:
        _queue(queue).enqueue(job, *args, result_ttl=0, failure_ttl=KEEP_FAILED_SECONDS, at_front=first)
    except (RedisError, OSError) as error:
        log.warning("queue_unreachable", job=job, error=str(error))
        return False
    return True


def enqueue_many(job: str, ids: Sequence[int], *, queue: str = "default", each: int = 1) -> bool:
    parts = [tuple(ids[start : start + each]) for start in range(0, len(ids), each)]
    jobs = [Queue.prepare_data(job, part, result_ttl=0, failure_ttl=KEEP_FAILED_SECONDS) for part in parts]
    try:
        if jobs:
            _queue(queue).enqueue_many(jobs)
    except (RedisError, OSError) as error:
        log.warning("queue_unreachable", job=job, jobs=len(jobs), error=str(error))
        return False
    return True


def is_reachable() -> bool:
    try:
        return bool(redis().ping())
    except (RedisError, OSError):
        return False


def has_room(queue: str) -> bool:
    """Asked by sweeps: while many jobs wait, the workers are behind, and more jobs for the same rows are no help."""
    try:
        return bool(_queue(queue).count < BACKLOG)
    except (RedisError, OSError):
        return False
