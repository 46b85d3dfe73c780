from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

from sandbox.calls import JSON
from sandbox.control import Control
from sandbox.store import Store

# Measured from one attempt to the next, in nominal seconds; the provider's published schedule.
RETRY_WAITS = (30, 120, 480, 1800)
RETRIED = {408, 429}
MAX_PENDING = 100
DISABLE_AFTER = 10
DISABLE_SILENCE = 7 * 86400
TIMEOUT = aiohttp.ClientTimeout(total=30)
CHUNK = 1000


def may_retry(status: int) -> bool:
    return status in RETRIED or status >= 500


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def is_off(hook: JSON) -> bool:
    return bool(hook["is_disabled"] or hook["is_auto_disabled"])


class Courier:
    """Brings a signed body to a webhook and keeps the webhook's health as the provider does."""

    def __init__(self, store: Store, control: Control) -> None:
        self.store = store
        self.control = control
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def post(self, tenant: str, hook: JSON, body: bytes, signature: str, chunked: bool) -> int | None:
        """The HTTP status, 408 for a timeout, None where nobody listens."""
        headers = {"Content-Type": "application/json", "User-Agent": "ElevenLabs-Webhook/1.0"}
        headers |= {name: value for name, value in (hook.get("request_headers") or {}).items() if value}
        headers["ElevenLabs-Signature"] = signature
        try:
            async with self.session().post(
                hook["webhook_url"],
                data=in_chunks(body) if chunked else body,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                status: int | None = answer.status
        except TimeoutError:
            status = 408
        except (aiohttp.ClientError, OSError, ValueError):
            status = None
        self._health(tenant, hook, status)
        return status

    def _health(self, tenant: str, hook: JSON, status: int | None) -> None:
        now = self.control.clock.now()
        if status == 200:
            # One write a minute is enough to know when the last success was.
            if hook["failures"] or now - hook["last_success"] > 60:
                hook.update(failures=0, last_success=now)
                self._save(tenant, hook)
            return
        hook.update(
            failures=hook["failures"] + 1,
            most_recent_failure_error_code=status,
            most_recent_failure_timestamp=int(now),
        )
        silent = now - hook["last_success"] > DISABLE_SILENCE
        hook["is_auto_disabled"] = hook["is_auto_disabled"] or (hook["failures"] >= DISABLE_AFTER and silent)
        self._save(tenant, hook)

    def _save(self, tenant: str, hook: JSON) -> None:
        if self.store.get(tenant, "webhook", hook["webhook_id"]) is not None:
            self.store.put(tenant, "webhook", hook["webhook_id"], hook)
