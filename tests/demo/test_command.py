from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.keys import digest_key
from accounts.models import ApiKey, User, Workspace
from accounts.services import create_first_owner
from calls.models import Interaction
from campaigns.models import ProviderAccount
from leads.models import Lead
from tests.demo.conftest import Run


def told(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "demo.json").read_text()))


def logs_in(folder: Path) -> bool:
    return Client().login(**told(folder)["login"])


def test_the_first_start_tells_the_address_the_login_and_the_key(run: Run, tmp_path: Path) -> None:
    said, content = run(), told(tmp_path)
    login = content["login"]
    assert all(
        text in said for text in ("http://127.0.0.1:8000", login["email"], login["password"], content["api_key"])
    )
    assert len(said.splitlines()) >= 5, "progress is shown"
    assert len(login["password"]) == 12


def test_what_it_tells_works(run: Run, tmp_path: Path) -> None:
    run()
    assert logs_in(tmp_path)
    assert ApiKey.objects.filter(digest=digest_key(told(tmp_path)["api_key"])).exists()
    assert Lead.objects.filter(public_id=told(tmp_path)["lead"], tags__name="call me first").exists()
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


def test_no_other_secret_is_told(run: Run) -> None:
    said = run()
    account = ProviderAccount.objects.get()
    assert account.webhook_secret
    assert not any(secret in said for secret in (account.api_key, account.webhook_secret, account.webhook_token))


def test_the_second_start_adds_nothing_and_only_asks(
    run: Run, demo: Workspace, tmp_path: Path, requests_made: list[tuple[str, str]]
) -> None:
    def state() -> list[object]:
        rows = [Lead.objects.count(), Interaction.objects.count(), User.objects.count(), ApiKey.objects.count()]
        return [*rows, told(tmp_path), list(ProviderAccount.objects.values())]

    before = state()
    run()
    assert state() == before
    assert {method for method, _ in requests_made} == {"GET"}
    assert len(requests_made) == 4


def test_an_installation_with_data_of_its_own_is_left_alone(run: Run, tmp_path: Path) -> None:
    create_first_owner(
        email="ann@example.com", password="long enough", name="Ann", workspace_name="Ann", country="US", timezone="UTC"
    )
    (tmp_path / "demo.json").write_text("{}")
    assert "nothing was added" in run()
    assert User.objects.count() == 1
    assert not Lead.objects.exists()
    assert not (tmp_path / "demo.json").exists()


def test_a_start_that_breaks_off_leaves_the_database_empty(run: Run, settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        run()
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


@pytest.mark.parametrize("content", [None, "", '{"login": {"email": "a", "password": "b"}, "api_key": "ls_foreign"}'])
def test_a_lost_or_foreign_file_is_replaced_by_a_login_that_works(
    run: Run, demo: Workspace, tmp_path: Path, content: str | None
) -> None:
    (tmp_path / "demo.json").unlink()
    if content is not None:
        (tmp_path / "demo.json").write_text(content)
    assert "has a new password and API key" in run()
    assert logs_in(tmp_path)


def test_without_its_owner_the_demo_goes_on_without_a_login(run: Run, demo: Workspace, tmp_path: Path) -> None:
    (tmp_path / "demo.json").unlink()
    User.objects.get(email="demo@leadsail.example").delete()
    run()
    assert not (tmp_path / "demo.json").exists()
    assert Lead.objects.filter(tags__name="call me first").exists()
