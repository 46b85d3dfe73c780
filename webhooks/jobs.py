"""Entry points of the queue: ids only, safe to run twice, quiet when the row is gone."""

from __future__ import annotations

from webhooks.pool import hand_over


def serve(endpoint_id: int) -> None:
    hand_over(endpoint_id)
