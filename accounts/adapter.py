from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]
    """People come in by the first-run page or by invitation, never by signing themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
