from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timesince import timesince
from django.views.decorators.http import require_http_methods

from accounts.forms.profile import NameForm
from accounts.models import User
from accounts.security import device_in_words, end_session, end_sessions, living_sessions, rename
from accounts.unsent import discard_if_sent, log_in_first
from common import clock
from common.notices import say
from common.once import redirect_once

SESSIONS_SHOWN = 50


@dataclass(frozen=True)
class OpenSession:
    id: int
    device: str
    ip: str
    seen: str


@dataclass(frozen=True)
class TwoFactor:
    is_on: bool
    codes_left: int


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """For everybody who is logged in: an operator without a workspace has a password to protect as well."""
    if not isinstance(request.user, User):
        return log_in_first(request)
    if request.method == "POST":
        discard_if_sent(request)
        acts = {"end": _end_one, "end_others": _end_others}
        return acts.get(request.POST.get("act", ""), _rename)(request, request.user)
    return _page(request, request.user, NameForm(initial={"name": request.user.get_full_name()}))


def _rename(request: HttpRequest, user: User) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, user, form)

    def act() -> str:
        rename(user=user, name=form.cleaned_data["name"])
        say(request, "Saved.")
        return reverse("profile")

    return redirect_once(request, act)


def _end_one(request: HttpRequest, user: User) -> HttpResponse:
    def act() -> str:
        others = UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key)
        wanted = request.POST.get("session", "")[:18]
        end_session(session=get_object_or_404(others, pk=int(wanted) if wanted.isdecimal() else 0))
        say(request, "That device is logged out.")
        return reverse("profile")

    return redirect_once(request, act)


def _end_others(request: HttpRequest, user: User) -> HttpResponse:
    def act() -> str:
        ended = end_sessions(user=user, keep=request.session.session_key)
        say(request, "All other devices are logged out." if ended else "No other device was logged in.")
        return reverse("profile")

    return redirect_once(request, act)


def _page(request: HttpRequest, user: User, form: NameForm) -> HttpResponse:
    context = {
        "form": form,
        "two_factor": _two_factor(user),
        "this_device": device_in_words(request.headers.get("User-Agent", "")),
        "this_ip": get_adapter().get_client_ip(request),
        "sessions": _others(request, user),
    }
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


def _two_factor(user: User) -> TwoFactor:
    kept = {row.type: row for row in Authenticator.objects.filter(user=user)}
    codes = kept.get(Authenticator.Type.RECOVERY_CODES)
    return TwoFactor(Authenticator.Type.TOTP in kept, len(codes.wrap().get_unused_codes()) if codes else 0)


def _others(request: HttpRequest, user: User) -> list[OpenSession]:
    others = living_sessions(user).exclude(session_key=request.session.session_key)[:SESSIONS_SHOWN]
    return [OpenSession(row.pk, device_in_words(row.user_agent), row.ip, _ago(row.last_seen_at)) for row in others]


def _ago(moment: datetime) -> str:
    words = timesince(moment, clock.real_now(), depth=1)
    return "Just now" if words.startswith("0") else f"{words} ago"
