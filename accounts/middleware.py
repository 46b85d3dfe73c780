from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from common import clock

Handler = Callable[[HttpRequest], HttpResponse]

# allauth serves more pages than this product has; each leads to the one that stands for it.
ELSEWHERE = {
    "account_signup": "account_login",
    "account_email": "profile",
    "account_email_verification_sent": "profile",
    "account_confirm_email": "profile",
    "account_confirm_login_code": "account_login",
    "mfa_index": "profile",
    "usersessions_list": "profile",
}
SEEN_KEY = "seen"
SEEN_EVERY = timedelta(minutes=5)


class AllauthPages:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        assert request.resolver_match
        name = request.resolver_match.url_name
        if name in ELSEWHERE:
            return redirect(ELSEWHERE[name])
        if name == "account_login" and not User.objects.exists():
            return redirect("first_run")
        return None


class LastSeen:
    """When each session was last used, to some minutes: a write at every request would be its most expensive part."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Only where the page itself asked who it is for: health checks and the API stay without queries.
        if request.session.accessed and _is_due(request):
            request.session[SEEN_KEY] = clock.real_now().timestamp()
            UserSession.objects.create_from_request(request)
        return response


def _is_due(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or not request.session.session_key:
        return False
    logged_in = request.user.last_login
    last = request.session.get(SEEN_KEY, logged_in.timestamp() if logged_in else 0)
    return bool(clock.real_now().timestamp() - last > SEEN_EVERY.total_seconds())
