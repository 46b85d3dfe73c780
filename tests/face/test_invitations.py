from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.people import add_member, change_role, find_invitation, invite, remove_member
from common import clock
from tests import world

NINA = "nina@example.com"
JOIN = {"name": "Nina", "password": "a long good password"}


@pytest.fixture
def link(workspace: Workspace, alice: User) -> Callable[..., str]:
    """Invites, and gives the address that the mail would lead to."""

    def made(email: str = NINA, role: str = "member") -> str:
        _, token = invite(workspace=workspace, email=email, role=role, by=Actor(user=alice))
        return reverse("invitation_accept", args=[token])

    return made


def send(client: Client, email: str = NINA, **fields: str) -> Any:
    return client.post(reverse("member_invite"), {"email": email, "role": "member", **fields})


def once_of(page: Any) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_an_invitation_is_mailed_and_its_link_shown_once(alice_client: Client, workspace: Workspace) -> None:
    page = send(alice_client, " Nina@Example.com ")
    link = re.search(r"http://testserver(/invitation/\S+?/)", str(mail.outbox[0].body))
    assert link
    assert mail.outbox[0].to == [NINA]
    assert mail.outbox[0].subject == "Alice invites you to Harbour on LeadSail"
    assert link[0] in page.content.decode()
    assert link[1] not in alice_client.get(reverse("member_list")).content.decode()
    assert find_invitation(link[1].split("/")[2]) == Invitation.objects.get()
    assert link[1].split("/")[2] not in str(Invitation.objects.values().get())
    assert workspace.audit_events.filter(verb="invitation.sent").count() == 1


def test_a_mail_server_that_fails_loses_no_invitation(alice_client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = send(alice_client).content.decode()
    assert "could not be sent" in page
    assert "http://testserver/invitation/" in page
    assert Invitation.objects.open().count() == 1


def test_a_double_click_sends_one_mail(alice_client: Client) -> None:
    once = once_of(alice_client.get(reverse("member_invite")))
    send(alice_client, once=once)
    assert send(alice_client, once=once).headers["Location"] == reverse("member_list")
    assert len(mail.outbox) == 1


def test_inviting_again_renews_and_the_old_link_is_dead(client: Client, link: Callable[..., str]) -> None:
    old, new = link(), link()
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert Invitation.objects.count() == 1


def test_a_member_is_not_invited_again(alice_client: Client, bob: User) -> None:
    answer = send(alice_client, bob.email.upper())
    assert answer.status_code == 422
    assert "is a member already" in answer.content.decode()


@pytest.mark.parametrize("wrong", [{"email": "nina"}, {"role": "king"}, {"email": "a\nb@example.com"}])
def test_what_cannot_be_is_told_at_the_field(alice_client: Client, wrong: dict[str, str]) -> None:
    answer = alice_client.post(reverse("member_invite"), {"email": NINA, "role": "member", **wrong})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)


def test_only_owners_invite_and_revoke(bob_client: Client, mallory_client: Client, link: Callable[..., str]) -> None:
    link()
    revoke = reverse("invitation_revoke", args=[Invitation.objects.get().pk])
    assert send(bob_client).status_code == 403
    assert bob_client.post(revoke).status_code == 403
    assert mallory_client.post(revoke).status_code == 404
    assert NINA not in bob_client.get(reverse("member_list")).content.decode()


def test_a_new_person_makes_an_account_and_is_in(
    client: Client, link: Callable[..., str], workspace: Workspace
) -> None:
    address = link(role="admin")
    assert NINA in client.get(address).content.decode()
    assert client.post(address, {**JOIN, "email": "other@example.com"}).headers["Location"] == reverse("home")
    member = Membership.objects.get(user__email=NINA)
    assert (member.workspace, member.role, member.user.first_name) == (workspace, "admin", "Nina")
    assert client.session["workspace"] == workspace.public_id
    assert client.get(reverse("lead_list")).status_code == 200
    assert workspace.audit_events.get(verb="member.joined").user == member.user


