from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from calls.models import Interaction, InteractionEvent


def note(interaction: Interaction | int, kind: str, text: str = "", **data: Any) -> None:
    """One line of the record that explains the call."""
    pk = interaction if isinstance(interaction, int) else interaction.pk
    InteractionEvent.objects.create(interaction_id=pk, kind=kind, text=text[:400], data=data)


def note_all(interactions: Iterable[Interaction], kind: str, text: str) -> None:
    rows = [InteractionEvent(interaction=interaction, kind=kind, text=text[:400]) for interaction in interactions]
    InteractionEvent.objects.bulk_create(rows)
