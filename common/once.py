"""A form sent twice does one thing: its one-time token commits with what it made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common import clock
from common.ids import new_public_id
from common.models import SentForm

FIELD = "once"
KEPT = timedelta(days=1)
_signer = signing.Signer(salt="common.once")


@dataclass(frozen=True)
class Token:
    """For whom a form was made, and in which workspace."""

    person: int
    place: str


def new_token(request: HttpRequest, *, place: str = "") -> str:
    """Signed, so that nobody else's page can make one."""
    return _signer.sign(f"{new_public_id('form')}.{request.user.pk or 0}.{place}")


def token_of(request: HttpRequest) -> Token | None:
    """None for what we did not make, and for what is no form."""
    if request.method != "POST":
        return None
    try:
        _, person, place = _signer.unsign(request.POST.get(FIELD, "")).split(".")
        return Token(int(person), place)
    except (signing.BadSignature, ValueError):
        return None


def redirect_once(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    """`act` does the work and returns where to go; the same form sent a second time goes there without acting.

    Everything that `act` raises undoes the token too, so that a corrected form can be sent.
    """
    token = token_of(request)
    if token is None or token.person != (request.user.pk or 0):
        return redirect(act())
    key = _key(request)
    try:
        with transaction.atomic():
            row = SentForm.objects.create(token=key, url="/")
            row.url = act()
            row.save(update_fields=["url"])
    except IntegrityError:
        earlier = SentForm.objects.filter(token=key).first()
        if earlier is None:
            raise
        return redirect(earlier.url)
    return redirect(row.url)


def _key(request: HttpRequest) -> str:
    """The form with what was typed into it: whoever goes back and sends another text means another thing."""
    typed = [(name, values) for name, values in sorted(request.POST.lists()) if name != "csrfmiddlewaretoken"]
    files = [(name, str(file), getattr(file, "size", 0)) for name, file in sorted(request.FILES.items())]
    return hashlib.sha256(repr((request.get_full_path(), typed, files)).encode(errors="replace")).hexdigest()


def forget_sent_forms() -> None:
    old = SentForm.objects.filter(sent_at__lt=clock.real_now() - KEPT)
    if old.exists():
        old.delete()
