from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import Client

from campaigns.models import ProviderAccount
from common.fields import SecretUnreadable
from tests.world import SECRET
from webhooks.models import WebhookEndpoint


def stored_text(account: ProviderAccount) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM campaigns_provideraccount WHERE id = %s", [account.pk])
        return str(cursor.fetchone()[0])


def test_only_ciphertext_reaches_the_database(account: ProviderAccount) -> None:
    assert "sk_test" not in stored_text(account)
    account.refresh_from_db()
    assert account.api_key == "sk_test"


def test_after_a_rotation_the_old_key_still_reads_and_the_new_one_writes(
    account: ProviderAccount, settings: Any
) -> None:
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    account.refresh_from_db()
    assert account.api_key == "sk_test"
    account.save()
    assert Fernet(new).decrypt(stored_text(account).encode()) == b"sk_test"


def test_with_the_wrong_key_it_fails_closed_and_says_what_to_do(account: ProviderAccount, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    stored = ProviderAccount.objects.get(pk=account.pk)
    with pytest.raises(SecretUnreadable, match="FIELD_ENCRYPTION_KEYS"):
        _ = stored.api_key
    with pytest.raises(SecretUnreadable):
        stored.save()


def test_a_secret_that_nobody_reads_may_be_unreadable(account: ProviderAccount, settings: Any, api: Client) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    for path in ("agents", "numbers", "campaigns", "provider-accounts"):
        assert api.get(f"/api/v1/{path}").status_code == 200, path


def test_an_empty_secret_stays_empty(account: ProviderAccount) -> None:
    account.webhook_secret = ""
    account.save()
    account.refresh_from_db()
    assert account.webhook_secret == ""


def test_rotating_encrypts_everything_with_the_first_key(account: ProviderAccount, settings: Any) -> None:
    endpoint = WebhookEndpoint.objects.create(workspace=account.workspace, url="https://example.com")
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_secrets")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    account.refresh_from_db()
    assert (account.api_key, account.webhook_secret) == ("sk_test", SECRET)
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).secret == endpoint.secret
