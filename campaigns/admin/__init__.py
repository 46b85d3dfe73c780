"""The operator's pages; each acts through the services."""

from __future__ import annotations

from campaigns.admin import campaigns, lines, prompts

__all__ = ["campaigns", "lines", "prompts"]
