"""Provider accounts by the API: secrets go in and never come out; a check is asked for and answered by a worker."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import ApiKey, ApiRequest, AuditEvent, KeptAnswer, Workspace
from calls.provider_checks import Check, store_result
from campaigns.models import ProviderAccount
from common import clock
from common.shapes import iso
from tests import world
from tests.api.asking import count_queries, details_of, get, patch, post, send

KEY, SECRET = "sk_very_secret_1", "wsec_very_secret_2"
NEW = {"name": "Sales line", "host": "api.elevenlabs.io", "apiKey": KEY}


def path(account: ProviderAccount) -> str:
    return f"provider-accounts/{account.public_id}"


def asked_for_check(account: ProviderAccount) -> Any:
    return ProviderAccount.objects.values_list("check_asked_at", flat=True).get(pk=account.pk)


def test_an_account_is_told_without_its_secrets(api: Client, account: ProviderAccount) -> None:
    assert get(api, path(account)) == {
        "accountId": account.public_id,
        "name": account.name,
        "provider": "elevenlabs",
        "host": "api.elevenlabs.io",
        "callsPerSecond": 100.0,
        "concurrency": 100,
        "active": True,
        "blockedUntil": None,
        "blockedWhy": None,
        "webhookUrl": account.webhook_url,
        "hasApiKey": True,
        "hasWebhookSecret": True,
        "checkState": "never",
        "checkedAt": None,
        "checkResults": [],
        "createdAt": account.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_an_account_that_the_provider_fails_says_until_when_nothing_is_dialed(
    api: Client, account: ProviderAccount
) -> None:
    until = clock.real_now() + timedelta(minutes=1)
    ProviderAccount.objects.update(blocked_until=until, blocked_why="503 Service Unavailable")
    found = get(api, path(account))
    assert (found["blockedUntil"], found["blockedWhy"]) == (iso(until), "503 Service Unavailable")
    ProviderAccount.objects.update(blocked_until=clock.real_now() - timedelta(seconds=1))
    found = get(api, path(account))
    assert (found["blockedUntil"], found["blockedWhy"]) == (None, None)


def test_a_new_account_is_checked_at_once_and_its_secrets_are_nowhere(api: Client, workspace: Workspace) -> None:
    body = NEW | {"webhookSecret": SECRET, "callsPerSecond": 0.5, "concurrency": 5}
    headers = {"Idempotency-Key": "once"}
    response = api.post("/api/v1/provider-accounts", body, content_type="application/json", headers=headers)
    found = response.json()["data"]
    made = ProviderAccount.objects.get(name="Sales line")
    assert (made.api_key, made.webhook_secret) == (KEY, SECRET)
    assert (found["accountId"], found["callsPerSecond"], found["concurrency"]) == (made.public_id, 0.5, 5)
    assert (found["hasApiKey"], found["hasWebhookSecret"], found["checkState"]) == (True, True, "waiting")
    kept = [list(model.objects.values()) for model in (AuditEvent, KeptAnswer, ApiRequest)]
    everywhere = json.dumps(kept, default=str) + response.content.decode()
    assert KEY not in everywhere
    assert SECRET not in everywhere
    assert AuditEvent.objects.get(verb="account.created").api_key == ApiKey.objects.get()


def test_the_list_has_the_newest_first_and_costs_the_same(api: Client, account: ProviderAccount) -> None:
    get(api, "provider-accounts")
    before = count_queries(api, "provider-accounts")
    further = [world.make_account(account.workspace) for _ in range(3)]
    assert count_queries(api, "provider-accounts") == before
    page = get(api, "provider-accounts", limit=3)
    assert [row["accountId"] for row in page["providerAccounts"]] == [row.public_id for row in reversed(further)]
    rest = get(api, "provider-accounts", cursor=page["nextCursor"])
    assert [row["accountId"] for row in rest["providerAccounts"]] == [account.public_id]


def test_a_secret_that_cannot_be_decrypted_takes_no_answer_away(
    api: Client, account: ProviderAccount, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["jrGzdQxFT1YcfbmV8wJr1PRiSD21PfpLLa5SlBPxDuE="]
    assert get(api, path(account))["hasApiKey"] is True
    assert get(api, "provider-accounts")["providerAccounts"][0]["hasWebhookSecret"] is True
    assert patch(api, path(account), {"active": False})["active"] is False
    assert patch(api, path(account), {"apiKey": KEY})["checkState"] == "waiting"


def test_a_change_keeps_the_secrets_that_are_not_sent(api: Client, account: ProviderAccount) -> None:
    before = get(api, path(account))
    found = patch(api, path(account), {"callsPerSecond": 2.25, "active": False})
    assert found == before | {"callsPerSecond": 2.25, "active": False}
    stored = ProviderAccount.objects.get(pk=account.pk)
    assert (stored.api_key, stored.webhook_secret) == (account.api_key, account.webhook_secret)
    assert asked_for_check(account) is None
    assert patch(api, path(account), {"active": True}) == found | {"active": True}
    assert [event.verb for event in AuditEvent.objects.filter(object_id=account.public_id).order_by("id")] == [
        "account.changed",
        "account.deactivated",
        "account.activated",
    ]


@pytest.mark.parametrize("sent", [{"apiKey": KEY}, {"webhookSecret": SECRET}, {"host": "api.us.elevenlabs.io"}])
def test_another_secret_or_host_is_checked_at_once(api: Client, account: ProviderAccount, sent: dict[str, str]) -> None:
    assert patch(api, path(account), sent)["checkState"] == "waiting"
    assert asked_for_check(account)
    assert KEY not in json.dumps(list(AuditEvent.objects.values("data")))


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"apiKey": ""}, "apiKey: "),
        ({"apiKey": None}, "apiKey: "),
        ({"apiKey": "sk_a b"}, "apiKey: It contains a space or a character that no key has: copy it again."),
        ({"webhookSecret": "wsec_ключ"}, "webhookSecret: It contains a space"),
        ({"host": "evil.example.com"}, "host: "),
        ({"host": "sandbox"}, "host: No sandbox runs beside this installation: choose another host."),
        ({"callsPerSecond": 0}, "callsPerSecond: "),
        ({"callsPerSecond": 100.5}, "callsPerSecond: "),
        ({"callsPerSecond": 1.234}, "callsPerSecond: "),
        ({"callsPerSecond": "2"}, "callsPerSecond: "),
        ({"callsPerSecond": True}, "callsPerSecond: "),
        ({"concurrency": 0}, "concurrency: "),
        ({"provider": "elevenlabs"}, "provider: There is no such field."),
        ({"hasApiKey": True}, "hasApiKey: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_saved(
    api: Client, account: ProviderAccount, settings: Settings, sent: dict[str, Any], told: str
) -> None:
    settings.SANDBOX_URL = ""
    before = get(api, path(account))
    found = details_of(send(api, "patch", path(account), sent))
    assert len(found) == 1
    assert found[0].startswith(told)
    assert get(api, path(account)) == before


def test_what_every_account_needs_is_asked_for(api: Client, account: ProviderAccount) -> None:
    found = details_of(send(api, "post", "provider-accounts", {"name": "Sales", "host": "api.elevenlabs.io"}))
    assert found == ["apiKey: Paste the API key: LeadSail cannot call without it."]
    found = details_of(send(api, "post", "provider-accounts", NEW | {"name": account.name}))
    assert found == ["name: Another account has this name: choose a different one."]


def test_the_sandbox_makes_its_own_key_where_one_runs(api: Client, workspace: Workspace, settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:8010"
    found = post(api, "provider-accounts", {"name": "Tries", "host": "sandbox"})
    assert found["hasApiKey"] is True
    assert ProviderAccount.objects.get(name="Tries").api_key.startswith("sk_sandbox_")


def test_a_check_is_asked_for_and_its_result_read(api: Client, account: ProviderAccount) -> None:
    assert post(api, f"{path(account)}/check")["checkState"] == "waiting"
    store_result(
        account.pk,
        [Check("API key", "ok", "It is accepted.")],
        directory={
            "agents": [{"id": "agent_1", "name": "Nora"}],
            "numbers": [{"id": "phnum_1", "number": "+14155550100"}],
        },
    )
    found = get(api, path(account))
    assert found["checkState"] == "done"
    assert found["checkedAt"]
    assert found["checkResults"] == [{"name": "API key", "state": "ok", "text": "It is accepted."}]
    assert get(api, f"{path(account)}/directory") == {
        "agents": [{"providerAgentId": "agent_1", "name": "Nora"}],
        "numbers": [{"providerNumberId": "phnum_1", "number": "+14155550100", "kind": None, "label": None}],
    }
