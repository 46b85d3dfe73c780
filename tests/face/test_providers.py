"""Provider accounts: secrets go in and never come out; a Check is asked for here and answered by a worker."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEvent, Role, User, Workspace
from calls.provider_checks import ask_for_check
from campaigns.models import Campaign, ProviderAccount
from common import clock
from common.once import new_token
from tests import world

NEW = {"name": "Sales line", "host": "api.elevenlabs.io", "calls_per_second": "2", "concurrency": "5"}
KEY, SECRET = "sk_very_secret_1", "wsec_very_secret_2"


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    client = Client()
    adam = world.make_user("Adam", workspace, Role.ADMIN)
    client.force_login(adam, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(account: ProviderAccount, name: str = "account_edit") -> str:
    return reverse(name, args=[account.public_id])


def fields_of(account: ProviderAccount, **changes: str) -> dict[str, str]:
    row = {"name": account.name, "host": account.host, "calls_per_second": "100", "concurrency": "100"}
    return row | changes


def audit() -> str:
    return json.dumps(list(AuditEvent.objects.values("verb", "data")))


def once(user: User) -> str:
    return new_token(type("Request", (), {"user": user})())


def test_an_admin_adds_an_account_which_is_checked_at_once(adam_client: Client, account: ProviderAccount) -> None:
    data = NEW | {"password_api_key": KEY, "password_webhook_secret": SECRET}
    page = adam_client.post(reverse("account_new"), data, follow=True).content.decode()
    made = ProviderAccount.objects.get(name="Sales line")
    assert (made.api_key, made.webhook_secret, made.concurrency) == (KEY, SECRET, 5)
    assert made.check_asked_at
    assert "Checking…" in page
    assert made.webhook_url in page
    assert KEY not in page + audit()
    assert SECRET not in page + audit()


def test_a_double_click_makes_one_account(alice: User, alice_client: Client) -> None:
    data = NEW | {"password_api_key": KEY, "once": once(alice)}
    first, second = (alice_client.post(reverse("account_new"), data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert ProviderAccount.objects.filter(name="Sales line").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password_api_key": ""}, "Paste the API key"),
        ({"password_api_key": "sk_a b"}, "copy it again"),
        ({"password_api_key": "sk_ключ"}, "copy it again"),
        ({"host": "evil.example.com"}, "evil.example.com"),
        ({"host": "sandbox"}, "sandbox is not one"),
        ({"calls_per_second": "0"}, "greater than or equal to 0.01"),
        ({"concurrency": "0"}, "greater than or equal to 1"),
        ({"name": ""}, "required"),
    ],
)
def test_mistakes_are_told_at_the_field_and_no_secret_comes_back(
    alice_client: Client, changes: dict[str, str], words: str
) -> None:
    answer = alice_client.post(reverse("account_new"), NEW | {"password_api_key": KEY} | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert KEY not in answer.content.decode()
    assert not ProviderAccount.objects.filter(name="Sales line").exists()


def test_a_name_is_given_once(alice_client: Client, account: ProviderAccount) -> None:
    answer = alice_client.post(reverse("account_new"), NEW | {"password_api_key": KEY, "name": account.name})
    assert answer.status_code == 422
    assert "Another account has this name" in answer.content.decode()


def test_the_sandbox_is_offered_where_one_runs_and_makes_its_own_key(alice_client: Client, settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:8010"
    assert alice_client.post(reverse("account_new"), NEW | {"host": "sandbox"}).status_code == 302
    assert ProviderAccount.objects.get(name="Sales line").api_key.startswith("sk_sandbox_")


def test_empty_secrets_keep_what_is_stored(alice_client: Client, account: ProviderAccount) -> None:
    before = (account.api_key, account.webhook_secret)
    alice_client.post(page_of(account), fields_of(account, name="Renamed"))
    account.refresh_from_db()
    assert (account.name, account.api_key, account.webhook_secret) == ("Renamed", *before)
    assert account.check_asked_at is None


def test_a_new_key_replaces_the_old_one_and_is_checked(alice_client: Client, account: ProviderAccount) -> None:
    alice_client.post(page_of(account), fields_of(account, password_api_key=KEY))
    account.refresh_from_db()
    assert account.api_key == KEY
    assert account.check_asked_at
    event = AuditEvent.objects.get(verb="account.changed")
    assert event.data["replaced"] == ["api key"]
    assert KEY not in audit()


def test_no_page_shows_a_secret(alice_client: Client, account: ProviderAccount) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(check_results=[], checked_at=clock.real_now())
    for url in (page_of(account), page_of(account, "account_checks"), reverse("account_list")):
        page = alice_client.get(url).content.decode()
        assert account.api_key not in page
        assert account.webhook_secret not in page


def test_a_stale_form_is_told_what_changed(alice_client: Client, account: ProviderAccount) -> None:
    seen = alice_client.get(page_of(account)).context["form"]["seen"].value()
    ProviderAccount.objects.filter(pk=account.pk).update(concurrency=7)
    data = fields_of(account, concurrency="9", seen=seen)
    answer = alice_client.post(page_of(account), data)
    assert answer.status_code == 422
    assert "Calls at the same time: 7" in answer.content.decode()
    again = data | {"seen": answer.context["form"]["seen"].value()}
    assert alice_client.post(page_of(account), again).status_code == 302


def test_secrets_of_a_form_sent_after_the_session_ended_are_not_kept(
    alice: User, alice_client: Client, account: ProviderAccount
) -> None:
    alice_client.logout()
    data = fields_of(account, password_api_key=KEY, once=once(alice))
    alice_client.post(page_of(account), data)
    kept = json.dumps(alice_client.session["unsent_form"])
    assert account.name in kept
    assert KEY not in kept


def test_switching_off_asks_with_the_names_and_can_be_undone(
    alice_client: Client, account: ProviderAccount, campaign: Campaign
) -> None:
    assert campaign.production_agent
    page = alice_client.get(page_of(account)).content.decode()
    assert f"Agents: {campaign.production_agent.name}. Campaigns: Spring kitchens." in page
    off = alice_client.post(f"{page_of(account)}?active=0", follow=True).content.decode()
    assert f"{page_of(account)}?active=1" in off
    assert not ProviderAccount.objects.get(pk=account.pk).is_active
    alice_client.post(f"{page_of(account)}?active=1")
    assert ProviderAccount.objects.get(pk=account.pk).is_active
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["account.deactivated", "account.activated"]


@pytest.mark.parametrize(("url", "is_told"), [("http://127.0.0.1:8000", True), ("https://crm.example.com", False)])
def test_an_address_that_only_this_machine_reaches_is_told(
    alice_client: Client, account: ProviderAccount, settings: Settings, url: str, is_told: bool
) -> None:
    settings.PUBLIC_URL = url
    page = alice_client.get(page_of(account)).content.decode()
    assert ("Nobody outside reaches" in page) is is_told


def test_a_check_is_awaited_told_as_silent_and_shown(alice_client: Client, account: ProviderAccount) -> None:
    poll = page_of(account, "account_checks")
    assert alice_client.post(page_of(account, "account_check")).headers["Location"].endswith("#check")
    assert alice_client.get(poll).status_code == 200
    assert alice_client.get(f"{poll}?v=waiting").status_code == 204
    rows = ProviderAccount.objects.filter(pk=account.pk)
    rows.update(check_asked_at=clock.real_now() - timedelta(seconds=31))
    silent = alice_client.get(f"{poll}?v=waiting")
    assert (silent.status_code, "No worker has answered" in silent.content.decode()) == (200, True)
    results = [{"name": "Agent <b>Ava</b>", "state": "missing", "text": "Ava does not take our prompt."}]
    rows.update(checked_at=clock.real_now(), check_results=results)
    done = alice_client.get(f"{poll}?v=silent")
    assert done.status_code == 286
    assert "Agent &lt;b&gt;Ava&lt;/b&gt;" in done.content.decode()
    assert "1 thing is missing" in alice_client.get(reverse("account_list")).content.decode()


@pytest.mark.parametrize("name", ["account_edit", "account_check", "account_checks"])
def test_an_account_of_another_workspace_does_not_exist(
    mallory_client: Client, account: ProviderAccount, name: str
) -> None:
    method = mallory_client.post if name == "account_check" else mallory_client.get
    assert method(page_of(account, name)).status_code == 404
    assert mallory_client.post(f"{page_of(account)}?active=0").status_code in (404, 405)
    account.refresh_from_db()
    assert account.is_active


def test_members_and_viewers_may_neither_see_nor_change(
    bob_client: Client, vera_client: Client, account: ProviderAccount
) -> None:
    for client in (bob_client, vera_client):
        for url in (
            reverse("account_list"),
            reverse("account_new"),
            page_of(account),
            page_of(account, "account_checks"),
        ):
            assert client.get(url).status_code == 403
        assert client.post(page_of(account, "account_check")).status_code == 403
        assert client.post(page_of(account), fields_of(account, name="Mine")).status_code == 403


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_with_more_accounts(alice_client: Client, account: ProviderAccount) -> None:
    before = queries_of(alice_client, reverse("account_list"))
    for _ in range(5):
        world.make_number(world.make_account(account.workspace))
    assert queries_of(alice_client, reverse("account_list")) == before <= 12


def test_a_queue_that_is_down_does_not_break_the_question(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def fail(*args: Any, **how: Any) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr("rq.queue.Queue.enqueue", fail)
    with django_capture_on_commit_callbacks(execute=True):
        ask_for_check(account)
    account.refresh_from_db()
    assert account.check_asked_at


def test_an_account_whose_provider_fails_says_until_when_it_waits_and_why(
    adam_client: Client, account: ProviderAccount
) -> None:
    assert "Waits for the provider" not in adam_client.get(reverse("account_list")).content.decode()
    until = clock.real_now() + timedelta(seconds=40)
    ProviderAccount.objects.update(failures=5, blocked_until=until, blocked_why="It answered 503 <busy>.")
    page = adam_client.get(page_of(account)).content.decode()
    assert "Nothing is dialled through this account until" in page
    assert f"{clock.business_time(until):%H:%M}" in page
    assert "It answered 503 &lt;busy&gt;." in page
    assert "Waits for the provider" in adam_client.get(reverse("account_list")).content.decode()
    ProviderAccount.objects.update(blocked_until=clock.real_now() - timedelta(seconds=1))
    assert "Nothing is dialled through" not in adam_client.get(page_of(account)).content.decode()
