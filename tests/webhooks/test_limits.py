"""What an endpoint may not be."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Workspace
from tests.webhooks.world import EVENT, make_endpoint
from webhooks.endpoints import MOST_ENDPOINTS
from webhooks.models import WebhookEndpoint

URL = "/api/v1/webhook-endpoints"


def create(api: Client, url: str) -> Any:
    return api.post(URL, {"url": url, "events": [EVENT]}, content_type="application/json")


@pytest.mark.parametrize("host", ["①②⑦.⓪.⓪.①", "127。0。0。1", "ｌocalhost", "１27.1", "☃.example", "*.example.com"])
def test_a_host_that_nothing_can_be_sent_to_is_refused(api: Client, host: str) -> None:
    refused = create(api, f"http://{host}/")
    assert refused.status_code == 400
    assert refused.json()["error"]["details"] == ["url: This is no URL: check the host and the port."]
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("host", ["localhost.", "127.0.0.1.", "LOCALHOST"])
def test_this_machine_is_private_however_it_is_written(api: Client, host: str) -> None:
    assert "This address is private" in create(api, f"http://{host}/").json()["error"]["details"][0]


def test_a_workspace_has_so_many_endpoints_and_no_more(api: Client, workspace: Workspace) -> None:
    for _ in range(MOST_ENDPOINTS - 1):
        make_endpoint(workspace, "https://crm.example.com/")
    assert create(api, "https://last.example.com/").status_code == 200
    refused = create(api, "https://one-more.example.com/")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "TOO_MANY_ENDPOINTS"
    assert "at most 50" in refused.json()["error"]["message"]
    assert WebhookEndpoint.objects.count() == MOST_ENDPOINTS