def test_a_weak_password_is_told_and_makes_nobody(client: Client, link: Callable[..., str]) -> None:
    answer = client.post(link(), {"name": "Nina", "password": "password"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["password"]
    assert not User.objects.filter(email=NINA).exists()


def test_two_sendings_of_one_form_make_one_person(link: Callable[..., str]) -> None:
    address, here, there = link(), Client(), Client()
    once = once_of(here.get(address))
    for browser in (here, there):
        assert browser.post(address, {**JOIN, "once": once}).headers["Location"] == reverse("home")
    assert Membership.objects.filter(user__email=NINA).count() == 1


def test_a_second_browser_comes_too_late(link: Callable[..., str]) -> None:
    address = link()
    Client().post(address, JOIN)
    late = Client()
    assert late.post(address, {**JOIN, "name": "Other"}, follow=True).status_code == 404
    assert User.objects.filter(email=NINA).count() == 1


def test_who_is_logged_in_as_the_invited_one_joins_by_one_button(
    mallory_client: Client, mallory: User, link: Callable[..., str], workspace: Workspace
) -> None:
    address = link(mallory.email)
    assert "Join</button>" in mallory_client.get(address).content.decode()
    for _ in range(2):
        assert mallory_client.post(address).headers["Location"] == reverse("home")
    assert Membership.objects.filter(user=mallory, workspace=workspace).count() == 1
    assert mallory_client.get(reverse("lead_list")).context["workspace"] == workspace
    assert mallory_client.get(address).headers["Location"] == reverse("home")


def test_somebody_else_is_told_whose_it_is_and_cannot_take_it(mallory_client: Client, link: Callable[..., str]) -> None:
    address = link()
    assert "is for <bdi>nina@example.com</bdi> only" in mallory_client.get(address).content.decode()
    assert mallory_client.post(address).headers["Location"] == address
    assert Invitation.objects.get().accepted_at is None


def test_who_has_an_account_is_asked_to_log_in_and_comes_back(
    client: Client, mallory: User, link: Callable[..., str]
) -> None:
    address = link(mallory.email)
    login = f"{reverse('account_login')}?next={address}"
    assert login in client.get(address).content.decode()
    assert client.post(address, JOIN).headers["Location"] == address
    fields = {"login": mallory.email, "password": world.PASSWORD, "next": address}
    assert client.post(login, fields).headers["Location"] == address


def test_every_link_that_does_not_work_says_the_same(
    client: Client, alice_client: Client, link: Callable[..., str]
) -> None:
    revoked, expired = link("a@example.com"), link("b@example.com")
    alice_client.post(reverse("invitation_revoke", args=[Invitation.objects.get(email="a@example.com").pk]))
    Invitation.objects.filter(email="b@example.com").update(expires_at=clock.real_now() - timedelta(seconds=1))
    addresses = [revoked, expired, "/invitation/nobody/", f"/invitation/{'x' * 3000}/"]
    pages = [(client.get(address).status_code, client.post(address, {}).status_code) for address in addresses]
    assert pages == [(404, 404)] * 4
    for address in (revoked, expired):
        assert client.post(address, JOIN).headers["Location"] == address
    assert "Harbour" not in client.get(revoked).content.decode()
    assert not User.objects.filter(email__in=["a@example.com", "b@example.com"]).exists()


def test_the_path_of_a_link_is_an_address_of_ours(alice_client: Client) -> None:
    assert urlsplit(send(alice_client).context["link"]).netloc == "testserver"


def seat(user: User, workspace: Workspace) -> Membership:
    return Membership.objects.get(user=user, workspace=workspace)


def test_who_was_added_otherwise_and_removed_is_not_seated_by_the_old_link(
    mallory_client: Client, mallory: User, link: Callable[..., str], workspace: Workspace
) -> None:
    address = link(mallory.email, role="owner")
    add_member(workspace=workspace, user=mallory, role="viewer", by=SYSTEM)
    assert not Invitation.objects.open().exists()
    remove_member(member=seat(mallory, workspace), by=SYSTEM)
    assert mallory_client.get(address).status_code == 404
    mallory_client.post(address)
    assert not Membership.objects.filter(user=mallory, workspace=workspace).exists()
    assert workspace.audit_events.filter(verb="invitation.revoked").count() == 1


def test_a_member_who_clicks_join_uses_the_invitation_up(
    mallory_client: Client, mallory: User, link: Callable[..., str], workspace: Workspace
) -> None:
    address = link(mallory.email, role="owner")
    Membership.objects.create(workspace=workspace, user=mallory, role=Role.VIEWER)
    mallory_client.post(address)
    assert Invitation.objects.get().accepted_at
    assert seat(mallory, workspace).role == "viewer"
    assert workspace.audit_events.filter(verb="invitation.accepted").count() == 1


def test_removing_a_member_closes_what_waits_for_their_address(
    alice: User, bob: User, workspace: Workspace, link: Callable[..., str]
) -> None:
    link()
    Invitation.objects.update(email=bob.email)
    remove_member(member=seat(bob, workspace), by=Actor(user=alice))
    assert not Invitation.objects.open().exists()


@pytest.mark.parametrize("goes", ["removed", "demoted"])
def test_the_invitations_of_an_owner_go_with_them(
    alice: User, workspace: Workspace, link: Callable[..., str], goes: str
) -> None:
    link()
    other, _ = invite(workspace=workspace, email="omar@example.com", role="member", by=SYSTEM)
    world.make_user("Anton", workspace, Role.OWNER)
    if goes == "removed":
        remove_member(member=seat(alice, workspace), by=SYSTEM)
    else:
        change_role(member=seat(alice, workspace), role="admin", by=SYSTEM)
    assert list(Invitation.objects.open()) == [other]
    assert workspace.audit_events.get(verb="invitation.revoked").data["email"] == NINA


def test_names_write_no_paragraphs_into_the_mail(alice_client: Client, alice: User, workspace: Workspace) -> None:
    User.objects.filter(pk=alice.pk).update(first_name="Alice\n\nPay here:\r\nhttps://evil.example")
    Workspace.objects.update(name="Harbour\u2028Ltd")
    send(alice_client)
    first = str(mail.outbox[0].body).split("\n")[2]
    assert first.startswith("Alice Pay here: https://evil.example invites you to join Harbour Ltd on LeadSail")


def test_who_joins_has_a_name_of_one_line(client: Client, link: Callable[..., str]) -> None:
    client.post(link(), {**JOIN, "name": " Nina\r\n\u2028 Berg "})
    assert User.objects.get(email=NINA).first_name == "Nina Berg"


def test_names_are_kept_in_one_line_wherever_they_are_typed(alice_client: Client, alice: User) -> None:
    alice_client.post(reverse("profile"), {"name": "Alice\nWinters"})
    alice_client.post(reverse("settings_workspace"), {"name": "Harbour\r\n\r\nLtd", "country": "US", "timezone": "UTC"})
    assert str(User.objects.get(pk=alice.pk)) == "Alice Winters"
    assert Workspace.objects.get().name == "Harbour Ltd"


@pytest.mark.django_db
def test_the_first_names_of_an_installation_are_one_line_each(client: Client) -> None:
    names = {"name": "Alice\nWinters", "workspace_name": "Harbour\n\nLtd"}
    fields = {"email": "alice@example.com", "password": JOIN["password"], "country": "GB", "timezone": "UTC"}
    client.post(reverse("first_run"), names | fields)
    assert (str(User.objects.get()), Workspace.objects.get().name) == ("Alice Winters", "Harbour Ltd")
