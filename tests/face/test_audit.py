from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import Role, User, Workspace
from accounts.queries import details_of
from accounts.services import record, set_calls_stopped
from common.paging import PAGE_SIZE
from leads.models import Lead
from tests import world

URL = reverse("audit_list")


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(world.make_user("Adam", workspace, Role.ADMIN))
    return client


def note(workspace: Workspace, by: Actor = SYSTEM, **fields: Any) -> Any:
    defaults: dict[str, Any] = {"verb": "lead.updated", "object_type": "lead", "object_id": "lead_gone"}
    return record(workspace=workspace, by=by, **{**defaults, **fields})


def whats(client: Client, **asked: str) -> list[str]:
    return [row.what for row in client.get(URL, asked).context["rows"]]


def test_events_are_told_in_words_with_links_newest_first(
    adam_client: Client, workspace: Workspace, lead: Lead, alice: User
) -> None:
    note(workspace, Actor(user=alice), object_id=lead.public_id, data={"changes": {"city": ["Bonn", "Kiel"]}})
    set_calls_stopped(workspace=workspace, stopped=True, by=Actor(user=alice))
    assert whats(adam_client)[:2] == ["All calls stopped", "Lead updated"]
    page = adam_client.get(URL).content.decode()
    assert f'<a href="{reverse("lead", args=[lead.public_id])}" dir="auto">Anna Meyer</a>' in page
    assert "City: <bdi>Bonn</bdi> → <bdi>Kiel</bdi>" in page


def test_calls_and_campaigns_are_linked(adam_client: Client, workspace: Workspace, lead: Lead) -> None:
    call = world.make_interaction(lead)
    note(workspace, verb="call.corrected", object_type="interaction", object_id=call.public_id)
    note(workspace, verb="campaign.paused", object_type="campaign", object_id=lead.campaign.code)
    urls = [row.url for row in adam_client.get(URL).context["rows"]][:2]
    assert urls == [
        reverse("campaign", args=[lead.campaign.code]),
        reverse("conversation", args=[call.public_id]),
    ]


def test_one_persons_doings_can_be_asked_for(adam_client: Client, workspace: Workspace, alice: User, bob: User) -> None:
    note(workspace, Actor(user=alice), verb="a.one")
    note(workspace, Actor(user=bob), verb="b.two")
    note(workspace, verb="c.three")
    assert whats(adam_client, person=str(bob.pk)) == ["B two"]
    assert whats(adam_client, person="system")[:1] == ["C three"]
    assert not {"A one", "B two"} & set(whats(adam_client, person="system"))
    assert whats(adam_client, person="x") == []
    assert whats(adam_client, person="9" * 30) == []


def test_pages_follow_each_other_and_keep_the_person(adam_client: Client, workspace: Workspace, bob: User) -> None:
    for i in range(PAGE_SIZE + 2):
        note(workspace, Actor(user=bob), verb=f"n.{i}")
    first = adam_client.get(URL, {"person": str(bob.pk)})
    second = adam_client.get(URL + first.context["next_url"])
    assert len(second.context["rows"]) == 2
    assert second.context["person"] == str(bob.pk)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, []),
        ({"before": "Anna", "after": "Bob"}, [("", "Anna", "Bob")]),
        ({"reason": "asked", "note": 7}, [("Reason", "", "asked")]),
        ({"changes": {"name": ["", "Bo"]}}, [("Name", "nothing", "Bo")]),
        ({"scopes": ["a", "b"]}, [("Scopes", "", "a, b")]),
        ({"bad_rows": [[1, "x", "y"]], "added": 3}, [("Added", "", "3")]),
    ],
)
def test_what_changed_is_told_whatever_the_verb(workspace: Workspace, data: Any, told: list[Any]) -> None:
    details = details_of(note(workspace, data=data))
    assert [(detail.label, detail.before, detail.after) for detail in details] == told


def test_only_admins_read_it_and_only_their_own(
    bob_client: Client, mallory_client: Client, workspace: Workspace
) -> None:
    note(workspace, verb="secret.thing")
    assert bob_client.get(URL).status_code == 403
    assert "Secret thing" not in whats(mallory_client)


def test_queries_do_not_grow_with_events(adam_client: Client, workspace: Workspace, lead: Lead, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            adam_client.get(URL)
        return len(captured)

    call = world.make_interaction(lead)

    def three() -> None:
        note(workspace, Actor(user=alice), object_id=lead.public_id)
        note(workspace, object_type="interaction", object_id=call.public_id)
        note(workspace, object_type="campaign", object_id=lead.campaign.code)

    three()
    few = queries()
    for _ in range(12):
        three()
    assert queries() == few < 12
