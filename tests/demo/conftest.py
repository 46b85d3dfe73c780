from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import Workspace
from campaigns.models import ProviderAccount
from common import http
from leadsail.demo import provider
from leadsail.embedded import BASE_DIR, free_port
from leadsail.supervisor import answers

Run = Callable[[], str]
START_SECONDS = 20


@pytest.fixture(scope="session")
def phone_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox, as `up` starts it; every demo is a tenant of its own."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(tmp_path_factory.mktemp("sandbox"))]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(port):
                assert process.poll() is None, "the sandbox ended"
                assert time.monotonic() < deadline, "the sandbox did not start"
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def run(db: None, settings: Settings, tmp_path: Path, phone_network: str) -> Run:
    """One start: `manage.py demo`, and what it said."""
    settings.VAR = tmp_path
    settings.SANDBOX_URL = phone_network
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    def start() -> str:
        said = StringIO()
        call_command("demo", patience=0, stdout=said)
        return said.getvalue()

    return start


@pytest.fixture
def demo(run: Run) -> Workspace:
    run()
    return Workspace.objects.get()


@pytest.fixture
def account(demo: Workspace) -> ProviderAccount:
    return ProviderAccount.objects.get(workspace=demo)


@pytest.fixture
def requests_made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Method and address of everything that leaves through the seam, which works on."""
    made: list[tuple[str, str]] = []
    real = http.call

    def spy(method: str, url: str, **options: Any) -> http.Answer:
        made.append((method, url))
        return real(method, url, **options)

    monkeypatch.setattr(http, "call", spy)
    return made


def ask(account: ProviderAccount, method: str, path: str, json: Any = None) -> Any:
    return provider.Client(ProviderAccount.objects.get(pk=account.pk)).ask(method, path, json=json)
