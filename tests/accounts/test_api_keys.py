from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.keys import create_api_key, revoke_api_key
from accounts.models import ApiKey, Workspace
from common import clock
from common.errors import ProblemError
from leads.models import Lead
from tests import world

URL = "/api/v1/interactions/int_nobody"


def get(key: str, header: str = "X-API-Key") -> int:
    return Client(headers={header: key}).get(URL).status_code


def test_a_key_opens_its_workspace_by_either_header(workspace: Workspace) -> None:
    key = world.make_key(workspace)
    assert get(key) == 404
    assert get(f"Bearer {key}", "Authorization") == 404


def test_only_the_digest_of_a_key_is_kept(workspace: Workspace) -> None:
    key = world.make_key(workspace)
    row = ApiKey.objects.get()
    assert key not in str(row.__dict__)
    assert key.startswith(row.prefix)


@pytest.mark.parametrize("key", ["", "ls_wrong", "ls_" + "x" * 5000, "ü"])
def test_without_a_good_key_the_answer_is_401_in_the_envelope(db: None, key: str) -> None:
    response = Client(headers={"X-API-Key": key}).get(URL)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "UNAUTHORIZED"


def test_a_revoked_key_is_refused_at_once(workspace: Workspace) -> None:
    key = world.make_key(workspace)
    revoke_api_key(key=ApiKey.objects.get(), by=SYSTEM)
    assert get(key) == 401


def test_an_expired_key_is_refused(workspace: Workspace) -> None:
    soon = clock.now() + timedelta(seconds=30)
    _, key = create_api_key(workspace=workspace, name="x", scopes=["interactions:read"], by=SYSTEM, expires_at=soon)
    assert get(key) == 404
    ApiKey.objects.update(expires_at=clock.now())
    assert get(key) == 401


def test_a_key_without_the_scope_is_refused_with_its_name(workspace: Workspace, lead: Lead) -> None:
    key = world.make_key(workspace, ("interactions:read",))
    response = Client(headers={"X-API-Key": key}).post(
        "/api/v1/voice/calls/initiate", {"leadId": lead.public_id}, content_type="application/json"
    )
    assert response.status_code == 403
    assert "calls:write" in response.json()["error"]["message"]


def test_a_scope_that_does_not_exist_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ProblemError, match="leads:delete"):
        create_api_key(workspace=workspace, name="x", scopes=["leads:delete"], by=SYSTEM)


def test_the_last_use_is_kept_to_the_minute(workspace: Workspace) -> None:
    key = world.make_key(workspace)
    get(key)
    used = ApiKey.objects.get().last_used_at
    get(key)
    assert used
    assert ApiKey.objects.get().last_used_at == used
