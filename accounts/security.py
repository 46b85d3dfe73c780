"""What people do about their own account: their name, their sessions, their two-factor secrets."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.actors import Actor
from accounts.models import User
from accounts.services import record
from common import clock
from common.fields import decrypt, encrypt

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def device_in_words(user_agent: str) -> str:
    """Firefox on Windows; the first fitting name counts, because browsers pose as those before them."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown device"


def record_for(user: User, *, verb: str, data: dict[str, Any] | None = None, by: Actor | None = None) -> None:
    """What is done to an account, mostly by its owner, concerns each workspace that can be entered with it."""
    for membership in user.memberships.select_related("workspace"):
        record(
            workspace=membership.workspace,
            by=by or Actor(user=user),
            verb=verb,
            object_type="user",
            object_id=str(user.pk),
            data=data,
        )


@transaction.atomic
def rename(*, user: User, name: str) -> None:
    before = user.get_full_name()
    if name == before:
        return
    user.first_name, user.last_name = name, ""
    user.save(update_fields=["first_name", "last_name"])
    record_for(user, verb="user.renamed", data={"before": before, "after": name})


def living_sessions(user: User) -> QuerySet[UserSession]:
    session = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=clock.real_now())
    sessions: QuerySet[UserSession] = UserSession.objects.filter(Exists(session), user=user)
    return sessions.order_by("-last_seen_at")


@transaction.atomic
def end_session(*, session: UserSession) -> None:
    session.end()
    record_for(session.user, verb="user.session_ended", data={"device": device_in_words(session.user_agent)})


@transaction.atomic
def end_sessions(*, user: User, keep: str | None) -> int:
    """All but this one; answers how many went."""
    others = list(UserSession.objects.filter(user=user).exclude(session_key=keep))
    Session.objects.filter(session_key__in=[session.session_key for session in others]).delete()
    UserSession.objects.filter(pk__in=[session.pk for session in others]).delete()
    if others:
        record_for(user, verb="user.sessions_ended", data={"count": len(others)})
    return len(others)


@transaction.atomic
def reset_two_factor(*, user: User, by: Actor) -> bool:
    """The operator's help for somebody who lost both the phone and the recovery codes."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        record_for(user, verb="user.two_factor_off", by=by)
    return bool(removed)


def encrypt_two_factor_anew() -> int:
    """After a new key was put first; answers how many authenticators there are."""
    ids = list(Authenticator.objects.values_list("pk", flat=True))
    for pk in ids:
        _encrypt_anew(pk)
    return len(ids)


@transaction.atomic
def _encrypt_anew(pk: int) -> None:
    # Locked: a recovery code that is used at this moment must stay used.
    authenticator = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if authenticator is None:
        return
    for name in {"secret", "seed"} & set(authenticator.data):
        text = decrypt(authenticator.data[name], what="A two-factor secret")
        authenticator.data[name] = encrypt(text)
    authenticator.save(update_fields=["data"])
