from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests import world


@pytest.fixture
def operator(db: None) -> User:
    """Runs the installation: every workspace's admin pages, no workspace of their own."""
    return User.objects.create_superuser("olga@example.com", world.PASSWORD, first_name="Olga")


@pytest.fixture
def operator_client(operator: User) -> Client:
    client = Client()
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def htmx() -> dict[str, str]:
    return {"HX-Request": "true"}
