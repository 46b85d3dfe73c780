from __future__ import annotations

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """An empty cache while Redis is away: logging in must not depend on the counter that slows down guessing."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try("get", default, key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> None:
        self._try("set", None, key, value, timeout, version)

    def add(self, key: Any, value: Any, timeout: Any = None, version: int | None = None) -> bool:
        return bool(self._try("add", True, key, value, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._try("delete", False, key, version))

    def _try(self, verb: str, otherwise: Any, *args: Any) -> Any:
        try:
            return getattr(super(), verb)(*args)
        except (RedisError, OSError) as error:
            log.warning("cache_unreachable", verb=verb, error=str(error))
            return otherwise
