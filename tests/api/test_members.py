from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.people import invite
from accounts.scopes import SCOPES
from campaigns.models import Campaign
from tests import world

MEMBERS, INVITATIONS = "/api/v1/members", "/api/v1/invitations"


def send(api: Client, email: str = "nina@example.com", **fields: Any) -> Any:
    return api.post(INVITATIONS, {"email": email, **fields}, content_type="application/json")


def set_role(api: Client, user: User, role: str) -> Any:
    return api.patch(f"{MEMBERS}/{user.pk}", {"role": role}, content_type="application/json")


# --- members ---
def test_members_are_listed_newest_first(api: Client, alice: User, bob: User, mallory: User) -> None:
    data = api.get(MEMBERS).json()["data"]
    assert [member["email"] for member in data["members"]] == ["bob@example.com", "alice@example.com"]
    assert data["members"][1] | {"createdAt": ""} == {
        "memberId": str(alice.pk),
        "name": "Alice",
        "email": "alice@example.com",
        "role": "owner",
        "lastLoginAt": None,
        "createdAt": "",
    }
    assert api.get(f"{MEMBERS}/{bob.pk}").json()["data"] == data["members"][0]


def test_pages_of_members_follow_each_other(api: Client, alice: User, bob: User, vera: User) -> None:
    first = api.get(MEMBERS, {"limit": "2"}).json()["data"]
    second = api.get(MEMBERS, {"limit": "2", "cursor": first["nextCursor"]}).json()["data"]
    names = [member["name"] for member in first["members"] + second["members"]]
    assert (names, second["hasMore"]) == (["Vera", "Bob", "Alice"], False)


def test_a_role_is_changed_and_recorded(api: Client, alice: User, bob: User, workspace: Workspace) -> None:
    assert set_role(api, bob, "admin").json()["data"]["role"] == "admin"
    assert Membership.objects.get(user=bob).role == Role.ADMIN
    event = workspace.audit_events.get(verb="member.role_changed")
    assert (event.object_id, event.api_key is not None) == (str(bob.pk), True)


def test_the_last_owner_stays(api: Client, alice: User) -> None:
    for refused in (set_role(api, alice, "admin"), api.delete(f"{MEMBERS}/{alice.pk}")):
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "LAST_OWNER"
    assert Membership.objects.get(user=alice).role == Role.OWNER


def test_a_member_is_removed(api: Client, alice: User, bob: User) -> None:
    assert api.delete(f"{MEMBERS}/{bob.pk}").json() == {"success": True, "data": None}
    assert api.get(f"{MEMBERS}/{bob.pk}").status_code == 404
    assert User.objects.filter(pk=bob.pk).exists()


@pytest.mark.parametrize("body", [{}, {"role": "king"}, {"role": None}, {"role": ["owner"]}, {"role": "admin", "x": 1}])
def test_what_is_no_role_is_refused(api: Client, bob: User, body: dict[str, Any]) -> None:
    assert api.patch(f"{MEMBERS}/{bob.pk}", body, content_type="application/json").status_code == 400
    assert Membership.objects.get(user=bob).role == Role.MEMBER


