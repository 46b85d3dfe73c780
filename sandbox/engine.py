from __future__ import annotations

import asyncio
import base64
import sys
import traceback
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from sandbox import events, payloads
from sandbox.book import Book
from sandbox.calls import JSON, Call, Plan
from sandbox.control import Control
from sandbox.courier import MAX_PENDING, RETRY_WAITS, Courier, is_off, may_retry
from sandbox.recording import Recordings
from sandbox.scenarios import Step
from sandbox.script import talk_of
from sandbox.store import Store

PROCESSING_SECS = (2, 5)
DETECTION_SECS = 3
AUDIO = Step("audio", chunked=True)
SUBSCRIPTION = {
    "final": "transcript",
    "amd": "answering_machine_detection",
    "audio": "audio",
    "failure_unknown": "call_initiation_failure",
}


def subscription(call: Call, step: Step) -> str | None:
    if step.kind == "final" and call.plan.line.failure:
        return "call_initiation_failure"
    return SUBSCRIPTION.get(step.kind)


class Engine:
    """Lives every call through: ringing, talk, processing, report. All state is in the store after each step."""

    def __init__(self, store: Store, book: Book, control: Control, courier: Courier, recordings: Recordings) -> None:
        self.store = store
        self.book = book
        self.control = control
        self.courier = courier
        self.recordings = recordings
        self.live: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reported: dict[str, asyncio.Event] = {}
        self._pending: Counter[str] = Counter()

    def accept(self, plan: Plan) -> Call:
        call = Call(plan)
        self.book.dial(call)
        self.store.add_call(call)
        self._start(call)
        return call

    def resume(self) -> None:
        for call in self.store.live_calls():
            self._start(call)
            for index, attempt in call.retrying.items():
                self._spawn(self._retry(call, int(index), attempt))

    def find(self, tenant: str, conversation_id: str) -> Call | None:
        call = self.live.get(conversation_id)
        if call and call.plan.tenant == tenant:
            return call
        return None if call else self.store.call(tenant, conversation_id)

    def delete(self, call: Call) -> None:
        self.live.pop(call.id, None)
        self.store.drop_call(call.id)

    async def wait_for_report(self, call: Call, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._reported.setdefault(call.id, asyncio.Event()).wait(), seconds)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, call: Call) -> None:
        self.live[call.id] = call
        self._spawn(self._live(call))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            traceback.print_exception(task.exception(), file=sys.stderr)

    def _now(self) -> float:
        return self.control.clock.now()

    async def _until(self, since: float, nominal: float) -> None:
        """After a restart the time that has passed since then counts."""
        await self.control.sleep(nominal - self.control.nominal_since(since))

    async def _live(self, call: Call) -> None:
        if call.status == "initiated" and not await self._ring(call):
            return
        if call.status == "in-progress" and not await self._talk(call):
            return
        if call.status == "processing":
            await self._process(call)
        await self._report(call)

    async def _ring(self, call: Call) -> bool:
        plan = call.plan
        if plan.line.stuck == "initiated":
            return False
        await self._until(plan.accepted_at, plan.ring_secs)
        if plan.line.failure:
            self._end(call, "failed")
            call.done_at = call.ended_at
        else:
            call.answered_at = self._now()
            call.status = "in-progress"
            self.book.note(call.id, answered_at=call.answered_at)
            self._detect(call)
        self.store.save_call(call)
        return True

    async def _talk(self, call: Call) -> bool:
        if call.plan.line.stuck:
            return False
        assert call.answered_at is not None
        await self._until(call.answered_at, talk_of(call.plan).duration)
        self._end(call, "processing")
        self.store.save_call(call)
        return True

    def _end(self, call: Call, status: str) -> None:
        call.ended_at = self._now()
        call.status = status
        self.book.note(call.id, ended_at=call.ended_at, outcome=call.plan.outcome, duration=payloads.duration(call))

    async def _process(self, call: Call) -> None:
        assert call.ended_at is not None
        await self._until(call.ended_at, call.plan.draw("processing").uniform(*PROCESSING_SECS))
        call.done_at = self._now()
        call.status = call.plan.line.status
        self.store.save_call(call)

    def _detect(self, call: Call) -> None:
        if call.plan.machine_detection:
            self._spawn(self._send_detection(call))

    async def _send_detection(self, call: Call) -> None:
        await self.control.sleep(DETECTION_SECS)
        await self._send(call, Step("amd", answered_by=call.plan.line.answered_by), int(self._now()), 1)

    async def _report(self, call: Call) -> None:
        assert call.done_at is not None
        steps, waited = self._steps(call), 0.0
        for index, step in enumerate(steps):
            waited += step.wait
            if index < call.next_step:
                continue
            await self._until(call.done_at, waited)
            await self._deliver(call, index, 1)
            call.next_step = index + 1
            self.store.save_call(call)
            self._reported.setdefault(call.id, asyncio.Event()).set()
        self._close(call)

    def _steps(self, call: Call) -> tuple[Step, ...]:
        return (*call.plan.scenario.steps, *([AUDIO] if payloads.has_audio(call) else []))

    def _close(self, call: Call) -> None:
        if call.next_step >= len(self._steps(call)) and not call.retrying:
            call.reported = True
            self.live.pop(call.id, None)
            self._reported.pop(call.id, asyncio.Event()).set()
            self.store.save_call(call)

    def _hook(self, call: Call, step: Step) -> tuple[JSON, JSON] | None:
        """The webhook and its settings, if this event is subscribed; an agent's own settings win."""
        tenant = call.plan.tenant
        agent = self.store.get(tenant, "agent", call.plan.agent_id) or {}
        platform = agent.get("platform_settings") or {}
        own = (platform.get("workspace_overrides") or {}).get("webhooks") or {}
        settings = own if own.get("post_call_webhook_id") else (self.store.get(tenant, "settings", "webhooks") or {})
        hook = self.store.get(tenant, "webhook", settings.get("post_call_webhook_id") or "")
        wanted = subscription(call, step)
        if hook is None or is_off(hook) or (wanted and wanted not in (settings.get("events") or ["transcript"])):
            return None
        return hook, settings

    async def _deliver(self, call: Call, index: int, attempt: int) -> None:
        step = self._steps(call)[index]
        earlier = call.stamps.get(str(index - 1)) if step.variant == "again" else None
        moment = call.stamps.setdefault(str(index), earlier or int(self._now()))
        status = await self._send(call, step, moment, attempt)
        call.retrying.pop(str(index), None)
        if status and may_retry(status) and self._retries(call, step, attempt):
            call.retrying[str(index)] = attempt
            self._spawn(self._retry(call, index, attempt))

    def _retries(self, call: Call, step: Step, attempt: int) -> bool:
        found = self._hook(call, step)
        return bool(
            found
            and found[0]["retry_enabled"]
            and subscription(call, step) == "transcript"
            and attempt <= len(RETRY_WAITS)
            and self._pending[found[0]["webhook_id"]] < MAX_PENDING
        )

    async def _retry(self, call: Call, index: int, attempt: int) -> None:
        found = self._hook(call, self._steps(call)[index])
        hook_id = found[0]["webhook_id"] if found else ""
        self._pending[hook_id] += 1
        jitter = call.plan.draw("jitter", index, attempt).uniform(1, 1.1)
        try:
            await self.control.sleep(RETRY_WAITS[attempt - 1] * jitter)
        finally:
            self._pending[hook_id] -= 1
        await self._deliver(call, index, attempt + 1)
        self.store.save_call(call)
        self._close(call)

    async def _send(self, call: Call, step: Step, moment: int, attempt: int) -> int | None:
        found = self._hook(call, step)
        if found is None:
            return None
        hook, settings = found
        body = await self._body(call, step, moment, bool(settings.get("exclude_transcript")))
        header = events.signature(step.signature, hook["secret"], moment, body)
        status = await self.courier.post(call.plan.tenant, hook, body, header, step.chunked)
        self._note(call, step, attempt, status)
        return status

    def _note(self, call: Call, step: Step, attempt: int, status: int | None) -> None:
        kind = "call_initiation_failure" if step.kind == "final" and call.plan.line.failure else step.kind
        kind = "post_call_transcription" if kind == "final" else kind
        fact = {"type": kind, "at": self._now(), "status": status, "attempt": attempt, "signature": step.signature}
        self.book.note(call.id, delivery=fact)

    async def _body(self, call: Call, step: Step, moment: int, without_transcript: bool) -> bytes:
        if step.kind == "audio":
            sound = await self.recordings.mp3(call.plan)
            return events.audio_event(call, base64.b64encode(sound).decode(), moment)
        if step.kind == "amd":
            return events.envelope(
                "answering_machine_detection", moment, payloads.detection_data(call, step.answered_by)
            )
        if step.kind == "foreign":
            return events.foreign(call, self.store.latest_of_others(call.plan.tenant), moment)
        if step.kind == "broken_json":
            return events.final_event(call, step, moment, False)[:-40]
        plain = {"failure_unknown": events.failure_unknown, "unknown_type": events.unknown_type}
        plain["unknown_conversation"] = events.unknown_conversation
        if step.kind in plain:
            return plain[step.kind](call, moment)
        return events.final_event(call, step, moment, without_transcript)
