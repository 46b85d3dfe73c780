from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from common.fields import SecretUnreadable, decrypt
from tests import world

LOGIN, CODE = "/accounts/login/", "/accounts/2fa/authenticate/"
PASSWORD_AGAIN, CODE_AGAIN = "/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/"
TURN_OFF = "/accounts/2fa/totp/deactivate/"
ACTIVATE, CODES = "/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/"


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def confirm(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": world.PASSWORD})


@pytest.fixture
def secret(bob_client: Client) -> str:
    """Bob has turned it on; this is what his phone knows."""
    confirm(bob_client)
    key: str = bob_client.get(ACTIVATE).context["form"].secret
    assert bob_client.post(ACTIVATE, {"code": code_of(key)}).headers["Location"] == CODES
    return key


def first_step(client: Client, user: User, **fields: str) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": world.PASSWORD, **fields})


def recovery_codes(client: Client) -> list[str]:
    return list(client.get(CODES).context["unused_codes"])


def test_setting_it_up_asks_for_the_password_and_comes_back(bob_client: Client) -> None:
    asked = bob_client.get(ACTIVATE)
    assert asked.headers["Location"] == f"/accounts/reauthenticate/?next={ACTIVATE.replace('/', '%2F')}"
    fields = {"password": "wrong", "next": ACTIVATE}
    assert "This is not your password." in bob_client.post("/accounts/reauthenticate/", fields).content.decode()
    back = bob_client.post("/accounts/reauthenticate/", fields | {"password": world.PASSWORD})
    assert back.headers["Location"] == ACTIVATE


def test_the_page_shows_a_picture_the_policy_allows_and_the_key_to_type(bob_client: Client) -> None:
    confirm(bob_client)
    answer = bob_client.get(ACTIVATE)
    page = answer.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    assert "img-src 'self' data:" in answer.headers["Content-Security-Policy"]
    assert "style=" not in page
    assert answer.context["form"].secret_in_fours in page


@pytest.mark.django_db(transaction=True)  # allauth tells it after the commit
def test_turning_it_on_needs_a_right_code_and_leaves_recovery_codes(bob_client: Client, secret: str) -> None:
    assert len(recovery_codes(bob_client)) == 10
    assert "10 recovery codes are left" in bob_client.get("/settings/profile/").content.decode()
    assert AuditEvent.objects.filter(verb="user.two_factor_on").exists()
    assert mail.outbox[0].subject == "LeadSail: Two-factor login is on"


def test_a_wrong_code_turns_nothing_on(bob_client: Client) -> None:
    confirm(bob_client)
    bob_client.get(ACTIVATE)
    assert "This code is wrong" in bob_client.post(ACTIVATE, {"code": "000000"}).content.decode()
    assert not Authenticator.objects.exists()


def test_a_login_takes_the_code_and_keeps_the_way_back(client: Client, bob: User, secret: str) -> None:
    assert first_step(client, bob, next="/leads/").headers["Location"] == CODE
    assert client.get("/leads/").status_code == 302
    assert "This code is wrong" in client.post(CODE, {"code": "000000"}).content.decode()
    assert client.post(CODE, {"code": code_of(secret)}).headers["Location"] == "/leads/"
    assert client.get("/leads/").status_code == 200


def test_a_code_works_once(bob: User, secret: str) -> None:
    code = code_of(secret)
    for expected in (302, 200):
        client = Client()
        first_step(client, bob)
        assert client.post(CODE, {"code": code}).status_code == expected


def test_a_code_stays_used_as_long_as_it_would_be_taken(bob: User, secret: str) -> None:
    code = code_of(secret)
    for typed, expected in ((code, 302), (f"{code[:3]} {code[3:]}", 200)):
        client = Client()
        first_step(client, bob)
        assert client.post(CODE, {"code": typed}).status_code == expected
        # allauth's own memory, which ends after 30 seconds.
        cache.delete(f"allauth.mfa.totp.used?user={bob.pk}&code={code}")


def test_a_recovery_code_works_once(bob: User, bob_client: Client, secret: str) -> None:
    code = recovery_codes(bob_client)[0]
    for expected in (302, 200):
        client = Client()
        first_step(client, bob)
        assert client.post(CODE, {"code": code}).status_code == expected
    assert code not in recovery_codes(bob_client)


def test_guessing_codes_is_slowed_down(client: Client, bob: User, secret: str) -> None:
    first_step(client, bob)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    assert "Too many tries" in client.post(CODE, {"code": code_of(secret)}).content.decode()


def test_an_outage_of_the_cache_locks_nobody_out(client: Client, bob: User, secret: str, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "common.cache.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    first_step(client, bob)
    assert client.post(CODE, {"code": code_of(secret)}).status_code == 302


def test_new_recovery_codes_replace_the_old(bob_client: Client, secret: str) -> None:
    before = recovery_codes(bob_client)
    bob_client.post(reverse("mfa_generate_recovery_codes"))
    after = recovery_codes(bob_client)
    assert not set(before) & set(after)
    assert after[0] in bob_client.get(reverse("mfa_download_recovery_codes")).content.decode()


def test_turned_off_the_password_is_enough_again(client: Client, bob: User, bob_client: Client, secret: str) -> None:
    bob_client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert first_step(client, bob).headers["Location"] == "/"
    assert AuditEvent.objects.filter(verb="user.two_factor_off").exists()


@pytest.fixture
def stolen(bob: User, secret: str) -> Client:
    """Another browser of Bob's that has only its session."""
    client = Client()
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_session_and_the_password_do_not_turn_it_off(stolen: Client) -> None:
    asked = stolen.post(TURN_OFF, follow=True)
    address, query = asked.redirect_chain[-1][0].split("?")
    assert (address, query) == (CODE_AGAIN, f"next={TURN_OFF.replace('/', '%2F')}")
    assert "Use your password" not in asked.content.decode()
    sent = stolen.post(PASSWORD_AGAIN, {"password": world.PASSWORD, "next": TURN_OFF})
    assert sent.headers["Location"] == f"{address}?{query}"
    stolen.post(TURN_OFF)
    assert Authenticator.objects.filter(type="totp").exists()


def test_a_code_turns_it_off_and_what_was_asked_for_goes_on(stolen: Client, secret: str) -> None:
    stolen.post(TURN_OFF)
    assert "This code is wrong" in stolen.post(CODE_AGAIN, {"code": "000000", "next": TURN_OFF}).content.decode()
    done = stolen.post(CODE_AGAIN, {"code": code_of(secret), "next": TURN_OFF})
    assert done.headers["Location"] == reverse("mfa_index")
    assert not Authenticator.objects.exists()


def test_the_admin_is_no_way_around_it(client: Client, operator: User, operator_client: Client) -> None:
    confirm(operator_client)
    key = operator_client.get(ACTIVATE).context["form"].secret
    operator_client.post(ACTIVATE, {"code": code_of(key)})
    client.post("/admin/login/", {"username": operator.email, "password": world.PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_the_operator_helps_whoever_lost_phone_and_codes(
    client: Client, bob: User, operator: User, operator_client: Client, secret: str
) -> None:
    fields = {"action": "turn_off_two_factor", "_selected_action": [bob.pk]}
    operator_client.post(reverse("admin:accounts_user_changelist"), fields)
    assert first_step(client, bob).headers["Location"] == "/"
    assert AuditEvent.objects.get(verb="user.two_factor_off").user == operator


def test_secrets_are_kept_encrypted_and_follow_the_keys(bob_client: Client, secret: str, settings: Any) -> None:
    def kept() -> dict[str, str]:
        rows = Authenticator.objects.all()
        return {name: row.data[name] for row in rows for name in ("secret", "seed") if name in row.data}

    assert secret not in str(kept())
    codes = recovery_codes(bob_client)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_secrets")
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert decrypt(kept()["secret"], what="") == secret
    assert recovery_codes(bob_client) == codes
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(SecretUnreadable, match="add that key"):
        decrypt(kept()["secret"], what="A two-factor secret")


def test_only_the_two_kinds_are_offered() -> None:
    assert settings.MFA_SUPPORTED_TYPES == ["totp", "recovery_codes"]
