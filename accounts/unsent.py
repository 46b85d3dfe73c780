"""A form that was sent after the session had ended: kept for its sender, who sends it again with one click.

It is shown, never replayed by itself: what it does may ring a phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from common.once import FIELD, token_of

SESSION_KEY = "unsent_form"
LONGEST = 200_000
HIDDEN = (FIELD, "seen", "next")
SECRETS = ("password", "secret", "api_key", "code", "csrfmiddlewaretoken")


@dataclass(frozen=True)
class UnsentForm:
    path: str
    page: str
    fields: list[tuple[str, str]]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person typed or chose."""
        return [(name.replace("_", " ").capitalize(), value) for name, value in self.fields if _is_typed(name, value)]


def _is_typed(name: str, value: str) -> bool:
    return bool(value.strip()) and name not in HIDDEN


def sender(request: HttpRequest) -> int | None:
    """Whom we made the form for. Another site's post has no such token and must not come back with a button."""
    token = token_of(request)
    return (token.person or None) if token else None


def of_request(request: HttpRequest) -> UnsentForm:
    return UnsentForm(request.get_full_path(), _page(request), _fields(request))


def _page(request: HttpRequest) -> str:
    """Where the form stood: its own address often only takes posts."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    is_own = came_from.netloc == request.get_host() and not came_from.path.startswith("//")
    return came_from.path if is_own else reverse("home")


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    pairs = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in pairs if not any(secret in name for secret in SECRETS)]


def log_in_first(request: HttpRequest) -> HttpResponse:
    if not User.objects.exists():
        return redirect("first_run")
    if request.htmx:  # type: ignore[attr-defined]
        return _answer_script(request)
    if keep(request):
        return redirect_to_login(reverse("unsent_form"))
    return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else "/")


def _answer_script(request: HttpRequest) -> HttpResponse:
    """A redirect would be followed unseen: the script would take the login page for its answer.

    What asks by itself (static/js/notices.js) and a field that is checked while somebody types (common.forms) get no
    answer: the banner says that the session is over. The rest starts the page anew, behind the login; the Call modal
    keeps its text itself.
    """
    asks_by_itself = "check" in request.GET or "X-Poll" in request.headers
    return HttpResponse(status=204) if asks_by_itself else HttpResponseClientRefresh()


def keep(request: HttpRequest) -> bool:
    person = sender(request)
    if not person:
        return False
    form = of_request(request)
    if sum(len(value) for _, value in form.fields) > LONGEST:
        return False
    request.session[SESSION_KEY] = {"sender": person, "path": form.path, "page": form.page, "fields": form.fields}
    return True


def find(request: HttpRequest) -> UnsentForm | None:
    kept = request.session.get(SESSION_KEY)
    if not kept:
        return None
    if kept["sender"] != request.user.pk:
        discard(request)
        return None
    return UnsentForm(kept["path"], kept["page"], [(name, value) for name, value in kept["fields"]])


def discard(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def discard_if_sent(request: HttpRequest) -> None:
    """It is on its way now; what is wrong with it stands in the form that answers."""
    if request.method != "POST" or SESSION_KEY not in request.session:
        return
    if dict(request.session[SESSION_KEY]["fields"]).get(FIELD) == request.POST.get(FIELD):
        discard(request)
