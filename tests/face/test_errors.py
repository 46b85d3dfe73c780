from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User
from leads.models import Lead
from tests import world


def test_a_missing_page_keeps_the_navigation_and_names_the_request(bob_client: Client) -> None:
    answer = bob_client.get("/leads/lead_nothing/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "<title>Not found" in page
    assert 'aria-label="Main"' in page
    assert answer.headers["X-Request-Id"] in page


def test_a_stranger_is_offered_the_login_at_a_missing_page(client: Client, db: None) -> None:
    page = client.get("/no/such/page").content.decode()
    assert reverse("account_login") in page
    assert 'aria-label="Main"' not in page


def test_a_page_of_the_other_workspace_leads_to_the_switch(bob_client: Client, bob: User, elsewhere: Any) -> None:
    Membership.objects.create(workspace=elsewhere.workspace, user=bob, role=Role.MEMBER)
    lead = world.make_lead(elsewhere)
    page = bob_client.get(reverse("lead", args=[lead.public_id]))
    assert page.status_code == 404
    assert reverse("workspace_switch") in page.content.decode()


def test_what_a_role_may_not_do_is_said_with_whom_to_ask(bob_client: Client) -> None:
    answer = bob_client.post(reverse("stop_calls"), {"stopped": "1"})
    assert answer.status_code == 403
    assert "This needs the role Admin; yours is Member. Ask an owner." in answer.content.decode()
    assert answer.headers["X-Request-Id"] in answer.content.decode()


def test_a_fault_of_ours_is_admitted_with_the_requests_name(
    bob: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    client = Client(raise_request_exception=False)
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    monkeypatch.setattr("accounts.views.profile._two_factor", fail)
    answer = client.get(reverse("profile"))
    assert answer.status_code == 500
    assert "<title>Something went wrong" in answer.content.decode()
    assert answer.headers["X-Request-Id"] in answer.content.decode()


def test_what_is_too_large_is_told(bob_client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = bob_client.post(reverse("profile"), {"name": "x" * 200})
    assert answer.status_code == 400
    assert "larger than 11 MB" in answer.content.decode()


def test_too_many_tries_are_told_in_our_words(client: Client, alice: User) -> None:
    fields = {"email": alice.email}
    answers = [client.post(reverse("account_reset_password"), fields) for _ in range(30)]
    assert answers[-1].status_code == 429
    assert "Wait five minutes" in answers[-1].content.decode()


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_pages_without_context_stand_alone(name: str) -> None:
    page = get_template(name).render()
    assert 'href="/"' in page
    assert "style=" not in page
