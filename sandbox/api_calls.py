from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.calls import JSON, Call
from sandbox.control import Control
from sandbox.engine import Engine
from sandbox.errors import ApiError, invalid, json_response, not_found, problem
from sandbox.faults import compose, pick
from sandbox.planning import make_plan
from sandbox.reading import E164, body_of, optional, require, tenant_of
from sandbox.scenarios import Reply
from sandbox.store import Store

REQUIRED = {"agent_id": "string", "agent_phone_number_id": "string", "to_number": "string"}
OPTIONAL = {"conversation_initiation_client_data": "object", "telephony_call_config": "object"}
CLIENT_DATA = {"dynamic_variables": "object", "conversation_config_override": "object", "user_id": "string"}
PROVIDER_NAMES = {"twilio": "Twilio", "sip_trunk": "SIP trunk"}
# The longest a webhook may keep the response waiting when it is to come first.
WEBHOOK_FIRST_SECS = 50


def check_variables(client_data: JSON) -> None:
    where: list[str | int] = ["body", "conversation_initiation_client_data", "dynamic_variables"]
    for name, value in (client_data.get("dynamic_variables") or {}).items():
        if not isinstance(value, str | int | float | bool):
            raise invalid([*where, name], "Input should be a string, number or boolean", "value_error", value)
        if name.startswith("system__"):
            raise invalid([*where, name], "The prefix system__ is reserved", "value_error", value)


def check_ringing(telephony: JSON) -> None:
    secs = telephony.get("ringing_timeout_secs")
    if secs is not None and (not isinstance(secs, int) or not 1 <= secs <= 999):
        where: list[str | int] = ["body", "telephony_call_config", "ringing_timeout_secs"]
        raise invalid(where, "Input should be a valid integer from 1 to 999", "int_type", secs)


def check(body: JSON) -> None:
    require(body, REQUIRED)
    optional(body, OPTIONAL)
    client_data = body.get("conversation_initiation_client_data") or {}
    optional(client_data, CLIENT_DATA, "conversation_initiation_client_data")
    check_variables(client_data)
    check_ringing(body.get("telephony_call_config") or {})


def check_number(number: JSON, provider: str, to_number: str) -> None:
    if number["provider"] != provider:
        message = (
            f"We are missing some {PROVIDER_NAMES[provider]} credentials for the number {number['phone_number']}."
            " Please delete and re-create it to be able to make outbound calls."
        )
        raise problem(400, "invalid_provider_config", message)
    if not E164.fullmatch(to_number):
        raise problem(400, "invalid_phone_number", f"The phone number {to_number} is not a valid E.164 number.")


class Calls:
    """The two endpoints that place a call."""

    def __init__(self, store: Store, control: Control, engine: Engine) -> None:
        self.store = store
        self.control = control
        self.engine = engine

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/convai/twilio/outbound-call", self.twilio),
            web.post("/v1/convai/sip-trunk/outbound-call", self.sip),
        ]

    async def twilio(self, request: web.Request) -> web.StreamResponse:
        return await self._place(request, "twilio")

    async def sip(self, request: web.Request) -> web.StreamResponse:
        return await self._place(request, "sip_trunk")

    async def _place(self, request: web.Request, provider: str) -> web.StreamResponse:
        tenant, body = tenant_of(request), await body_of(request)
        check(body)
        agent = self._get(tenant, "agent", body["agent_id"])
        number = self._get(tenant, "number", body["agent_phone_number_id"])
        check_number(number, provider, body["to_number"])
        count = self.store.count_post(tenant, body["to_number"])
        settings = self.control.settings
        code, faults = pick(body["to_number"], count, settings.seed, settings.faults)
        reply = compose(code, faults).reply
        if not reply.accepts and (reply.times is None or count <= reply.times):
            return await self._answer(request, reply, None)
        plan = make_plan(
            tenant=tenant,
            provider=provider,
            agent=agent,
            number=number,
            body=body,
            code=code,
            faults=faults,
            seed=settings.seed,
            count=count,
            now=self.control.clock.now(),
        )
        return await self._answer(request, reply if reply.accepts else Reply(), self.engine.accept(plan))

    def _get(self, tenant: str, kind: str, key: str) -> JSON:
        found = self.store.get(tenant, kind, key)
        if found is None:
            raise not_found(key)
        return found

    async def _answer(self, request: web.Request, reply: Reply, call: Call | None) -> web.StreamResponse:
        if call and reply.after_webhook:
            await self.engine.wait_for_report(call, WEBHOOK_FIRST_SECS)
        await (self.control.sleep(reply.hold) if reply.nominal_hold else asyncio.sleep(reply.hold))
        if reply.closes and request.transport:
            request.transport.close()
        if reply.detail:
            name, message = reply.detail
            raise ApiError(reply.status, {"status": name, "message": message}, dict(reply.headers))
        if reply.raw is not None or call is None:
            return web.Response(text=reply.raw or "", content_type="application/json")
        return json_response(accepted(call, reply))


def accepted(call: Call, reply: Reply) -> JSON:
    sid = "callSid" if call.plan.provider == "twilio" else "sip_call_id"
    body: JSON = {"success": True, "message": "Call initiated"}
    if reply.without_ids:
        return {**body, "conversation_id": None, sid: None}
    return {**body, "conversation_id": call.id, sid: call.plan.sid}
