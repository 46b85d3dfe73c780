from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def private_networks_are_networks(**kwargs: Any) -> list[CheckMessage]:
    hint = "Write networks as 10.0.5.0/24, separated by commas."
    faults = [fault for network in settings.WEBHOOK_PRIVATE_NETWORKS if (fault := _fault(network))]
    return [Error(f"WEBHOOK_PRIVATE_NETWORKS: {fault}.", hint=hint, id="leadsail.E003") for fault in faults]


def _fault(network: str) -> str:
    try:
        ip_network(network)
    except ValueError as error:
        return str(error)
    return ""
