from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.models import User
from tests import world


@pytest.fixture
def no_redis(settings: Any) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}


def test_without_redis_the_cache_is_empty_instead_of_broken(no_redis: None) -> None:
    cache = caches["default"]
    cache.set("a", 1)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.add("a", 1)
    assert not cache.delete("a")


def test_without_redis_people_can_log_in(no_redis: None, alice: User) -> None:
    response = Client().post("/accounts/login/", {"login": alice.email, "password": world.PASSWORD})
    assert response.status_code == 302
