from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from allauth import urls as allauth_urls
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.middleware import ELSEWHERE
from accounts.models import AuditEvent, User
from common.once import new_token
from tests import world

PROFILE = "/settings/profile/"
NEW = {"oldpassword": world.PASSWORD, "password1": "a quite different one", "password2": "a quite different one"}


def test_a_person_sees_who_they_are_here(bob_client: Client) -> None:
    page = bob_client.get(PROFILE).content.decode()
    assert "bob@example.com" in page
    assert "Member of <bdi>Harbour</bdi>" in page


def test_a_stranger_is_asked_to_log_in(client: Client, alice: User) -> None:
    assert client.get(PROFILE).headers["Location"].endswith(f"?next={PROFILE}")


def test_an_operator_without_a_workspace_has_a_profile_too(operator_client: Client) -> None:
    page = operator_client.get(PROFILE)
    assert page.status_code == 200
    assert "Set up" in page.content.decode()


def test_a_name_is_changed_with_a_trace(bob_client: Client, bob: User) -> None:
    assert bob_client.post(PROFILE, {"name": "Боб <b>& Sons</b>"}).headers["Location"] == PROFILE
    bob.refresh_from_db()
    assert str(bob) == "Боб <b>& Sons</b>"
    assert AuditEvent.objects.get(verb="user.renamed").data == {"before": "Bob", "after": "Боб <b>& Sons</b>"}
    assert "&lt;b&gt;" in bob_client.get(PROFILE).content.decode()


@pytest.mark.parametrize("name", ["", "   ", "x" * 151])
def test_a_name_that_cannot_be_is_told_at_the_field(bob_client: Client, bob: User, name: str) -> None:
    answer = bob_client.post(PROFILE, {"name": name})
    assert answer.status_code == 422
    assert answer.context["form"]["name"].errors
    bob.refresh_from_db()
    assert str(bob) == "Bob"


def test_a_name_sent_twice_is_changed_once(bob_client: Client) -> None:
    request: Any = bob_client.get(PROFILE).wsgi_request
    fields = {"name": "Robert", "once": new_token(request)}
    assert [bob_client.post(PROFILE, fields).status_code for _ in range(2)] == [302, 302]
    assert AuditEvent.objects.filter(verb="user.renamed").count() == 1


def test_a_password_is_changed_and_the_person_told(bob_client: Client, bob: User) -> None:
    answer = bob_client.post(reverse("account_change_password"), NEW)
    assert answer.headers["Location"] == PROFILE
    bob.refresh_from_db()
    assert bob.check_password("a quite different one")
    assert mail.outbox[0].subject == "LeadSail: Your password was changed"
    assert AuditEvent.objects.filter(verb="user.password_changed", user=bob).exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"oldpassword": "wrong"}, "This is not your current password."),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password2": "something else"}, "same password each time"),
    ],
)
def test_a_password_that_cannot_be_is_told_at_the_field(
    bob_client: Client, bob: User, changed: dict[str, str], said: str
) -> None:
    assert said in bob_client.post(reverse("account_change_password"), NEW | changed).content.decode()
    bob.refresh_from_db()
    assert bob.check_password(world.PASSWORD)


def _allauth_views() -> list[URLPattern]:
    found: list[URLPattern] = []
    waiting = list(get_resolver(allauth_urls.__name__).url_patterns)
    while waiting:
        pattern = waiting.pop()
        if isinstance(pattern, URLPattern):
            found.append(pattern)
        else:
            waiting.extend(pattern.url_patterns)
    return found


@pytest.mark.parametrize("pattern", _allauth_views(), ids=lambda pattern: pattern.name)
def test_every_page_of_allauth_is_ours_or_leads_to_ours(pattern: URLPattern) -> None:
    if pattern.name in ELSEWHERE or pattern.name == "account_reset_password_from_key_done":
        return
    template = getattr(pattern.callback, "view_class", None)
    assert template, pattern.name
    assert (Path(settings.BASE_DIR) / "templates" / template.template_name).exists(), pattern.name


@pytest.mark.parametrize("name", ["account_email", "mfa_index", "usersessions_list"])
def test_pages_that_make_no_sense_here_lead_to_the_profile(alice_client: Client, name: str) -> None:
    assert alice_client.get(reverse(name)).headers["Location"] == PROFILE
    added = {"action_add": "", "email": "eve@example.com"}
    assert alice_client.post(reverse(name), added).headers["Location"] == PROFILE
    assert not EmailAddress.objects.exists()
