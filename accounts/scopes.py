"""What an API key may be allowed. `calls:write` dials."""

from __future__ import annotations

SCOPE_WORDS = {
    "interactions:read": "Read calls: status, outcome, transcript and recording.",
    "calls:write": "Make calls. Whoever holds the key can ring the phones of your leads, and each call costs money.",
}
SCOPES = tuple(SCOPE_WORDS)
