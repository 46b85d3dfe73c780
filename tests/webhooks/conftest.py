from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Workspace
from tests.webhooks import world
from tests.webhooks.receiver import Receiver
from webhooks.models import WebhookEndpoint


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """On an address that webhooks may be sent to only because the settings say so."""
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    found = Receiver()
    found.up()
    yield found
    found.down()


@pytest.fixture
def endpoint(workspace: Workspace, receiver: Receiver) -> WebhookEndpoint:
    return world.make_endpoint(workspace, receiver.url)
