from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, User, Workspace

FIELDS = {
    "name": "Alice Winters",
    "email": "alice@example.com",
    "password": "correct horse battery",
    "workspace_name": "Harbour",
    "country": "GB",
    "timezone": "Europe/London",
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/leads/", "/settings/profile/", "/accounts/login/", "/admin/", "/unsent/"])
def test_an_empty_installation_leads_to_the_first_run_page(client: Client, path: str) -> None:
    answer = client.get(path, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("first_run")
    assert "Create the owner" in answer.content.decode()


@pytest.mark.django_db
def test_the_first_person_owns_the_workspace_and_is_logged_in(client: Client) -> None:
    answer = client.post(reverse("first_run"), FIELDS, follow=True)
    assert answer.redirect_chain[0][0] == reverse("guide")
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("alice@example.com", "owner")
    workspace = Workspace.objects.get()
    assert (workspace.name, workspace.country, workspace.timezone) == ("Harbour", "GB", "Europe/London")


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "value"), [("password", "short"), ("email", "no"), ("timezone", "Mars/Base")])
def test_what_cannot_be_is_refused_and_kept_on_the_page(client: Client, field: str, value: str) -> None:
    answer = client.post(reverse("first_run"), FIELDS | {field: value})
    assert answer.status_code == 422
    assert answer.context["form"][field].errors
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_double_click_makes_one_owner_and_goes_on(client: Client) -> None:
    answers = [client.post(reverse("first_run"), FIELDS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert User.objects.count() == Workspace.objects.count() == 1


def test_the_page_makes_nobody_once_somebody_exists(client: Client, alice: User) -> None:
    assert client.get(reverse("first_run")).headers["Location"] == "/"
    assert client.post(reverse("first_run"), FIELDS | {"email": "eve@example.com"}).headers["Location"] == "/"
    assert not User.objects.filter(email="eve@example.com").exists()
    assert client.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))
