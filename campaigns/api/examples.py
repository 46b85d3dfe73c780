"""What the document shows: one small company, seen from every side."""

from __future__ import annotations

from typing import Any

WEEK: dict[str, list[list[str]]] = {
    "mon": [["09:00", "18:00"]],
    "tue": [["09:00", "18:00"]],
    "wed": [["09:00", "18:00"]],
    "thu": [["09:00", "18:00"]],
    "fri": [["09:00", "12:00"], ["13:00", "17:00"]],
    "sat": [],
    "sun": [],
}
AUTO_DIALER: dict[str, Any] = {
    "state": "on",
    "concurrency": 5,
    "callsPerMinute": 10,
    "dailyCap": 400,
    "newLeadsFirst": True,
    "excludedStatuses": ["qualified", "disqualified"],
    "retryOutcomes": ["no_answer", "busy", "voicemail"],
    "ringTimeoutSeconds": 30,
    "voicemail": {"action": "leave_message", "message": "Hello {{first_name}}, we will try you again."},
    "sequence": [
        {
            "afterAttempt": 1,
            "outcomes": ["no_answer"],
            "waitMinutes": 300,
            "partOfDay": "afternoon",
            "agentId": None,
            "callerNumberId": "num_abc123",
        },
        {
            "afterAttempt": None,
            "outcomes": [],
            "waitMinutes": 1620,
            "partOfDay": None,
            "agentId": None,
            "callerNumberId": None,
        },
    ],
}
CAMPAIGN: dict[str, Any] = {
    "campaignId": "HXZ",
    "name": "Spring kitchens",
    "active": True,
    "status": "active",
    "isDefault": True,
    "clientId": "client_123",
    "clientName": "Harbour Kitchens",
    "clientAbbrev": "HK",
    "offerId": "offer_456",
    "offerName": "Free design visit",
    "offerAbbrev": "FDV",
    "managerId": None,
    "webhooks": {
        "url": None,
        "events": {},
        "headers": {},
        "retryAttempts": 8,
        "timeoutSeconds": 30,
        "enabled": False,
        "inheritFromTenant": True,
    },
    "documents": [],
    "aiAgents": {"production": "agent_abc123", "test": None},
    "templateId": None,
    "callerNumberId": None,
    "hours": WEEK,
    "hoursZone": None,
    "holidays": [{"date": "12-25", "name": "Christmas"}],
    "minGapMinutes": 240,
    "maxAttempts": 6,
    "maxAttemptsPerDay": 2,
    "autoDialer": AUTO_DIALER,
    "firstSubmissionAction": {"type": "voice_ai", "priority": "normal", "reason": None, "webhookEndpointId": None},
    "duplicateDetection": {"enabled": True, "windowDays": 30},
    "createdAt": "2026-11-20T15:04:05.000Z",
}
NEW_CAMPAIGN: dict[str, Any] = {
    "name": "Spring kitchens",
    "clientName": "Harbour Kitchens",
    "aiAgents": {"production": "agent_abc123"},
    "hours": {"mon": [["09:00", "18:00"]], "fri": [["09:00", "12:00"], ["13:00", "17:00"]]},
    "holidays": [{"date": "12-25", "name": "Christmas"}],
    "autoDialer": {"preset": "standard", "dailyCap": 400},
}
AGENT: dict[str, Any] = {
    "agentId": "agent_abc123",
    "name": "Nora",
    "provider": "elevenlabs",
    "providerAgentId": "agent_01jx3v9k2mf8r9t0",
    "accountId": "acct_abc123",
    "templateId": "tmpl_abc123",
    "callerNumberId": "num_abc123",
    "active": True,
    "campaignIds": ["HXZ"],
    "createdAt": "2026-11-20T15:04:05.000Z",
}
NEW_AGENT: dict[str, Any] = {
    "name": "Nora",
    "accountId": "acct_abc123",
    "providerAgentId": "agent_01jx3v9k2mf8r9t0",
    "templateId": "tmpl_abc123",
    "callerNumberId": "num_abc123",
}
NUMBER: dict[str, Any] = {
    "numberId": "num_abc123",
    "number": "+14155550100",
    "label": "Oakland office",
    "kind": "twilio",
    "providerNumberId": "phnum_01jx3v9k2mf8r9t0",
    "accountId": "acct_abc123",
    "dailyCap": 200,
    "active": True,
    "createdAt": "2026-11-20T15:04:05.000Z",
}
NEW_NUMBER: dict[str, Any] = {
    "number": "+1 415 555 0100",
    "label": "Oakland office",
    "kind": "twilio",
    "providerNumberId": "phnum_01jx3v9k2mf8r9t0",
    "accountId": "acct_abc123",
}
BODY = "You are {{agent_name}}, an AI assistant. You call {{full_name}} for {{workspace_name}}."
FIRST_MESSAGE = (
    "Hello, this is {{agent_name}}, the AI assistant of {{workspace_name}}. Am I speaking with {{first_name}}?"
)
TEMPLATE: dict[str, Any] = {
    "templateId": "tmpl_abc123",
    "name": "First enquiry",
    "version": 3,
    "body": BODY,
    "firstMessage": FIRST_MESSAGE,
    "createdAt": "2026-11-20T15:04:05.000Z",
    "updatedAt": "2026-12-02T09:30:00.000Z",
}
NEW_TEMPLATE: dict[str, Any] = {"name": "First enquiry", "body": BODY, "firstMessage": FIRST_MESSAGE}
VERSION: dict[str, Any] = {
    "templateId": "tmpl_abc123",
    "version": 3,
    "body": BODY,
    "firstMessage": FIRST_MESSAGE,
    "createdBy": "Alice Moreau",
    "createdAt": "2026-12-02T09:30:00.000Z",
}
PREVIEW: dict[str, Any] = {
    "leadId": "lead_abc123",
    "body": "You are Nora, an AI assistant. You call Jane Doe for Harbour Kitchens.",
    "firstMessage": "Hello, this is Nora, the AI assistant of Harbour Kitchens. Am I speaking with Jane?",
    "fromDefault": {},
    "empty": [],
    "unknown": [],
    "problems": [],
}
VARIABLE: dict[str, Any] = {
    "name": "showroom_address",
    "kind": "declared",
    "meaning": None,
    "default": "12 Pine Street",
    "example": "12 Pine Street",
}
ACCOUNT: dict[str, Any] = {
    "accountId": "acct_abc123",
    "name": "Sales line",
    "provider": "elevenlabs",
    "host": "api.elevenlabs.io",
    "callsPerSecond": 2.5,
    "concurrency": 10,
    "active": True,
    "blockedUntil": None,
    "blockedWhy": None,
    "webhookUrl": "https://calls.example.com/hooks/elevenlabs/q3J8vL0x/",
    "hasApiKey": True,
    "hasWebhookSecret": True,
    "checkState": "done",
    "checkedAt": "2026-11-20T15:04:05.000Z",
    "checkResults": [{"name": "API key", "state": "ok", "text": "It is accepted by ElevenLabs."}],
    "createdAt": "2026-11-20T15:00:00.000Z",
}
NEW_ACCOUNT: dict[str, Any] = {
    "name": "Sales line",
    "host": "api.elevenlabs.io",
    "apiKey": "sk_0123456789abcdef",
    "callsPerSecond": 2.5,
    "concurrency": 10,
}
