from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Role, User, Workspace
from leads.models import Lead
from tests import world

URL = reverse("member_list")


def seat(user: User) -> Membership:
    return Membership.objects.get(user=user)


def role_of(user: User) -> str:
    return seat(user).role


def set_role(client: Client, user: User, role: str, was: str = "") -> int:
    fields = {"role": role, "was": was or role_of(user)}
    return client.post(reverse("member_role", args=[seat(user).pk]), fields).status_code


def test_everybody_sees_the_members_and_only_owners_the_controls(
    alice_client: Client, bob: User, vera_client: Client, mallory: User
) -> None:
    seen, owned = (client.get(URL).content.decode() for client in (vera_client, alice_client))
    assert bob.email in seen
    assert mallory.email not in seen
    assert "Save the role" not in seen
    assert "Save the role of Bob" in owned
    assert "Invite somebody" in owned


def test_an_owner_changes_a_role_with_a_trace(alice_client: Client, bob: User, workspace: Workspace) -> None:
    assert set_role(alice_client, bob, "admin") == 302
    assert role_of(bob) == "admin"
    event = workspace.audit_events.get(verb="member.role_changed")
    assert event.data == {"email": bob.email, "before": "member", "after": "admin"}


def test_a_role_that_somebody_changed_meanwhile_is_told(alice_client: Client, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    assert set_role(alice_client, bob, "viewer", was="member") == 422
    assert role_of(bob) == "admin"


def test_a_second_click_finds_it_done(alice_client: Client, bob: User, workspace: Workspace) -> None:
    assert [set_role(alice_client, bob, "viewer", was="member") for _ in range(2)] == [302, 302]
    assert workspace.audit_events.filter(verb="member.role_changed").count() == 1


def test_the_last_owner_is_neither_demoted_nor_removed(alice_client: Client, alice: User, bob: User) -> None:
    assert set_role(alice_client, alice, "member") == 422
    gone = alice_client.post(reverse("member_remove", args=[seat(alice).pk]))
    assert gone.status_code == 422
    assert "make somebody else an owner first" in gone.content.decode()
    assert role_of(alice) == "owner"


def test_with_a_second_owner_the_first_may_step_down(alice_client: Client, alice: User, bob: User) -> None:
    set_role(alice_client, bob, "owner")
    assert set_role(alice_client, alice, "viewer") == 302
    assert role_of(alice) == "viewer"


@pytest.mark.parametrize("role", ["", "king"])
def test_only_roles_that_exist_are_taken(alice_client: Client, bob: User, role: str) -> None:
    assert set_role(alice_client, bob, role, was="member") == 422
    assert role_of(bob) == "member"


def test_who_is_removed_sees_nothing_more_and_keeps_their_leads(
    alice_client: Client, bob_client: Client, bob: User, lead: Lead
) -> None:
    Lead.objects.update(owner=bob)
    alice_client.post(reverse("member_remove", args=[seat(bob).pk]))
    assert bob_client.get(reverse("lead_list")).status_code == 403
    lead.refresh_from_db()
    assert lead.owner == bob


def test_the_question_says_that_their_invitations_end(alice_client: Client, bob: User) -> None:
    page = alice_client.get(URL).content.decode()
    assert "Remove Bob? They lose sight of this workspace at once, and open invitations that they sent stop" in page


def test_removing_twice_with_one_form_is_one_removal(alice_client: Client, bob: User) -> None:
    once = alice_client.get(URL).content.decode().split('name="once" value="')[1].split('"')[0]
    url = reverse("member_remove", args=[seat(bob).pk])
    assert [alice_client.post(url, {"once": once}).status_code for _ in range(2)] == [302, 302]


def test_anybody_may_leave_and_only_owners_remove_others(bob_client: Client, bob: User, vera: User) -> None:
    assert bob_client.post(reverse("member_remove", args=[seat(vera).pk])).status_code == 403
    assert bob_client.post(reverse("member_remove", args=[seat(bob).pk])).status_code == 302
    assert not Membership.objects.filter(user=bob).exists()
    assert Membership.objects.filter(user=vera).exists()


def test_members_of_another_workspace_are_not_there(mallory_client: Client, bob: User) -> None:
    assert set_role(mallory_client, bob, "viewer") == 404
    assert mallory_client.post(reverse("member_remove", args=[seat(bob).pk])).status_code == 404


def test_members_may_not_change_roles(bob_client: Client, bob: User) -> None:
    assert set_role(bob_client, bob, "owner") == 403


def test_queries_do_not_grow_with_members(alice_client: Client, workspace: Workspace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(URL)
        return len(captured)

    world.make_user("P", workspace, Role.OWNER)
    few = queries()
    for i in range(30):
        world.make_user(f"P{i}", workspace, Role.MEMBER)
    assert queries() == few < 12
