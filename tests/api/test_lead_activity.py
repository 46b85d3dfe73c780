"""GET /leads/{leadId}/activity: what the Activity tab tells, page after page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM, Actor
from accounts.models import User
from campaigns.models import Campaign
from leads.models import Lead
from leads.services import add_note, add_tag, add_to_do_not_call, set_status, update_lead
from tests import world
from tests.api.asking import data_of, details_of, error_of
from tests.travel import Clock


def path_of(lead: Lead) -> str:
    return f"/api/v1/leads/{lead.public_id}/activity"


def ask(api: Client, lead: Lead, **query: Any) -> dict[str, Any]:
    return data_of(api.get(path_of(lead), query))


def test_what_happened_is_told_newest_first(api: Client, lead: Lead, bob: User, clock: Clock) -> None:
    by = Actor(user=bob)
    clock.at("2026-11-20T15:00:00Z")
    update_lead(lead=lead, city="Oakland", by=by)
    clock.move(minutes=1)
    add_note(lead=lead, text="Likes blue.", by=by)
    clock.move(minutes=1)
    set_status(lead=lead, status="qualified", by=SYSTEM, interaction_public_id="int_1")
    clock.move(minutes=1)
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=by, reason="Wrote to us")

    listed, status, note, updated = ask(api, lead)["entries"]
    assert updated == {
        "at": "2026-11-20T15:00:00.000Z",
        "kind": "lead.updated",
        "text": "Details changed",
        "detail": None,
        "by": "Bob",
        "changes": [{"label": "City", "before": "empty", "after": "Oakland"}],
        "interactionId": None,
    }
    assert (note["kind"], note["detail"], note["changes"]) == ("note.added", "Likes blue.", [])
    assert (status["kind"], status["by"], status["interactionId"]) == ("lead.status_changed", "LeadSail", "int_1")
    assert status["changes"] == [{"label": None, "before": "New", "after": "Qualified"}]
    assert (listed["kind"], listed["detail"]) == ("dnc.added", "Wrote to us")
    assert listed["changes"] == [{"label": "Phone", "before": None, "after": "+1 415-555-0132"}]


def test_pages_of_one_moment_follow_each_other_without_gap_or_repeat(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T15:00:00Z")
    for number in range(3):
        add_note(lead=lead, text=f"Note {number}", by=SYSTEM)
        add_tag(lead=lead, name=f"tag {number}", by=SYSTEM)
        set_status(lead=lead, status=("pending", "new")[number % 2], by=SYSTEM)
    seen: list[dict[str, Any]] = []
    page = ask(api, lead, limit=2)
    while page["hasMore"]:
        assert len(page["entries"]) == 2
        seen += page["entries"]
        page = ask(api, lead, limit=2, cursor=page["nextCursor"])
    assert (len(page["entries"]), page["nextCursor"]) == (1, None)
    seen += page["entries"]
    assert seen == ask(api, lead)["entries"]
    assert {entry["detail"] for entry in seen if entry["kind"] == "note.added"} == {"Note 0", "Note 1", "Note 2"}
    assert len(seen) == 9


def test_a_cursor_that_is_none_of_ours_is_refused(api: Client, lead: Lead) -> None:
    for cursor in ("abc", lead.public_id, "WyIyMDI2Il0:1:x"):
        assert details_of(api.get(path_of(lead), {"cursor": cursor}))[0].startswith("cursor: The cursor is not one")


@pytest.mark.parametrize("limit", [0, 101, "many"])
def test_a_page_has_one_to_a_hundred_entries(api: Client, lead: Lead, limit: Any) -> None:
    assert details_of(api.get(path_of(lead), {"limit": limit}))[0].startswith("limit: ")


def test_the_number_of_queries_does_not_grow(api: Client, lead: Lead, bob: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            ask(api, lead)
        return len(asked)

    by = Actor(user=bob)
    ask(api, lead)
    few = queries()
    for number in range(8):
        add_note(lead=lead, text=f"Note {number}", by=by)
        add_tag(lead=lead, name=f"tag {number}", by=by)
        set_status(lead=lead, status=("pending", "new")[number % 2], by=by)
    assert queries() == few
    assert len(ask(api, lead)["entries"]) == 24


def test_another_workspaces_lead_is_unknown(api: Client, elsewhere: Campaign) -> None:
    assert error_of(api.get(path_of(world.make_lead(elsewhere))), 404)["code"] == "NOT_FOUND"


def test_a_key_without_the_scope_reads_nothing(lead: Lead) -> None:
    key = world.make_key(lead.workspace, ("leads:write", "interactions:read"))
    assert Client(headers={"X-API-Key": key}).get(path_of(lead)).status_code == 403
