"""A form sent twice does one thing: its one-time token commits with what it made."""

from __future__ import annotations

from collections.abc import Callable
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


def new_token(request: HttpRequest) -> str:
    """Signed for the person who was shown the form: nobody else's page can make one."""
    return _signer.sign(f"{new_public_id('form')}.{request.user.pk or 0}")


def sender_of(token: str) -> int | None:
    """Whose form it was; None for a token that we did not make."""
    try:
        return int(_signer.unsign(token).rpartition(".")[2])
    except (signing.BadSignature, ValueError):
        return None


def redirect_once(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    """`act` does the work and returns where to go; a second sending of the same form goes there without acting.

    Everything that `act` raises undoes the token too, so that a corrected form can be sent.
    """
    token = request.POST.get(FIELD, "")
    if sender_of(token) is None:
        return redirect(act())
    try:
        with transaction.atomic():
            row = SentForm.objects.create(token=token, url="/")
            row.url = act()
            row.save(update_fields=["url"])
    except IntegrityError:
        earlier = SentForm.objects.filter(token=token).first()
        if earlier is None:
            raise
        return redirect(earlier.url)
    return redirect(row.url)


def forget_sent_forms() -> None:
    old = SentForm.objects.filter(sent_at__lt=clock.real_now() - KEPT)
    if old.exists():
        old.delete()
