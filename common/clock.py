"""The one clock of all business time.

`CLOCK` is "<real origin>,<business origin>,<speed>" in Unix seconds: the supervisor computes it once from NOW and SPEED
and hands it to every process, so that all of them agree and a restarted one continues. Leases, stale claims and HTTP
timeouts run on `real_now()`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.conf import settings


def timestamp() -> float:
    return _business(time.time())


def _business(real: float) -> float:
    if not settings.CLOCK:
        return real
    real_origin, business_origin, speed = map(float, settings.CLOCK.split(","))
    return business_origin + (real - real_origin) * speed


def now() -> datetime:
    return datetime.fromtimestamp(timestamp(), tz=UTC)


def real_now() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


def business_time(moment: datetime) -> datetime:
    """What the business clock showed at a moment of real time."""
    return datetime.fromtimestamp(_business(moment.timestamp()), tz=UTC) if settings.CLOCK else moment


def speed() -> float:
    return float(settings.CLOCK.split(",")[2]) if settings.CLOCK else 1.0
