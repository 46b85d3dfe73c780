"""What an API key may be allowed. `calls:write` dials."""

from __future__ import annotations

RESOURCES = ("leads", "interactions", "campaigns", "agents", "numbers", "templates", "dnc", "webhooks")
SCOPES = tuple(f"{resource}:{action}" for resource in RESOURCES for action in ("read", "write")) + ("calls:write",)
