"""ElevenLabs over plain HTTP: its SDK posts a call up to three times on a 500."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import structlog
from django.conf import settings

from calls.providers.base import (
    CallReport,
    Event,
    Inspection,
    Placement,
    PlaceRequest,
    PlaceResult,
    ProviderUnreachable,
)
from calls.providers.elevenlabs import checks, reports, signature, wire
from campaigns.models import CallerNumber, ProviderAccount
from common import clock, http

log = structlog.get_logger(__name__)
PLACE_PATHS = {
    CallerNumber.Kind.TWILIO: "/v1/convai/twilio/outbound-call",
    CallerNumber.Kind.SIP: "/v1/convai/sip-trunk/outbound-call",
}
MAX_AUDIO_BYTES = 100 * 1024 * 1024
# No phone rang for certain: the provider read the request and refused it.
REFUSALS = {400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 425}


class ElevenLabs:
    def place(self, request: PlaceRequest) -> PlaceResult:
        read_timeout = request.ring_timeout + request.answer_seconds
        try:
            answer = http.call(
                "POST",
                request.account.base_url + PLACE_PATHS[CallerNumber.Kind(request.number_kind)],
                headers=wire.headers(request.account),
                json=_body(request),
                timeout=(float(settings.CONNECT_TIMEOUT_SECONDS), float(read_timeout)),
                once=True,
            )
        except http.NotSent as error:
            message = f"ElevenLabs was not reached: {error}."
            return PlaceResult(placement=Placement.REJECTED, message=message, reached=False)
        except http.Lost as error:
            return PlaceResult(placement=Placement.UNKNOWN, message=f"The answer of ElevenLabs was lost: {error}.")
        return _read_placement(answer)

    def fetch(self, account: ProviderAccount, conversation_id: str) -> CallReport | None:
        answer = wire.ask(account, f"/v1/convai/conversations/{conversation_id}")
        return reports.conversation(answer.json) if answer else None

    def find(self, account: ProviderAccount, correlation_id: str) -> list[str]:
        # Not by time as well: clocks that differ would turn the filter into a false proof.
        params = {"dynamic_variable_params": f"crm_attempt_id:eq:{correlation_id}", "page_size": 10}
        answer = wire.ask(account, "/v1/convai/conversations", params)
        if (
            answer is None
            or not isinstance(answer.json, dict)
            or not isinstance(answer.json.get("conversations"), list)
        ):
            raise ProviderUnreachable("the list of conversations could not be read")
        found = [item.get("conversation_id") for item in answer.json["conversations"] if isinstance(item, dict)]
        return [conversation_id for conversation_id in found if reports.is_id(conversation_id)]

    def fetch_audio(self, account: ProviderAccount, conversation_id: str) -> bytes | None:
        answer = wire.ask(account, f"/v1/convai/conversations/{conversation_id}/audio", max_bytes=MAX_AUDIO_BYTES)
        return answer.body if answer and answer.body else None

    def inspect(self, account: ProviderAccount, agent_ids: Collection[str]) -> Inspection:
        return checks.inspect(account, agent_ids)

    def verify(self, account: ProviderAccount, headers: dict[str, str], body: bytes) -> None:
        signature.verify(
            headers.get("Elevenlabs-Signature", ""),
            body,
            secret=account.webhook_secret,
            now=clock.timestamp(),
            tolerance_seconds=settings.WEBHOOK_TOLERANCE_MINUTES * 60,
        )

    def read_event(self, body: bytes) -> Event:
        try:
            return reports.read_event(json.loads(body))
        except Exception as error:
            # Nothing that a provider sends may keep its event from being stored and answered.
            log.warning("event_unreadable", error=f"{type(error).__name__}: {error}"[:300])
            return Event(type="unreadable")


def _body(request: PlaceRequest) -> dict[str, Any]:
    agent: dict[str, Any] = {"prompt": {"prompt": request.prompt}}
    if request.first_message:
        agent["first_message"] = request.first_message
    return {
        "agent_id": request.agent_id,
        "agent_phone_number_id": request.number_id,
        "to_number": request.to_number,
        "telephony_call_config": {"ringing_timeout_secs": request.ring_timeout},
        "conversation_initiation_client_data": {
            "user_id": request.user_id,
            "dynamic_variables": {**request.variables, "crm_attempt_id": request.correlation_id},
            "conversation_config_override": {"agent": agent},
        },
    }


def _read_placement(answer: http.Answer) -> PlaceResult:
    if answer.status == 429:
        return PlaceResult(placement=Placement.THROTTLED, message=wire.detail(answer), retry_after=_retry_after(answer))
    if answer.status in REFUSALS:
        blamed = _blames_account(answer)
        return PlaceResult(placement=Placement.REJECTED, message=wire.detail(answer), blames_account=blamed)
    body = answer.json if isinstance(answer.json, dict) else {}
    conversation_id = body.get("conversation_id")
    call_id = body.get("callSid") or body.get("sip_call_id")
    if answer.ok and body.get("success") is False and not conversation_id and not call_id:
        return PlaceResult(placement=Placement.REJECTED, message=wire.detail(answer))
    if answer.ok and body.get("success") is not False and reports.is_id(conversation_id):
        return PlaceResult(
            placement=Placement.ACCEPTED,
            conversation_id=conversation_id,
            call_id=call_id if reports.is_id(call_id) else "",
        )
    return PlaceResult(
        placement=Placement.UNKNOWN, message=f"ElevenLabs answered {answer.status}: {wire.detail(answer)}"
    )


def _blames_account(answer: http.Answer) -> bool:
    """The key is wrong, or nothing is left to pay with."""
    return wire.is_refused(answer) or answer.status == 402 or wire.detail_status(answer) == "quota_exceeded"


def _retry_after(answer: http.Answer) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else None