def test_another_workspaces_people_are_unknown(api: Client, mallory: User) -> None:
    answers = [
        api.get(f"{MEMBERS}/{mallory.pk}"),
        set_role(api, mallory, "viewer"),
        api.delete(f"{MEMBERS}/{mallory.pk}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert Membership.objects.get(user=mallory).role == Role.OWNER


@pytest.mark.parametrize("member_id", ["x", "9" * 18, "9" * 40, "-1", "user_1"])
def test_what_is_no_id_is_unknown(api: Client, member_id: str) -> None:
    assert api.get(f"{MEMBERS}/{member_id}").status_code == 404
    assert api.delete(f"{INVITATIONS}/{member_id}").status_code == 404


# --- invitations ---
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order-1"}])
def test_an_invitation_is_mailed_after_the_commit_and_its_link_answered(headers: dict[str, str]) -> None:
    workspace = world.make_workspace("Harbour")
    api = Client(headers={"X-API-Key": world.make_key(workspace)})
    body = {"email": "Nina@Example.com", "role": "viewer"}
    sent = api.post(INVITATIONS, body, content_type="application/json", headers=headers).json()["data"]
    [message] = mail.outbox
    assert message.to == ["nina@example.com"]
    assert sent["link"] in message.body
    assert "An owner invites you to join Harbour" in message.body
    assert (sent["email"], sent["role"], sent["invitedBy"]) == ("nina@example.com", "viewer", None)
    assert Client().get(sent["link"]).status_code == 200


def test_no_mail_goes_out_while_the_invitation_may_be_undone(api: Client) -> None:
    with transaction.atomic():
        assert send(api).status_code == 200
        assert not mail.outbox
        transaction.set_rollback(True)
    assert not mail.outbox
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_invitation_sent_twice_with_one_key_is_one_mail() -> None:
    api = Client(headers={"X-API-Key": world.make_key(world.make_workspace("Harbour"))})
    headers, body = {"Idempotency-Key": "order-1"}, {"email": "nina@example.com"}
    first, second = (api.post(INVITATIONS, body, content_type="application/json", headers=headers) for _ in range(2))
    assert first.content == second.content
    assert len(mail.outbox) == 1


def test_inviting_again_renews_the_link(api: Client) -> None:
    first, second = send(api).json()["data"], send(api, role="admin").json()["data"]
    assert first["invitationId"] == second["invitationId"]
    assert Client().get(first["link"]).status_code == 404
    assert Client().get(second["link"]).status_code == 200


def test_open_invitations_are_listed_without_their_links(api: Client, workspace: Workspace, alice: User) -> None:
    invited = send(api).json()["data"]
    assert api.get(INVITATIONS).json()["data"]["invitations"] == [{k: v for k, v in invited.items() if k != "link"}]
    assert api.delete(f"{INVITATIONS}/{invited['invitationId']}").json()["data"] is None
    assert api.get(INVITATIONS).json()["data"]["invitations"] == []
    assert Client().get(invited["link"]).status_code == 404
    assert api.delete(f"{INVITATIONS}/{invited['invitationId']}").status_code == 404


def test_an_owner_may_be_invited(api: Client) -> None:
    assert send(api, role="owner").json()["data"]["role"] == "owner"


def test_a_member_is_not_invited_again(api: Client, bob: User) -> None:
    refused = send(api, "bob@example.com")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ALREADY_MEMBER")


@pytest.mark.parametrize("email", ["", "nobody", None, 7, "a@b", "a\nb@example.com", "x" * 250 + "@example.com"])
def test_what_is_no_address_is_refused(api: Client, email: Any) -> None:
    refused = send(api, email)
    assert refused.status_code == 400
    assert refused.json()["error"]["details"][0].startswith("email: ")


def test_another_workspaces_invitations_are_unknown(api: Client, elsewhere: Campaign) -> None:
    row, _ = invite(workspace=elsewhere.workspace, email="nina@example.com", role="member", by=SYSTEM)
    assert api.get(INVITATIONS).json()["data"]["invitations"] == []
    assert api.delete(f"{INVITATIONS}/{row.pk}").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", MEMBERS, "members:read"),
        ("get", f"{MEMBERS}/1", "members:read"),
        ("patch", f"{MEMBERS}/1", "members:write"),
        ("delete", f"{MEMBERS}/1", "members:write"),
        ("get", INVITATIONS, "members:read"),
        ("post", INVITATIONS, "members:write"),
        ("delete", f"{INVITATIONS}/1", "members:write"),
    ],
)
def test_a_key_without_the_scope_is_refused(workspace: Workspace, method: str, path: str, scope: str) -> None:
    key = world.make_key(workspace, tuple(name for name in SCOPES if name != scope))
    assert getattr(Client(headers={"X-API-Key": key}), method)(path).status_code == 403


@pytest.mark.parametrize("url", [MEMBERS, INVITATIONS])
def test_queries_do_not_grow_with_people(api: Client, workspace: Workspace, alice: User, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(url, {"limit": "100"}).status_code == 200
        return len(captured)

    queries()  # writes the key's last use
    few = queries()
    for number in range(10):
        world.make_user(f"Person{number}", workspace, Role.MEMBER)
        invite(workspace=workspace, email=f"guest{number}@example.com", role="member", by=SYSTEM)
    Invitation.objects.update(invited_by=alice)
    assert queries() == few < 4
