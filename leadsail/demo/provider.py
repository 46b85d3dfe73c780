"""The demo's account at the sandbox. Only one whose key the demo made is touched."""

from __future__ import annotations

from calls.providers.elevenlabs.setup import Client, NotConnected, connect
from campaigns.models import ProviderAccount
from leadsail.demo.company import KEY_PREFIX

__all__ = ["Client", "NotConnected", "connect", "demo_account"]


def demo_account() -> ProviderAccount | None:
    accounts = ProviderAccount.objects.select_related("workspace").filter(host="sandbox").order_by("pk")
    return next((account for account in accounts if account.api_key.startswith(KEY_PREFIX)), None)
