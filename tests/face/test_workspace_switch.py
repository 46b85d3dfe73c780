from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User, Workspace

SWITCH = "/workspace/"


@pytest.fixture
def second(bob: User, elsewhere: Any) -> Workspace:
    """Bob looks on in Mallory's workspace too."""
    workspace: Workspace = elsewhere.workspace
    Membership.objects.create(workspace=workspace, user=bob, role=Role.VIEWER)
    return workspace


def test_the_list_holds_ones_own_workspaces_with_the_role(bob_client: Client, second: Workspace, alice: User) -> None:
    page = bob_client.get(SWITCH)
    assert [(row.workspace.name, row.role) for row in page.context["memberships"]] == [
        ("Harbour", "member"),
        ("Elsewhere", "viewer"),
    ]


def test_switching_changes_what_is_seen_and_what_is_allowed(bob_client: Client, second: Workspace) -> None:
    assert "Harbour" in bob_client.get("/leads/").content.decode()
    bob_client.post(SWITCH, {"workspace": second.public_id})
    page = bob_client.get("/leads/")
    assert page.context["workspace"] == second
    assert 'class="top-workspace" dir="auto">Elsewhere<' in page.content.decode()
    assert page.context["membership"].role == "viewer"


@pytest.mark.parametrize("wanted", ["", "ws_nothing", None])
def test_a_workspace_one_does_not_belong_to_is_unknown(
    bob_client: Client, mallory: User, elsewhere: Any, wanted: str | None
) -> None:
    public_id = elsewhere.workspace.public_id if wanted is None else wanted
    assert bob_client.post(SWITCH, {"workspace": public_id}).status_code == 404
    assert bob_client.get("/leads/").context["workspace"].name == "Harbour"


def test_whoever_was_removed_from_the_chosen_one_is_back_in_the_first(bob_client: Client, second: Workspace) -> None:
    bob_client.post(SWITCH, {"workspace": second.public_id})
    Membership.objects.filter(workspace=second).delete()
    assert bob_client.get("/leads/").context["workspace"].name == "Harbour"


def test_the_menu_offers_the_switch_only_where_there_is_a_choice(bob_client: Client, vera_client: Client) -> None:
    assert reverse("workspace_switch") not in vera_client.get("/leads/").content.decode()


def test_looking_changes_nothing(bob_client: Client, second: Workspace) -> None:
    bob_client.get(SWITCH, {"workspace": second.public_id})
    assert bob_client.get("/leads/").context["workspace"].name == "Harbour"
