from __future__ import annotations

import copy
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, key_of, role_required, workspace_of
from accounts.forms.keys import KeyEditForm, KeyForm
from accounts.keys import create_api_key, revoke_api_key, update_api_key
from accounts.models import ApiKey, ApiRequest, Role
from accounts.queries import state_of
from accounts.scopes import SCOPE_WORDS
from common.forms import answer_form, sent
from common.notices import say
from common.once import redirect_once
from common.paging import page_of


@role_required(Role.OWNER)
@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    keys = ApiKey.objects.filter(workspace=workspace_of(request)).select_related("created_by")
    page = page_of(keys, order=("-id",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "rows": [(key, state_of(key)) for key in page.rows],
        "public_url": settings.PUBLIC_URL,
        "next_url": page.next_url({}),
        "previous_url": page.previous_url({}),
    }
    return render(request, "accounts/keys.html", context)


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
    wanted = {name: form.cleaned_data[name] for name in ("name", "scopes", "expires_at", "requests_per_minute")}

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
@require_http_methods(["GET", "HEAD", "POST"])
def key_page(request: HttpRequest, public_id: str) -> HttpResponse:
    key = key_of(workspace_of(request), public_id)
    # A copy: the page must not show a name that was refused.
    form = KeyEditForm(sent(request), instance=copy.copy(key), workspace=key.workspace)

    def save() -> str:
        changed = update_api_key(key=key, by=actor_of(request), **_typed(form))
        say(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return reverse("key_page", args=[key.public_id])

    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_of(ApiRequest.objects.filter(api_key=key), order=("-id",), after=after, before=before)
    context = {
        "key": key,
        "state": state_of(key),
        "scopes": [(scope, SCOPE_WORDS.get(scope, "")) for scope in key.scopes],
        "uses": page.rows,
        "next_url": page.next_url({}),
        "previous_url": page.previous_url({}),
    }
    return answer_form(request, form, "accounts/key.html", save=save, **context)


def _typed(form: KeyEditForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "requests_per_minute")}


@role_required(Role.OWNER)
@require_POST
def key_revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    key = key_of(workspace_of(request), public_id)
    revoke_api_key(key=key, by=actor_of(request))
    say(request, f"{key.name} is revoked: it is refused from now on.")
    return redirect("key_list")
