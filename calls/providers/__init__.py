from __future__ import annotations

from calls.providers.base import Adapter
from calls.providers.elevenlabs.adapter import ElevenLabs
from campaigns.models import Provider, ProviderAccount

ADAPTERS: dict[str, Adapter] = {Provider.ELEVENLABS: ElevenLabs()}


def adapter_for(account: ProviderAccount) -> Adapter:
    return ADAPTERS[account.provider]
