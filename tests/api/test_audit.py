from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM, Actor
from accounts.models import ApiKey, AuditEvent, User, Workspace
from accounts.services import record
from campaigns.models import Campaign
from tests import world
from tests.travel import Clock

URL = "/api/v1/audit"


def told(workspace: Workspace, verb: str = "lead.updated", by: Actor = SYSTEM, **fields: Any) -> AuditEvent:
    defaults = {"object_type": "lead", "object_id": "lead_1"}
    return record(workspace=workspace, by=by, verb=verb, **{**defaults, **fields})


def verbs(api: Client, **query: str) -> list[str]:
    answer = api.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [event["verb"] for event in answer.json()["data"]["events"]]


@pytest.fixture
def quiet(api: Client) -> Client:
    """`api`, without the events of making it."""
    AuditEvent.objects.all().delete()
    return api


def test_an_event_tells_who_did_what_to_which_object(quiet: Client, workspace: Workspace, alice: User) -> None:
    told(workspace, by=Actor(user=alice), data={"changes": {"name": ["a", "b"]}})
    told(workspace, by=Actor(api_key=ApiKey.objects.get()))
    told(workspace)
    by_system, by_key, by_alice = quiet.get(URL).json()["data"]["events"]
    assert by_alice | {"eventId": "", "at": ""} == {
        "eventId": "",
        "at": "",
        "actor": {"type": "user", "id": str(alice.pk), "name": "Alice"},
        "verb": "lead.updated",
        "objectType": "lead",
        "objectId": "lead_1",
        "data": {"changes": {"name": ["a", "b"]}},
    }
    assert by_key["actor"] == {"type": "apiKey", "id": ApiKey.objects.get().public_id, "name": "test"}
    assert by_system["actor"] == {"type": "system", "id": None, "name": "LeadSail"}


def test_events_are_found_by_object_and_by_verb(quiet: Client, workspace: Workspace) -> None:
    told(workspace, "one")
    told(workspace, "two", object_id="lead_2")
    told(workspace, "three", object_type="campaign")
    assert verbs(quiet) == ["three", "two", "one"]
    assert verbs(quiet, objectType="lead") == ["two", "one"]
    assert verbs(quiet, objectType="lead", objectId="lead_2") == ["two"]
    assert verbs(quiet, verb="three") == ["three"]
    assert verbs(quiet, verb="four") == []


def test_events_are_found_by_time_both_ends_included(quiet: Client, workspace: Workspace, clock: Clock) -> None:
    for day in ("19", "20", "21"):
        clock.at(f"2026-11-{day}T12:00:00+00:00")
        told(workspace, day)
    assert verbs(quiet, startDate="2026-11-20T12:00:00Z") == ["21", "20"]
    assert verbs(quiet, endDate="2026-11-20T12:00:00Z") == ["20", "19"]
    assert verbs(quiet, startDate="2026-11-20", endDate="2026-11-21") == ["20"]
    assert verbs(quiet, startDate="2026-11-20T13:00:00+02:00") == ["21", "20"]


@pytest.mark.parametrize(
    "query",
    [
        {"startDate": "soon"},
        {"endDate": "2026-13-01"},
        {"endDate": "0001-01-01T00:00:00+14:00"},
        {"verb": "a\0b"},
        {"objectId": "x" * 41},
        {"person": "1"},
        {"cursor": "x"},
        {"cursor": "-1"},
        {"cursor": "9" * 18},
        {"cursor": "9" * 40},
        {"cursor": "٣"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": ["1", "2"]},
    ],
)
def test_what_cannot_be_asked_is_told_at_the_name(api: Client, query: dict[str, Any]) -> None:
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0].startswith(f"{next(iter(query))}: ")


def test_pages_follow_each_other_also_where_the_last_row_no_longer_fits(quiet: Client, workspace: Workspace) -> None:
    events = [told(workspace, str(number)) for number in range(5)]
    first = quiet.get(URL, {"limit": "2", "verb": "4"}).json()["data"]
    assert (len(first["events"]), first["hasMore"], first["nextCursor"]) == (1, False, None)
    page = quiet.get(URL, {"limit": "2"}).json()["data"]
    assert page["nextCursor"] == str(events[3].pk)
    AuditEvent.objects.filter(pk=events[3].pk).update(object_type="campaign")
    assert verbs(quiet, limit="2", cursor=page["nextCursor"], objectType="lead") == ["2", "1"]


def test_another_workspaces_events_are_not_told_and_no_cursor(api: Client, elsewhere: Campaign) -> None:
    foreign = told(elsewhere.workspace, "secret")
    assert "secret" not in verbs(api)
    assert api.get(URL, {"cursor": str(foreign.pk)}).status_code == 400


def test_a_key_without_the_scope_is_refused(workspace: Workspace) -> None:
    key = world.make_key(workspace, ("workspace:write", "keys:read"))
    assert Client(headers={"X-API-Key": key}).get(URL).status_code == 403


def test_queries_do_not_grow_with_events(api: Client, workspace: Workspace, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            verbs(api, limit="100")
        return len(captured)

    queries()  # writes the key's last use
    few = queries()
    for _ in range(20):
        told(workspace, by=Actor(user=alice))
        told(workspace, by=Actor(api_key=ApiKey.objects.get()))
    assert queries() == few < 4
