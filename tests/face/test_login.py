from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import world


def test_a_page_asks_a_stranger_to_log_in_and_comes_back(client: Client, alice: User) -> None:
    asked = client.get(reverse("lead_list"))
    assert asked.headers["Location"] == f"{reverse('account_login')}?next={reverse('lead_list')}"
    fields = {"login": alice.email, "password": world.PASSWORD, "next": reverse("lead_list")}
    assert client.post(reverse("account_login"), fields).headers["Location"] == reverse("lead_list")


def test_a_wrong_password_is_refused_in_a_sentence(client: Client, alice: User) -> None:
    answer = client.post(reverse("account_login"), {"login": alice.email, "password": "wrong"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_logging_out_takes_a_post(alice_client: Client) -> None:
    assert alice_client.get(reverse("account_logout")).status_code == 200
    alice_client.post(reverse("account_logout"))
    assert alice_client.get(reverse("lead_list")).status_code == 302


def test_every_page_of_allauth_looks_like_ours(alice_client: Client) -> None:
    for name in ("account_change_password", "account_email", "account_reset_password"):
        page = alice_client.get(reverse(name)).content.decode()
        assert 'class="brand"' in page, name


def test_nobody_signs_themselves_up(client: Client, alice: User) -> None:
    fields = {"email": "eve@example.com", "password1": world.PASSWORD, "password2": world.PASSWORD}
    client.post(reverse("account_signup"), fields)
    assert not User.objects.filter(email="eve@example.com").exists()


def test_a_person_without_a_workspace_is_told_whom_to_ask(operator_client: Client) -> None:
    answer = operator_client.get(reverse("lead_list"))
    assert answer.status_code == 403
    assert "ask the operator to add you" in answer.content.decode()
