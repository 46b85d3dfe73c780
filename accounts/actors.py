from __future__ import annotations

from dataclasses import dataclass

from accounts.models import ApiKey, User


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Whoever acts: a person in the browser, a program with a key, or the product itself (neither)."""

    user: User | None = None
    api_key: ApiKey | None = None

    def __str__(self) -> str:
        if self.user:
            return str(self.user)
        return f"API key {self.api_key.name}" if self.api_key else "LeadSail"


SYSTEM = Actor()
