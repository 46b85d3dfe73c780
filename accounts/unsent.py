"""A form that was sent after the session had ended: kept for its sender, who sends it again with one click.

It is shown, never replayed by itself: what it does may ring a phone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from common.once import FIELD, sender_of

SESSION_KEY = "unsent_form"
LONGEST = 200_000
HIDDEN = (FIELD, "seen", "csrfmiddlewaretoken")


@dataclass(frozen=True)
class UnsentForm:
    path: str
    fields: list[tuple[str, str]]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person typed or chose."""
        return [(name.replace("_", " ").capitalize(), value) for name, value in self.fields if _is_typed(name, value)]


def _is_typed(name: str, value: str) -> bool:
    return bool(value.strip()) and name not in HIDDEN


def of_request(request: HttpRequest) -> UnsentForm | None:
    """Only a form we made for this very person: another site's post must not come back with a button to send it."""
    if request.method != "POST" or sender_of(request.POST.get(FIELD, "")) != request.user.pk:
        return None
    return UnsentForm(request.get_full_path(), _fields(request))


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    pairs = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in pairs if name != "csrfmiddlewaretoken" and "password" not in name]


def log_in_first(request: HttpRequest) -> HttpResponse:
    if not User.objects.exists():
        return redirect("first_run")
    sender = sender_of(request.POST.get(FIELD, "")) if request.method == "POST" else None
    if not sender:
        return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else "/")
    fields = _fields(request)
    if sum(len(value) for _, value in fields) > LONGEST:
        return redirect_to_login("/")
    request.session[SESSION_KEY] = {"sender": sender, "path": request.get_full_path(), "fields": fields}
    return redirect_to_login(reverse("unsent_form"))


def find(request: HttpRequest) -> UnsentForm | None:
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["sender"] != request.user.pk:
        return None
    return UnsentForm(kept["path"], [(name, value) for name, value in kept["fields"]])


def discard(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)
