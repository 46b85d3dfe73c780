"""The part of the OpenAPI document that says what is sent to webhook endpoints."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from calls.shapes import InteractionShape
from common.shapes import Components, Moment, Schema
from webhooks.events import EVENT_WORDS, TEST_EVENT

HEADERS = {
    "webhook-id": "The event's id, the same in every try: what came twice is known by it.",
    "webhook-timestamp": "When this try was sent, in seconds since 1970.",
    "webhook-signature": "`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`; two of them, with a space "
    "between, while a secret is being rotated.",
}
EXAMPLE = {
    "event": "lead.status_changed",
    "id": "evt_01KAGH5T0V8W3YB6D2M9QEXAMP",
    "timestamp": "2026-11-20T15:04:05.000Z",
    "leadId": "lead_abc123",
    "submissionId": "sub_xyz789",
    "campaignId": "HXZ",
    "status": "qualified",
    "data": {
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane@example.com",
        "phone": "+14155550132",
        "previousStatus": "contacted",
        "reason": None,
        "interactionId": "int_abc123",
    },
}


class EventShape(TypedDict):
    event: str
    id: Annotated[str, "The same as the header `webhook-id`."]
    timestamp: Annotated[Moment, "When it happened."]


class AboutLeadShape(EventShape):
    leadId: str
    submissionId: Annotated[str | None, "The submission it is about, else the lead's latest."]
    campaignId: str
    status: Annotated[str, "The lead's or the submission's status."]


class PersonShape(TypedDict):
    firstName: str | None
    lastName: str | None
    email: str | None
    phone: str | None


class StatusFactsShape(PersonShape):
    previousStatus: str
    reason: str | None
    interactionId: Annotated[str | None, "The call that changed it."]


class StatusEventShape(AboutLeadShape):
    """A lead's status changed."""

    data: StatusFactsShape


class SubmissionFactsShape(PersonShape):
    submissionNumber: int
    isTest: bool
    isDuplicate: NotRequired[Annotated[bool, "Of lead.processed: it was counted at a lead that had come before."]]
    action: NotRequired[Annotated[str, "Of lead.first_submission_action: none, voice_ai, human_review or webhook."]]


class SubmissionEventShape(AboutLeadShape):
    """A lead came in."""

    data: SubmissionFactsShape


class ListedFactsShape(TypedDict):
    firstName: NotRequired[str | None]
    lastName: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    channel: Literal["phone", "sms", "email"]
    address: Annotated[str, "The number or the e-mail address that was listed."]
    reason: str | None


class ListedEventShape(EventShape):
    """An address was put on the Do-Not-Call list: one event for each lead that has it; without a lead when none has."""

    leadId: str | None
    submissionId: str | None
    campaignId: str | None
    status: str | None
    data: ListedFactsShape


class CallEventShape(EventShape):
    """What became of a call."""

    interactionId: str
    leadId: str
    campaignId: str
    status: str
    data: InteractionShape


class TestEventShape(EventShape):
    """Sent by the test button, whatever the endpoint listens to."""

    message: str
    endpointId: str


def shape_of(event: str) -> Any:
    if event == TEST_EVENT:
        return TestEventShape
    if event in ("lead.processed", "lead.first_submission_action"):
        return SubmissionEventShape
    if event == "lead.dnc":
        return ListedEventShape
    return StatusEventShape if event.startswith("lead.") else CallEventShape


def add_webhooks(result: dict[str, Any], **how: Any) -> dict[str, Any]:
    components = Components()
    words = EVENT_WORDS | {TEST_EVENT: "A test that was asked for."}
    result["webhooks"] = {event: {"post": _webhook(event, text, components)} for event, text in words.items()}
    known = result["components"].setdefault("schemas", {})
    for name, schema in components.schemas.items():
        assert known.setdefault(name, schema) == schema, f"two shapes are called {name}"
    return result


def _webhook(event: str, words: str, components: Components) -> Schema:
    schema = components.schema_of(shape_of(event))
    content: Schema = {"schema": {"allOf": [schema, {"properties": {"event": {"const": event}}}]}}
    if event == EXAMPLE["event"]:
        content["example"] = EXAMPLE
    return {
        "operationId": f"on {event}",
        "summary": words,
        "tags": ["Webhooks"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for name, text in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Any answer from 200 to 299 says that it was taken. Everything else is tried again."}
        },
    }
