from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import User, Workspace
from tests.webhooks import world
from tests.webhooks.receiver import Receiver
from webhooks import pool
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


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor(user=alice)


@pytest.fixture(autouse=True)
def long_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does in its own thread is not handed over to another because the machine is slow."""
    monkeypatch.setattr(pool, "TURN_SECONDS", 600)
