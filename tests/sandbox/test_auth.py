from __future__ import annotations

import pytest
import requests

from tests.sandbox.harness import Box, Tenant


@pytest.mark.parametrize("key", ["sk_live_123", "sk_sandbox_", "nonsense"])
def test_wrong_key_gets_the_providers_401(box: Box, key: str) -> None:
    answer = requests.get(f"{box.url}/v1/user", headers={"xi-api-key": key}, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["detail"] == {"status": "invalid_api_key", "message": "Invalid API key"}


def test_missing_key_gets_401(box: Box) -> None:
    answer = requests.post(f"{box.url}/v1/convai/twilio/outbound-call", json={}, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["detail"]["status"] == "needs_authorization"


def test_any_sandbox_key_is_a_user(tenant: Tenant) -> None:
    user = tenant.ok("GET", "/v1/user")
    assert user["subscription"]["status"] == "active"


def test_unknown_path_gets_a_json_404(tenant: Tenant) -> None:
    answer = tenant.request("GET", "/v1/convai/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
