from __future__ import annotations

import asyncio
from collections import OrderedDict

from sandbox.audio import render
from sandbox.calls import Plan
from sandbox.script import talk_of

CACHED = 64


class Recordings:
    """MP3s, made when somebody asks; the same call always sounds the same, so nothing needs to be kept on disk."""

    def __init__(self) -> None:
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._one_at_a_time = asyncio.Semaphore(1)

    async def mp3(self, plan: Plan) -> bytes:
        async with self._one_at_a_time:
            if plan.conversation_id not in self._cache:
                self._cache[plan.conversation_id] = await asyncio.to_thread(render, talk_of(plan))
        self._cache.move_to_end(plan.conversation_id)
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return self._cache[plan.conversation_id]
