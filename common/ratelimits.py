"""How many requests a key has left: counted in one step in Redis, whatever the number of web processes."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from common.queue import redis

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60
# The counter and the end of its window are made in one step: else a process that dies in between counts for ever.
COUNT = """
local used = redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}
"""


@dataclass(frozen=True)
class Quota:
    limit: int
    remaining: int
    resets_in: int
    """Whole seconds until all are free again."""
    exceeded: bool = False
    is_flood: bool = False
    """Beyond the first refusal of the window: no more news."""

    def headers(self) -> dict[str, str]:
        found = {
            "RateLimit-Policy": f"{self.limit};w={WINDOW_SECONDS}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.resets_in),
        }
        return found | ({"Retry-After": str(self.resets_in)} if self.exceeded else {})


def take(name: str, *, limit: int) -> Quota:
    """Without Redis nobody is counted: it is better to answer too often than not at all."""
    try:
        used, milliseconds = redis().eval(COUNT, 1, f"quota:{name}", WINDOW_SECONDS * 1000)
    except (RedisError, OSError) as error:
        log.warning("quota_not_counted", error=str(error))
        return Quota(limit=limit, remaining=limit, resets_in=WINDOW_SECONDS)
    resets_in = max(1, -(-int(milliseconds) // 1000))
    return Quota(
        limit=limit,
        remaining=max(0, limit - used),
        resets_in=resets_in,
        exceeded=used > limit,
        is_flood=used > limit + 1,
    )
