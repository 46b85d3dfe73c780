"""What the API's document shows of calls."""

from __future__ import annotations

from typing import Any

from calls.dialer_shapes import DialerLeadShape, DialerShape, ListedDialerLeadShape
from calls.shapes import InteractionShape, ReasonShape

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
CHECK = {"leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz", "phone": "+14155550132"}
OUTSIDE_THE_HOURS: ReasonShape = {
    "code": "OUTSIDE_OPERATING_HOURS",
    "message": "It is outside the campaign's calling hours in Los Angeles.",
    "rule": "campaign.hours",
    "nextAllowedAt": "2026-11-20T17:00:00.000Z",
}
CHECKED = {
    "allowed": False,
    "code": OUTSIDE_THE_HOURS["code"],
    "message": OUTSIDE_THE_HOURS["message"],
    "reasons": [OUTSIDE_THE_HOURS],
    "nextAllowedAt": OUTSIDE_THE_HOURS["nextAllowedAt"],
    "warnings": [],
    "phone": "+14155550132",
    "from": "+14155550100",
    "callerNumberId": "num_01kaeqm5d8y3v7s1r6w9x2c4bn",
    "leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz",
    "campaignId": "HXZ",
    "agentId": "agent_01kaeqm1h2z5v9t8r7w6x4c3bn",
    "interactionId": None,
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
        "placedAt": "2026-11-20T15:00:01.000Z",
        "answeredAt": "2026-11-20T15:00:08.000Z",
        "endedAt": "2026-11-20T15:00:50.000Z",
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
    "createdAt": "2026-11-20T15:00:00.000Z",
    "updatedAt": "2026-11-20T15:00:52.000Z",
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
    **{"status": "scheduled_callback", "callbackAt": "2026-11-24T17:30:00.000Z"},
    "correction": {"reportedStatus": "qualified", "reason": "She asked for Tuesday", "at": "2026-11-20T15:20:00.000Z"},
}
EVENTS = {
    "events": [
        {"at": "2026-11-20T15:00:00.000Z", "kind": "created", "text": "Call asked for by API key Website"},
        {"at": "2026-11-20T15:00:01.000Z", "kind": "placed", "text": "The provider took the call"},
        {"at": "2026-11-20T15:00:08.000Z", "kind": "answered", "text": "The call was answered"},
        {"at": "2026-11-20T15:00:52.000Z", "kind": "outcome", "text": "Qualified"},
    ]
}


def _refusal(reason: ReasonShape, **more: str) -> dict[str, Any]:
    message = reason["message"]
    said = {"code": reason["code"], "message": message, "details": [message], "reasons": [reason]}
    return said | {"nextAllowedAt": reason["nextAllowedAt"]} | more


REFUSED = {
    "outside the calling hours": _refusal(OUTSIDE_THE_HOURS),
    "a call is under way": _refusal(
        {
            "code": "CALL_IN_PROGRESS",
            "message": "A call to this lead or this number is under way: wait until it has ended.",
            "rule": "one_call_per_number",
            "nextAllowedAt": None,
        },
        interactionId="int_01kah2vb3e9r6y5k8f7p4s2g1j",
    ),
    "a misspelt field": {
        "code": "VALIDATION_ERROR",
        "message": "Invalid input data",
        "details": [
            "istest: There is no such field. Did you mean isTest?",
            "Known are: leadId, direction, phone, campaignId, callerNumberId, isTest, additionalInstructions.",
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
DIALER: DialerShape = {
    "campaignId": "HXZ",
    "state": "on",
    "heldWhy": None,
    "heldText": None,
    "calls": {"queued": 1, "ringing": 2, "talking": 3},
    "leads": {
        "due": {"number": 12, "isMore": False},
        "waiting": {"number": 10000, "isMore": True},
        "parked": {"number": 7, "isMore": False},
        "done": {"number": 318, "isMore": False},
    },
    "nextCallTime": "2026-11-20T15:04:05.000Z",
    "pace": {
        "startedLastMinute": 10,
        "callsPerMinute": 10,
        "underWay": 6,
        "concurrency": 8,
        "startedToday": 212,
        "dailyCap": 400,
    },
    "today": {"placed": 131, "answered": 64, "reached": 41},
}
DIALER_REFUSED = {
    "pausing one that is off": {
        "code": "DIALER_STATE",
        "message": "The auto-dialer of this campaign is off: start it.",
    }
}
DIALER_LEAD: DialerLeadShape = {
    "leadId": "lead_01kah2v7q4x8n5w3d9c6b1t0mz",
    "campaignId": "HXZ",
    "state": "waiting",
    "lane": "retry",
    "nextCallTime": "2026-11-21T17:00:00.000Z",
    "why": "OPERATING_HOURS",
    "whyText": "The calling hours begin at this time.",
    "callbackAt": None,
    "interactionId": None,
    "sentAt": "2026-11-20T15:00:00.000Z",
}
LISTED_LEAD: ListedDialerLeadShape = {**DIALER_LEAD, "updatedAt": "2026-11-20T15:00:52.000Z"}
