from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, Workspace
from accounts.scopes import SCOPES
from campaigns.models import Campaign
from leads.models import Lead
from tests import world

URL = "/api/v1/workspace"


def change(api: Client, **fields: Any) -> Any:
    return api.patch(URL, fields, content_type="application/json")


def test_the_workspace_is_the_keys(api: Client, workspace: Workspace, elsewhere: Campaign) -> None:
    data = api.get(URL).json()["data"]
    assert data.pop("createdAt").endswith("Z")
    assert data == {
        "workspaceId": workspace.public_id,
        "name": "Harbour",
        "country": "US",
        "timezone": "UTC",
        "callsStoppedAt": None,
    }


def test_a_change_changes_what_was_sent_and_is_recorded(api: Client, workspace: Workspace, elsewhere: Campaign) -> None:
    data = change(api, name="Quay\n Kitchens", timezone="America/Chicago").json()["data"]
    assert (data["name"], data["timezone"], data["country"]) == ("Quay Kitchens", "America/Chicago", "US")
    assert api.get(URL).json()["data"] == data
    event = workspace.audit_events.get(verb="workspace.updated")
    assert event.data["changes"] == {"name": ["Harbour", "Quay Kitchens"], "timezone": ["UTC", "America/Chicago"]}
    assert event.api_key == ApiKey.objects.get()
    elsewhere.workspace.refresh_from_db()
    assert elsewhere.workspace.name == "Elsewhere"


def test_a_change_of_nothing_is_not_recorded(api: Client, workspace: Workspace) -> None:
    for fields in ({}, {"name": "Harbour"}):
        assert change(api, **fields).status_code == 200
    assert not workspace.audit_events.filter(verb="workspace.updated").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"country": "us"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"country": "USA"}, "country"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"callsStoppedAt": None}, "callsStoppedAt"),
    ],
)
def test_what_cannot_be_is_told_at_the_field(api: Client, workspace: Workspace, wrong: Any, field: str) -> None:
    answer = change(api, **wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0].startswith(f"{field}: ")
    assert not workspace.audit_events.filter(verb="workspace.updated").exists()


def test_stopped_calls_are_refused_until_they_are_resumed(api: Client, lead: Lead, workspace: Workspace) -> None:
    def call() -> Any:
        body = {"leadId": lead.public_id}
        return api.post("/api/v1/voice/calls/initiate", body, content_type="application/json")

    assert api.post(f"{URL}/stop-calls").json()["data"]["callsStoppedAt"]
    assert call().json()["error"]["code"] == "CALLS_STOPPED"
    assert api.post(f"{URL}/resume-calls").json()["data"]["callsStoppedAt"] is None
    assert call().status_code == 200
    verbs = list(workspace.audit_events.filter(verb__startswith="calls.").order_by("id").values_list("verb", flat=True))
    assert verbs == ["calls.stopped", "calls.resumed"]


def test_stopping_what_is_stopped_changes_nothing(api: Client, workspace: Workspace) -> None:
    first, second = (api.post(f"{URL}/stop-calls").json()["data"]["callsStoppedAt"] for _ in range(2))
    assert first == second
    assert workspace.audit_events.filter(verb="calls.stopped").count() == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "", "workspace:read"),
        ("patch", "", "workspace:write"),
        ("post", "/stop-calls", "workspace:write"),
        ("post", "/resume-calls", "workspace:write"),
    ],
)
def test_a_key_without_the_scope_is_refused(workspace: Workspace, method: str, path: str, scope: str) -> None:
    key = world.make_key(workspace, tuple(name for name in SCOPES if name != scope))
    answer = getattr(Client(headers={"X-API-Key": key}), method)(f"{URL}{path}")
    assert answer.status_code == 403
    assert scope in answer.json()["error"]["message"]
