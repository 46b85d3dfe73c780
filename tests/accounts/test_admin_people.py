"""The operator's admin changes people by the same services, and leaves every workspace its owner."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership, Role, User, Workspace
from tests import world

NO_INLINES = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
WORKSPACE = {"name": "Port", "country": "GB", "timezone": "Europe/London"}


@pytest.fixture
def operator_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga@example.com", world.PASSWORD))
    return client


def address(member: Membership, act: str) -> str:
    return f"/admin/accounts/membership/{member.pk}/{act}/"


def test_a_workspace_is_added_with_its_owner(operator_client: Client, bob: User) -> None:
    inline = {"memberships-0-user": bob.pk, "memberships-0-role": "owner"}
    sent = {**WORKSPACE, "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0, **inline}
    assert operator_client.post("/admin/accounts/workspace/add/", sent).status_code == 302
    port = Workspace.objects.get(name="Port")
    assert port.memberships.get().role == "owner"
    assert {event.verb for event in port.audit_events.all()} == {"workspace.created", "member.added"}


def test_a_changed_workspace_leaves_a_trace(operator_client: Client, workspace: Workspace) -> None:
    operator_client.post(f"/admin/accounts/workspace/{workspace.pk}/change/", {**WORKSPACE, **NO_INLINES})
    assert workspace.audit_events.get(verb="workspace.updated").data["changes"]["country"] == ["US", "GB"]


def test_a_role_is_changed_with_a_trace(operator_client: Client, bob: User, workspace: Workspace) -> None:
    member = Membership.objects.get(user=bob)
    assert operator_client.post(address(member, "change"), {"role": "admin"}).status_code == 302
    member.refresh_from_db()
    assert member.role == "admin"
    assert workspace.audit_events.get(verb="member.role_changed").user


def test_the_last_owner_stays(operator_client: Client, alice: User) -> None:
    member = Membership.objects.get(user=alice)
    page = operator_client.post(address(member, "change"), {"role": "viewer"})
    assert "only owner" in page.content.decode()
    assert "its only owner" in operator_client.get(address(member, "delete")).content.decode()
    operator_client.post(address(member, "delete"), {"post": "yes"})
    member.refresh_from_db()
    assert member.role == Role.OWNER


def test_both_owners_at_once_stay(operator_client: Client, alice: User, workspace: Workspace) -> None:
    world.make_user("Anton", workspace, Role.OWNER)
    owners = list(Membership.objects.filter(role=Role.OWNER).values_list("pk", flat=True))
    several = {"action": "delete_selected", "_selected_action": owners, "post": "yes"}
    assert operator_client.post("/admin/accounts/membership/", several).status_code == 200
    assert Membership.objects.filter(role=Role.OWNER).count() == 2


def test_members_are_removed_with_a_trace(operator_client: Client, bob: User, vera: User, workspace: Workspace) -> None:
    one, other = Membership.objects.filter(user__in=[bob, vera])
    operator_client.post(address(one, "delete"), {"post": "yes"})
    several = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    operator_client.post("/admin/accounts/membership/", several)
    assert not Membership.objects.filter(user__in=[bob, vera]).exists()
    assert workspace.audit_events.filter(verb="member.removed").count() == 2


def test_a_person_is_added_to_a_workspace(operator_client: Client, workspace: Workspace) -> None:
    nina = User.objects.create_user("nina@example.com", world.PASSWORD)
    sent = {"workspace": workspace.pk, "user": nina.pk, "role": "member"}
    operator_client.post("/admin/accounts/membership/add/", sent)
    assert workspace.audit_events.get(verb="member.added").data == {"email": nina.email, "role": "member"}
