"""A provider at the one HTTP seam: answers as told, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.http import Answer

Reply = Answer | Exception | Callable[["Asked"], Answer]


@dataclass
class Asked:
    method: str
    url: str
    headers: dict[str, str]
    json: Any
    params: Any
    timeout: tuple[float, float]
    data: bytes | None = None


@dataclass
class FakeNetwork:
    asked: list[Asked] = field(default_factory=list)
    replies: dict[str, list[Reply]] = field(default_factory=dict)

    def on(self, path: str, *replies: Reply) -> None:
        """For addresses that contain `path`, in order; the last one stays."""
        self.replies[path] = list(replies)

    def accept_calls(self, conversation_id: str = "conv_1") -> None:
        body = {"success": True, "message": "ok", "conversation_id": conversation_id, "callSid": "CA1"}
        self.on("outbound-call", answer(200, body))

    @property
    def dials(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST" and "outbound-call" in asked.url]

    def call(self, method: str, url: str, **how: Any) -> Answer:
        for name in ("max_bytes", "once", "public_only"):
            how.pop(name, None)
        asked = Asked(method, url, **{"json": None, "params": None, **how})
        self.asked.append(asked)
        for path in sorted(self.replies, key=len, reverse=True):
            if path in url:
                return _give(self.replies[path], asked)
        raise AssertionError(f"nobody expected {method} {url}")


def _give(replies: list[Reply], asked: Asked) -> Answer:
    reply = replies.pop(0) if len(replies) > 1 else replies[0]
    if isinstance(reply, Exception):
        raise reply
    return reply(asked) if callable(reply) else reply


def answer(status: int, json: Any = None, *, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    return Answer(status=status, json=json, body=body, headers=headers or {})
