from __future__ import annotations

import pytest

from tests import settings_env

settings_env.apply()

import django  # noqa: E402

django.setup()
settings_env.adapt_settings()

from collections.abc import Iterator  # noqa: E402
from typing import Any  # noqa: E402

from django.core.cache import cache  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import Role, User, Workspace  # noqa: E402
from campaigns.models import Campaign, ProviderAccount  # noqa: E402
from leads.models import Lead  # noqa: E402
from tests import world  # noqa: E402
from tests.network import FakeNetwork  # noqa: E402
from tests.travel import Clock  # noqa: E402


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    settings_env.before_workers()


# Whole installations, the longest first: they wait more than they work, and the quick tests fill the time. One that
# began last would be waited for alone.
LONGEST = (
    "up/test_ending",
    "simulation/test_two_weeks",
    "e2e/test_journeys",
    "e2e/test_dialer_chaos",
    "e2e/test_chaos",
    "e2e/test_pages",
    "up/test_ready",
    "up/test_restart",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    name = f"{item.path.parent.name}/{item.path.stem}"
    if name in LONGEST:
        return LONGEST.index(name)
    return len(LONGEST) + (item.path.parent.name not in ("e2e", "up", "simulation"))


def pytest_unconfigure(config: pytest.Config) -> None:
    settings_env.stop_servers()


@pytest.fixture
def campaign(db: None) -> Campaign:
    return world.make_calling_workspace("Harbour")


@pytest.fixture
def workspace(campaign: Campaign) -> Workspace:
    return campaign.workspace


@pytest.fixture
def account(campaign: Campaign) -> ProviderAccount:
    assert campaign.production_agent
    return campaign.production_agent.account


@pytest.fixture
def lead(campaign: Campaign) -> Lead:
    return world.make_lead(campaign)


@pytest.fixture
def alice(workspace: Workspace) -> User:
    return world.make_user("Alice", workspace, Role.OWNER)


@pytest.fixture
def bob(workspace: Workspace) -> User:
    return world.make_user("Bob", workspace, Role.MEMBER)


@pytest.fixture
def vera(workspace: Workspace) -> User:
    return world.make_user("Vera", workspace, Role.VIEWER)


@pytest.fixture
def elsewhere(db: None) -> Campaign:
    """The campaign of the other workspace, Mallory's."""
    return world.make_calling_workspace("Elsewhere")


@pytest.fixture
def mallory(elsewhere: Campaign) -> User:
    return world.make_user("Mallory", elsewhere.workspace, Role.OWNER)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    return _client(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return _client(bob)


@pytest.fixture
def vera_client(vera: User) -> Client:
    return _client(vera)


@pytest.fixture
def mallory_client(mallory: User) -> Client:
    return _client(mallory)


@pytest.fixture
def api(workspace: Workspace) -> Client:
    """A program of the workspace, with a key of every scope."""
    return Client(headers={"X-API-Key": world.make_key(workspace)})


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    """The provider, replaced at the one seam."""
    fake = FakeNetwork()
    monkeypatch.setattr("common.http.call", fake.call)
    return fake


@pytest.fixture
def clock(settings: Any) -> Clock:
    return Clock(settings)


@pytest.fixture(autouse=True)
def _empty_queue() -> Iterator[None]:
    yield
    cache.clear()
