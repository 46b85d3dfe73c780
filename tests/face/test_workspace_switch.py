from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User, Workspace
from campaigns.models import Campaign
from leads.models import Lead

SWITCH, NEW = "/workspace/", "/leads/new/"


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


@pytest.fixture
def elsewhere_too(second: Workspace, bob: User) -> Workspace:
    """There Bob may add leads as well."""
    Membership.objects.filter(workspace=second, user=bob).update(role=Role.MEMBER)
    return second


def opened(client: Client, address: str = NEW) -> dict[str, Any]:
    """What the form on the page sends, as far as it must."""
    page = client.get(address)
    token = re.findall(r'name="once" value="([^"]+)"', page.content.decode().partition("novalidate")[2])[0]
    return {"once": token, "campaign": page.context["form"]["campaign"].value(), "first_name": "Nora"}


def test_a_form_acts_where_it_was_opened(bob_client: Client, workspace: Workspace, elsewhere_too: Workspace) -> None:
    form = opened(bob_client)
    bob_client.post(SWITCH, {"workspace": elsewhere_too.public_id})
    assert bob_client.get("/leads/").context["workspace"] == elsewhere_too
    answer = bob_client.post(NEW, form)
    lead = Lead.objects.get(first_name="Nora")
    assert lead.workspace == workspace
    page = bob_client.get(answer.headers["Location"])
    assert (page.status_code, page.context["workspace"]) == (200, workspace)


def test_the_role_is_that_of_where_it_was_opened(bob_client: Client, workspace: Workspace, second: Workspace) -> None:
    form = opened(bob_client)
    Membership.objects.filter(workspace=workspace).update(role=Role.VIEWER)
    Membership.objects.filter(workspace=second).update(role=Role.MEMBER)
    bob_client.post(SWITCH, {"workspace": second.public_id})
    assert bob_client.post(NEW, form).status_code == 403
    assert not Lead.objects.exists()


def test_a_form_of_a_workspace_one_was_removed_from_does_nothing(
    bob_client: Client, workspace: Workspace, elsewhere_too: Workspace
) -> None:
    form = opened(bob_client)
    Membership.objects.filter(workspace=workspace).delete()
    answer = bob_client.post(NEW, form)
    assert answer.status_code == 403
    assert "no longer in" in answer.content.decode()
    assert not Lead.objects.exists()
    assert bob_client.get("/leads/").context["workspace"] == elsewhere_too


def test_another_persons_token_takes_nobody_anywhere(
    bob_client: Client, mallory_client: Client, workspace: Workspace, elsewhere: Campaign
) -> None:
    theirs = opened(mallory_client)["once"]
    form = opened(bob_client) | {"once": theirs}
    assert bob_client.post(NEW, form).status_code == 302
    assert bob_client.post(NEW, form).status_code == 302
    assert list(Lead.objects.values_list("workspace", flat=True)) == [workspace.pk] * 2


def test_looking_changes_nothing(bob_client: Client, second: Workspace) -> None:
    bob_client.get(SWITCH, {"workspace": second.public_id})
    assert bob_client.get("/leads/").context["workspace"].name == "Harbour"
