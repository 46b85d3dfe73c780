"""Copying a recording from the provider, whose links expire, into our own storage."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.core.files.base import ContentFile
from django.db import transaction

from calls.events import UPDATED, tell
from calls.history import note
from calls.models import Interaction
from calls.providers import adapter_for
from calls.providers.base import ProviderUnreachable
from common import clock

log = structlog.get_logger(__name__)
# After the first try, the second, and so on.
WAITS = (2, 5, 10, 30, 60, 300, 900)


def copy_one(interaction_id: int) -> None:
    due = Interaction.objects.filter(recording_state=Interaction.Recording.DUE)
    interaction = due.select_related("account", "workspace").filter(pk=interaction_id).first()
    # The claim pushes the next try ahead, so that a copy that takes long is not begun again beside it.
    if interaction is None or not due.filter(pk=interaction_id, recording_tries=interaction.recording_tries).update(
        recording_tries=interaction.recording_tries + 1, recording_due_at=clock.real_now() + timedelta(minutes=3)
    ):
        return
    try:
        audio = adapter_for(interaction.account).fetch_audio(interaction.account, interaction.conversation_id)
    except ProviderUnreachable as error:
        log.info("recording_not_fetched", interaction=interaction.public_id, error=str(error))
        audio = None
    if audio:
        _store(interaction, audio)
    else:
        _try_later(interaction)


def _store(interaction: Interaction, audio: bytes) -> None:
    name = f"{interaction.workspace.public_id}/{interaction.public_id}.mp3"
    interaction.recording.save(name, ContentFile(audio), save=False)
    interaction.recording_state = Interaction.Recording.STORED
    interaction.updated_at = clock.now()
    with transaction.atomic():
        interaction.save(update_fields=["recording", "recording_state", "updated_at"])
        note(interaction, "recording_stored", "The recording was copied", size=len(audio))
        tell(UPDATED, interaction)


def _try_later(interaction: Interaction) -> None:
    tries = interaction.recording_tries
    if tries >= len(WAITS):
        Interaction.objects.filter(pk=interaction.pk).update(
            recording_state=Interaction.Recording.MISSING, updated_at=clock.now()
        )
        note(interaction, "recording_missing", "The provider has no recording of this call")
        return
    due_at = clock.real_now() + timedelta(seconds=WAITS[tries])
    Interaction.objects.filter(pk=interaction.pk).update(recording_due_at=due_at)
