from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent, Workspace
from campaigns.models import Campaign, PromptVariable
from campaigns.prompts import BUILT_IN
from campaigns.services import register_custom_fields
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send


def declare(api: Client, name: str, **fields: Any) -> dict[str, Any]:
    return post(api, "variables", {"name": name, **fields})


def walk(api: Client, limit: int) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        page = get(api, "variables", **asked)
        assert len(page["variables"]) <= limit
        names += [row["name"] for row in page["variables"]]
        if not page["hasMore"]:
            assert page["nextCursor"] is None
            return names
        asked["cursor"] = page["nextCursor"]


@pytest.mark.parametrize("limit", [1, 10, len(BUILT_IN), len(BUILT_IN) + 1, 100])
def test_the_list_has_our_own_first_then_the_workspaces(
    api: Client, workspace: Workspace, elsewhere: Campaign, limit: int
) -> None:
    names = [declare(api, f"word_{number}")["name"] for number in range(3)]
    PromptVariable.objects.create(workspace=elsewhere.workspace, name="theirs")
    assert walk(api, limit) == [*BUILT_IN, *reversed(names)]


def test_the_list_costs_the_same_however_many_there_are(api: Client, workspace: Workspace) -> None:
    get(api, "variables")
    before = count_queries(api, "variables")
    for number in range(5):
        PromptVariable.objects.create(workspace=workspace, name=f"word_{number}")
    assert count_queries(api, "variables") == before


def test_a_cursor_that_is_none_is_told(api: Client, workspace: Workspace) -> None:
    assert details_of(api.get("/api/v1/variables", {"cursor": "nobody"}))[0].startswith("cursor: ")


def test_every_kind_says_what_it_is(api: Client, workspace: Workspace) -> None:
    register_custom_fields(workspace=workspace, names=["roof_type"])
    assert get(api, "variables/first_name") == {
        "name": "first_name",
        "kind": "lead",
        "meaning": "First name",
        "default": "there",
        "example": "Anna",
    }
    assert get(api, "variables/attempt_number")["kind"] == "call"
    assert get(api, "variables/roof_type") == {
        "name": "roof_type",
        "kind": "custom_field",
        "meaning": None,
        "default": None,
        "example": None,
    }


def test_a_variable_is_declared_changed_and_deleted_and_the_key_is_on_record(api: Client, workspace: Workspace) -> None:
    found = declare(api, "showroom", default="12 Pine Street", example="12 Pine Street")
    assert found["kind"] == "declared"
    assert patch(api, "variables/showroom", {"default": None}) == found | {"default": None}
    assert send(api, "delete", "variables/showroom").json() == {"success": True, "data": None}
    assert error_of(send(api, "delete", "variables/showroom"), 404)["code"] == "NOT_FOUND"
    events = AuditEvent.objects.filter(object_type="variable").order_by("id")
    assert [(event.verb, event.api_key) for event in events] == [
        (f"variable.{verb}", ApiKey.objects.get()) for verb in ("created", "changed", "deleted")
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "name: "),
        ({"name": "Show Room"}, "name: Small letters, digits and underscores"),
        ({"name": "a" * 64}, "name: "),
        ({"name": "first_name"}, "name: “first_name” is one of LeadSail's own variables."),
        ({"name": "showroom"}, "name: There is a variable “showroom” already: choose another name."),
        ({"name": "other", "default": "a" * 501}, "default: "),
        ({"name": "other", "kind": "declared"}, "kind: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field(api: Client, workspace: Workspace, sent: dict[str, Any], told: str) -> None:
    declare(api, "showroom")
    found = details_of(send(api, "post", "variables", sent))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_our_own_variables_stay_as_they_are(api: Client, workspace: Workspace) -> None:
    for response in (
        send(api, "patch", "variables/first_name", {"default": "friend"}),
        send(api, "delete", "variables/first_name"),
    ):
        assert details_of(response) == ["“first_name” is one of LeadSail's own variables: it stays as it is."]


def test_a_variable_that_a_template_says_is_not_deleted(api: Client, workspace: Workspace) -> None:
    declare(api, "showroom")
    template = world.make_template(workspace, body="Come to {{showroom}}.")
    found = details_of(send(api, "delete", "variables/showroom"))
    assert found == [f"“showroom” stands in “{template}”: take it out there first."]
    register_custom_fields(workspace=workspace, names=["roof_type"])
    assert "is a custom field of leads" in details_of(send(api, "delete", "variables/roof_type"))[0]
