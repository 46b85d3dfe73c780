from __future__ import annotations

import pytest

from tests import settings_env

settings_env.apply()

import django  # noqa: E402

django.setup()
settings_env.use_a_file()


def pytest_unconfigure(config: pytest.Config) -> None:
    settings_env.stop_servers()
