"""What the API's document shows of calls."""

from __future__ import annotations

from typing import Any

from calls.shapes import InteractionShape

INITIATE = {
    "leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz",
    "direction": "outbound",
    "additionalInstructions": "Ask about their timeline",
}
INITIATED = {
    "interactionId": "int_01kah2vb3e9r6y5k8f7p4s2g1j",
    "leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz",
    "campaignId": "HXZ",
    "agentId": "agent_01kaeqm1h2z5v9t8r7w6x4c3bn",
}
INTERACTION: InteractionShape = {
    "interactionId": "int_01kah2vb3e9r6y5k8f7p4s2g1j",
    "leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz",
    "campaignId": "HXZ",
    "agentId": "agent_01kaeqm1h2z5v9t8r7w6x4c3bn",
    "clientId": None,
    "offerId": None,
    "type": "call",
    "status": "qualified",
    "phone": "+14155550132",
    "telephony": {
        "provider": "twilio",
        "messageId": "CA5d1f0c7be2a94c38a6b0e1f29d84735c",
        "phoneNumber": "+14155550100",
    },
    "call": {
        "source": "api",
        "direction": "outbound",
        "state": "ended",
        "dispatch": "placed",
        "duration": 42,
        "placedAt": "2026-11-20T15:00:01Z",
        "answeredAt": "2026-11-20T15:00:08Z",
        "endedAt": "2026-11-20T15:00:50Z",
        "recordingUrl": None,
        "terminationReason": "end_call tool was called.",
        "voiceAI": {
            "provider": "elevenlabs",
            "agentId": "agent_7101k5zvyjhmfg983brhmhkd98n6",
            "conversationId": "conv_3201kah2vx8yfz5b6w1s0d4m9q7r",
        },
        "spokenTo": True,
    },
    "sms": None,
    "summary": "Jane Doe wants a new kitchen by spring and asked for an offer.",
    "transcript": [
        {
            "timestamp": "2026-11-20T15:00:08.000Z",
            "role": "agent",
            "message": "Hello Jane, this is the AI assistant of Harbour Kitchens.",
            "source": "voice_ai",
        },
        {
            "timestamp": "2026-11-20T15:00:13.000Z",
            "role": "user",
            "message": "Hi! Yes, we would like to start in spring.",
            "source": "voice_ai",
        },
    ],
    "callbackAt": None,
    "correction": None,
    "errorCode": None,
    "errorMessage": None,
    "isTest": False,
    "createdAt": "2026-11-20T15:00:00Z",
    "updatedAt": "2026-11-20T15:00:52Z",
}
INTERACTIONS = {"interactions": [INTERACTION], "nextCursor": None, "hasMore": False}
WAITING: Any = INTERACTION["call"] | {
    **{"state": "ended", "dispatch": "withdrawn", "duration": None, "placedAt": None, "answeredAt": None},
    **{"terminationReason": None, "voiceAI": INTERACTION["call"]["voiceAI"] | {"conversationId": None}},
    "spokenTo": False,
}
CANCELLED = INTERACTION | {
    **{"status": "error", "call": WAITING, "summary": None, "transcript": []},
    "telephony": INTERACTION["telephony"] | {"messageId": None},
    **{"errorCode": "CANCELLED", "errorMessage": "Cancelled by API key Website."},
}
CORRECT = {"status": "scheduled_callback", "reason": "She asked for Tuesday", "callbackAt": "2026-11-24T17:30:00Z"}
CORRECTED = INTERACTION | {
    **{"status": "scheduled_callback", "callbackAt": "2026-11-24T17:30:00Z"},
    "correction": {"reportedStatus": "qualified", "reason": "She asked for Tuesday", "at": "2026-11-20T15:20:00Z"},
}
EVENTS = {
    "events": [
        {"at": "2026-11-20T15:00:00Z", "kind": "created", "text": "Call asked for by API key Website"},
        {"at": "2026-11-20T15:00:01Z", "kind": "placed", "text": "The provider took the call"},
        {"at": "2026-11-20T15:00:08Z", "kind": "answered", "text": "The call was answered"},
        {"at": "2026-11-20T15:00:52Z", "kind": "outcome", "text": "Qualified"},
    ]
}


def _refusal(code: str, message: str, rule: str, next_allowed_at: str | None, **more: str) -> dict[str, Any]:
    reason = {"code": code, "message": message, "rule": rule, "nextAllowedAt": next_allowed_at}
    said = {"code": code, "message": message, "details": [message], "reasons": [reason]}
    return said | {"nextAllowedAt": next_allowed_at} | more


REFUSED = {
    "outside the calling hours": _refusal(
        "OUTSIDE_OPERATING_HOURS",
        "It is outside the campaign's calling hours in Los Angeles.",
        "campaign.hours",
        "2026-11-20T17:00:00Z",
    ),
    "a call is under way": _refusal(
        "CALL_IN_PROGRESS",
        "A call to this lead or this number is under way: wait until it has ended.",
        "one_call_per_number",
        None,
        interactionId="int_01kah2vb3e9r6y5k8f7p4s2g1j",
    ),
    "a misspelt field": {
        "code": "VALIDATION_ERROR",
        "message": "Invalid input data",
        "details": [
            "istest: There is no such field. Known are: leadId, direction, phone, campaignId, additionalInstructions, "
            "isTest."
        ],
    },
}
TOO_LONG = {
    "a status that does not exist": {
        "code": "VALIDATION_ERROR",
        "message": "Invalid input data",
        "details": ["status: There is no status done. Known are: in_progress, completed, …"],
    },
    "a search that takes too long": {
        "code": "SEARCH_TOO_BROAD",
        "message": "The search took too long: narrow it by startDate, campaignIds or status.",
    },
}
NOT_CANCELLABLE = {
    "on its way": {
        "code": "NOT_CANCELLABLE",
        "message": "The call is on its way already: a phone may be ringing, so it cannot be taken back.",
    }
}
NOT_CORRECTABLE = {
    "still under way": {
        "code": "NOT_CORRECTABLE",
        "message": "The call is still under way: correct its outcome when it has ended.",
    },
    "no such change": {
        "code": "NO_CHANGE",
        "message": "The outcome is Qualified already: choose another one.",
    },
}
