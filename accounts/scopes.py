"""What an API key may be allowed. `calls:write` dials."""

from __future__ import annotations

SCOPE_WORDS = {
    "calls:write": "Make calls, and send leads to the auto-dialer. "
    "Whoever holds the key can ring the phones of your leads, and each call costs money.",
    "interactions:read": "Read calls: status, outcome, transcript and recording.",
    "interactions:write": "Cancel waiting calls and correct outcomes.",
    "leads:read": "Read leads, their notes and submissions.",
    "leads:write": "Submit, create, change and approve leads, whom a campaign may then call, and write notes.",
    "do_not_call:read": "Read the Do-Not-Call list.",
    "do_not_call:write": "Put numbers and addresses on the Do-Not-Call list, and take them off.",
    "campaigns:read": "Read campaigns.",
    "campaigns:write": "Make, change, launch and archive campaigns, and run their auto-dialers, which call leads.",
    "agents:read": "Read voice agents.",
    "agents:write": "Make and change voice agents.",
    "numbers:read": "Read caller numbers.",
    "numbers:write": "Make and change caller numbers.",
    "templates:read": "Read prompt templates, their versions and variables.",
    "templates:write": "Write prompt templates and variables: what the agents say.",
    "providers:read": "Read provider accounts, without their secrets.",
    "providers:write": "Make, change and check provider accounts.",
    "webhooks:read": "Read webhook endpoints and their deliveries, which carry data of leads and calls.",
    "webhooks:write": "Make and change webhook endpoints, see their secrets, and send deliveries again.",
    "workspace:read": "Read the workspace's settings.",
    "audit:read": "Read the audit trail, which tells every change of leads, members and settings, before and after.",
    "workspace:write": "Change the workspace's settings, and stop and resume all calls.",
    "members:read": "Read members and invitations.",
    "members:write": "Invite, change and remove members, owners too. Whoever holds the key can become an owner.",
    "keys:read": "Read API keys and what they were used for.",
    "keys:write": "Make, change and revoke API keys; new ones have no more scopes and live no longer than this key.",
}
SCOPES = tuple(SCOPE_WORDS)
