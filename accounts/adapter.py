"""Where allauth asks this product: who may come in, in which words, and with which keys secrets are kept."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.security import end_sessions, record_for
from common.fields import decrypt, encrypt

log = structlog.get_logger(__name__)

WRONG_CODE = "This code is wrong, too old or already used. Type the one that your app shows now."
TOO_MANY = "Too many tries. Wait five minutes, then try again."
# allauth tells the person by e-mail about these; the workspaces' audit trails get them too.
TOLD = {
    "account/email/password_changed": "user.password_changed",
    "account/email/password_set": "user.password_changed",
    "account/email/password_reset": "user.password_reset",
    "mfa/email/totp_activated": "user.two_factor_on",
    "mfa/email/totp_deactivated": "user.two_factor_off",
    "mfa/email/recovery_codes_generated": "user.recovery_codes_replaced",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The first person comes in by the first-run page, others are invited; nobody signs up by themselves."""

    error_messages = {  # noqa: RUF012
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This e-mail address and this password do not belong together. Check both.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "incorrect_code": WRONG_CODE,
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """By the second factor where there is one: a session and a password must not be enough to turn it off."""
        methods = super().get_reauthentication_methods(user)
        by_code = [method for method in methods if method["id"] == "mfa_reauthenticate"]
        return by_code or list(methods)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What the mail is about has happened already, and a fault here would tell which addresses are known."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:
            log.exception("mail_not_sent", template=template_prefix)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        if verb := TOLD.get(template_prefix):
            record_for(user, verb=verb)
        if template_prefix.startswith("account/email/password_"):
            end_sessions(user=user, keep=self.request.session.session_key)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {  # noqa: RUF012
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": WRONG_CODE,
        "cannot_generate_recovery_codes": "Set up two-factor login first: recovery codes stand in for its app.",
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, what="A two-factor secret")
