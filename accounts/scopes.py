"""What an API key may be allowed. `calls:write` dials."""

from __future__ import annotations

SCOPES = ("interactions:read", "calls:write")
