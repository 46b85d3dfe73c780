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
def test_an_empty_installation_leads_to_the_first_run_page(client: Client) -> None:
    answer = client.get(reverse("home"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("first_run")
    assert "Create the owner" in answer.content.decode()


@pytest.mark.django_db
def test_the_first_person_owns_the_workspace_and_is_logged_in(client: Client) -> None:
    answer = client.post(reverse("first_run"), FIELDS, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("guide")
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("alice@example.com", "owner")
    workspace = Workspace.objects.get()
    assert (workspace.name, workspace.country, workspace.timezone) == ("Harbour", "GB", "Europe/London")


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "value"), [("password", "short"), ("email", "no"), ("timezone", "Mars/Base")])
def test_what_cannot_be_is_refused_and_kept_on_the_page(client: Client, field: str, value: str) -> None:
    answer = client.post(reverse("first_run"), FIELDS | {field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert not User.objects.exists()


def test_the_page_is_gone_once_somebody_exists(client: Client, alice: User) -> None:
    assert client.get(reverse("first_run")).status_code == 404
    assert client.post(reverse("first_run"), FIELDS | {"email": "eve@example.com"}).status_code == 404
    assert client.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))
