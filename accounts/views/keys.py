from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.forms.keys import KeyForm
from accounts.models import ApiKey, Role
from accounts.services import create_api_key, revoke_api_key
from common import clock
from common.notices import say
from common.once import redirect_once
from common.paging import page_of


@dataclass(frozen=True)
class KeyRow:
    key: ApiKey
    is_expired: bool


@role_required(Role.OWNER)
@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    keys = ApiKey.objects.filter(workspace=workspace_of(request)).select_related("created_by")
    page = page_of(keys, order=("-id",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "rows": [KeyRow(key, _is_expired(key)) for key in page.rows],
        "public_url": settings.PUBLIC_URL,
        "next_url": page.next_url({}),
        "previous_url": page.previous_url({}),
    }
    return render(request, "accounts/keys.html", context)


def _is_expired(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= clock.now()


@role_required(Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def key_new(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None, workspace=workspace_of(request))
    if form.is_valid():
        return _make_key(request, form)
    return render(request, "accounts/key_new.html", {"form": form}, status=422 if form.errors else 200)


def _make_key(request: HttpRequest, form: KeyForm) -> HttpResponse:
    """The key stands in this answer only: not in an address, not in the session, not in the database."""
    made: list[tuple[ApiKey, str]] = []
    wanted = {name: form.cleaned_data[name] for name in ("name", "scopes", "expires_at")}

    def act() -> str:
        made.append(create_api_key(workspace=workspace_of(request), by=actor_of(request), **wanted))
        return reverse("key_list")

    answer = redirect_once(request, act)
    if not made:
        messages.warning(request, "This key was made already and cannot be shown again. Revoke it if you lost it.")
        return answer
    row, key = made[0]
    context = {"row": row, "key": key, "public_url": settings.PUBLIC_URL}
    return render(request, "accounts/key_made.html", context)


@role_required(Role.OWNER)
@require_POST
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.select_related("workspace"), workspace=workspace_of(request), pk=pk)
    revoke_api_key(key=key, by=actor_of(request))
    say(request, f"{key.name} is revoked: it is refused from now on.")
    return redirect("key_list")
