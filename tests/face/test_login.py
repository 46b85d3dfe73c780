from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from tests import world

LOGIN = "/accounts/login/"


def log_in(client: Client, user: User, **fields: str) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": world.PASSWORD, **fields})


def reset_link(client: Client, user: User) -> str:
    client.post(reverse("account_reset_password"), {"email": user.email})
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_a_page_asks_a_stranger_to_log_in_and_comes_back(client: Client, alice: User) -> None:
    asked = client.get(reverse("lead_list"))
    assert asked.headers["Location"] == f"{LOGIN}?next={reverse('lead_list')}"
    assert log_in(client, alice, next=reverse("lead_list")).headers["Location"] == reverse("lead_list")


def test_the_way_back_never_leaves_the_site(client: Client, alice: User) -> None:
    assert log_in(client, alice, next="https://evil.example/").headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client, alice: User) -> None:
    answers = [
        client.post(LOGIN, {"login": email, "password": "wrong"}).content.decode()
        for email in (alice.email, "nobody@example.com")
    ]
    said = [re.findall(r'role="alert">([^<]+)', answer) for answer in answers]
    assert said[0] == said[1] == ["This e-mail address and this password do not belong together. Check both."]


def test_guessing_is_slowed_down_and_a_right_password_does_not_help_meanwhile(client: Client, alice: User) -> None:
    for _ in range(5):
        client.post(LOGIN, {"login": alice.email, "password": "wrong"})
    assert "Too many tries" in log_in(client, alice).content.decode()


def test_an_outage_of_the_cache_locks_nobody_out(client: Client, alice: User, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "common.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    client.post(LOGIN, {"login": alice.email, "password": "wrong"})
    assert log_in(client, alice).headers["Location"] == "/"


def test_logging_out_takes_a_post(alice_client: Client) -> None:
    assert alice_client.get(reverse("account_logout")).status_code == 200
    alice_client.post(reverse("account_logout"))
    assert alice_client.get(reverse("lead_list")).status_code == 302


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Client, alice: User) -> None:
    assert reverse("account_reset_password") in client.get(LOGIN).content.decode()
    link = reset_link(client, alice)
    form = client.get(link, follow=True)
    new = {"password1": "a quite different one", "password2": "a quite different one"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    assert "The new password holds" in done.content.decode()
    assert log_in(client, alice, password="a quite different one").status_code == 302
    assert "This link is used up" in Client().get(link, follow=True).content.decode()
    assert AuditEvent.objects.filter(verb="user.password_reset", user=alice).exists()


def test_a_replaced_password_ends_every_session(client: Client, alice: User, alice_client: Client) -> None:
    form = client.get(reset_link(client, alice), follow=True)
    new = {"password1": "a quite different one", "password2": "a quite different one"}
    client.post(form.redirect_chain[-1][0], new)
    assert alice_client.get(reverse("lead_list")).status_code == 302


def test_asking_for_a_link_does_not_tell_who_has_an_account(client: Client, alice: User) -> None:
    pages = [
        client.post(reverse("account_reset_password"), {"email": email}, follow=True).content.decode()
        for email in (alice.email, "nobody@example.com")
    ]
    assert ["Look into your mailbox" in page for page in pages] == [True, True]
    assert [sent.to for sent in mail.outbox] == [[alice.email]]


def test_mail_that_cannot_be_sent_is_no_fault_of_the_page(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert client.post(reverse("account_reset_password"), {"email": alice.email}).status_code == 302


def test_an_account_that_was_switched_off_is_told_so_to_its_owner_only(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    assert "do not belong together" in client.post(LOGIN, {"login": alice.email, "password": "no"}).content.decode()
    answer = client.post(LOGIN, {"login": alice.email, "password": world.PASSWORD}, follow=True)
    assert "This account is switched off" in answer.content.decode()


def test_nobody_signs_themselves_up(client: Client, alice: User) -> None:
    fields = {"email": "eve@example.com", "password1": world.PASSWORD, "password2": world.PASSWORD}
    assert client.post(reverse("account_signup"), fields).headers["Location"] == LOGIN
    assert not User.objects.filter(email="eve@example.com").exists()


def test_the_operators_admin_has_no_login_of_its_own(client: Client, alice: User, alice_client: Client) -> None:
    asked = client.get("/admin/login/?next=/admin/")
    assert asked.headers["Location"].startswith(LOGIN)
    assert client.post("/admin/login/", {"username": alice.email, "password": world.PASSWORD}).status_code == 302
    assert alice_client.get("/admin/", follow=True).status_code == 403


def test_a_person_without_a_workspace_is_told_whom_to_ask(operator_client: Client) -> None:
    answer = operator_client.get(reverse("lead_list"))
    assert answer.status_code == 403
    assert "ask the operator to add you" in answer.content.decode()
