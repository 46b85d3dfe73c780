from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox import payloads
from sandbox.calls import JSON, Call
from sandbox.engine import Engine
from sandbox.errors import invalid, json_response, not_found, problem
from sandbox.reading import tenant_of, whole_number
from sandbox.recording import Recordings
from sandbox.store import Store

Test = Callable[[Call], bool]
LATE_GETS = 2
NEWEST = 2**62
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda have, want: have > want,
    "gte": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "lte": lambda have, want: have <= want,
}


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise invalid(
            ["query", "dynamic_variable_params"], "A numeric value is required", "value_error", text
        ) from None


def variable(call: Call, name: str) -> Any:
    return payloads.client_data(call)["dynamic_variables"].get(name)


def ordered(have: Any, operator: str, want: float) -> bool:
    number = isinstance(have, int | float) and not isinstance(have, bool)
    return number and COMPARE[operator](have, want)


def variable_test(text: str) -> Test:
    """`name:op:value`; an empty value means that the variable was not set."""
    name, operator, value = (*text.split(":", 2), "", "")[:3]
    if operator == "eq":
        return lambda call: as_text(variable(call, name)) == value
    if operator == "neq":
        return lambda call: as_text(variable(call, name)) != value
    if operator == "in":
        return lambda call: as_text(variable(call, name)) in value.split("|")
    if operator in COMPARE:
        want = as_number(value)
        return lambda call: ordered(variable(call, name), operator, want)
    raise invalid(["query", "dynamic_variable_params"], "Expected name:op:value", "value_error", text)


def variable_params(request: web.Request) -> list[str]:
    return [*request.query.getall("dynamic_variable_params", []), *request.query.getall("dynamic_variable_filter", [])]


def filters(request: web.Request) -> dict[str, Any]:
    """What SQL can decide. The attempt has an index of its own: it is how a lost call is looked for."""
    limits = {
        name: whole_number(request, name, None, 0, NEWEST)
        for name in ("call_start_after_unix", "call_start_before_unix")
    }
    wanted = {
        "agent_id = ?": request.query.get("agent_id"),
        "user_id = ?": request.query.get("user_id"),
        "start >= ?": limits["call_start_after_unix"],
        "start <= ?": limits["call_start_before_unix"],
    }
    for param in variable_params(request):
        name, _, value = param.partition(":eq:")
        if name == "crm_attempt_id" and value:
            wanted["attempt = ?"] = value
    return {condition: value for condition, value in wanted.items() if value not in (None, "")}


def cursor_of(request: web.Request) -> int:
    text = request.query.get("cursor")
    if not text:
        return NEWEST
    if not text.isdigit():
        raise invalid(["query", "cursor"], "Invalid cursor", "value_error", text)
    return int(text)


class Conversations:
    def __init__(self, store: Store, engine: Engine, recordings: Recordings) -> None:
        self.store = store
        self.engine = engine
        self.recordings = recordings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/convai/conversations", self.index),
            web.get("/v1/convai/conversations/{id}", self.show),
            web.delete("/v1/convai/conversations/{id}", self.delete),
            web.get("/v1/convai/conversations/{id}/audio", self.audio),
        ]

    def _find(self, request: web.Request) -> Call:
        key = request.match_info["id"]
        call = self.engine.find(tenant_of(request), key)
        if call is None:
            raise not_found(key)
        return call

    async def show(self, request: web.Request) -> web.Response:
        return json_response(payloads.conversation(self._find(request)))

    async def delete(self, request: web.Request) -> web.Response:
        self.engine.delete(self._find(request))
        return json_response({})

    async def audio(self, request: web.Request) -> web.Response:
        call = self._find(request)
        ready = payloads.has_audio(call) and call.done_at is not None
        if ready and call.plan.scenario.recording == "late" and call.audio_gets < LATE_GETS:
            call.audio_gets += 1
            self.store.save_call(call)
            ready = False
        if not ready:
            raise problem(404, "missing_conversation_audio", f"Conversation {call.id} has no audio.")
        return web.Response(body=await self.recordings.mp3(call.plan), content_type="audio/mpeg")

    async def index(self, request: web.Request) -> web.Response:
        tenant = tenant_of(request)
        size = whole_number(request, "page_size", 30, 1, 100) or 30
        tests = [variable_test(param) for param in variable_params(request)]
        page: list[JSON] = []
        last, more = 0, False
        for seq, stored in self.store.search(tenant, filters(request), cursor_of(request)):
            call = self.engine.live.get(stored.id, stored)
            if not all(test(call) for test in tests):
                continue
            if len(page) == size:
                more = True
                break
            page.append(payloads.summary(call))
            last = seq
        cursor = str(last) if more else None
        return json_response({"conversations": page, "next_cursor": cursor, "has_more": more})
