from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role
from calls.dispatch.circuit import blocked
from calls.provider_checks import CheckState, ask_for_check, is_reachable_from_outside, state_of_check
from calls.providers.base import EVENTS, USEFUL_EVENT
from campaigns.access import account_of, accounts_of
from campaigns.accounts import CHECKED, SANDBOX, SECRETS, create_account, set_account_active, update_account
from campaigns.forms.provider import ProviderAccountForm
from campaigns.models import Campaign, ProviderAccount, VoiceAgent
from common import clock
from common.forms import answer_form, field_errors, sent, wants_check
from common.notices import say

STOP_POLLING = 286


@dataclass(frozen=True)
class AccountRow:
    check: CheckState
    blocked_until: datetime | None


@role_required(Role.ADMIN)
@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    accounts = accounts_of(workspace_of(request)).annotate(
        agents=Count("voice_agents", distinct=True), numbers=Count("caller_numbers", distinct=True)
    )
    rows = [AccountRow(state_of_check(account), _blocked_until(account)) for account in accounts.order_by("name")]
    return render(request, "campaigns/account_list.html", {"rows": rows})


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    form = ProviderAccountForm(sent(request), workspace=workspace_of(request))
    return answer_form(request, form, "campaigns/account_new.html", save=lambda: _create(request, form))


def _create(request: HttpRequest, form: ProviderAccountForm) -> str:
    account = create_account(workspace=workspace_of(request), by=actor_of(request), **form.cleaned_data)
    ask_for_check(account)
    say(request, f"{account.name} is saved and is being checked.")
    return reverse("account_edit", args=[account.public_id])


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def account_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    account = account_of(workspace_of(request), public_id)
    if request.method == "POST" and "active" in request.GET:
        return _switch(request, account)
    form = ProviderAccountForm(request.POST or None, instance=account, workspace=account.workspace)
    if wants_check(request):
        return field_errors(request, form)
    if form.is_valid():
        try:
            return _update(request, account, form)
        except ValidationError as error:
            form.add_error(None, error)
    status = 422 if form.errors else 200
    return render(request, "campaigns/account.html", _page_of(account, form), status=status)


def _update(request: HttpRequest, account: ProviderAccount, form: ProviderAccountForm) -> HttpResponse:
    changed = update_account(account=account, by=actor_of(request), **form.cleaned_data)
    if CHECKED & changed:
        ask_for_check(account)
    say(request, "Saved." if changed else "Nothing had changed.")
    return redirect("account_edit", account.public_id)


def _switch(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    active = request.GET["active"] == "1"
    set_account_active(account=account, active=active, by=actor_of(request))
    back = f"{reverse('account_edit', args=[account.public_id])}?active={int(not active)}"
    say(request, f"{account.name} may {'call again' if active else 'not call any more'}.", undo=back)
    return redirect("account_edit", account.public_id)


def _page_of(account: ProviderAccount, form: ProviderAccountForm) -> dict[str, Any]:
    stored = ProviderAccount.objects.defer(*SECRETS).get(pk=account.pk) if form.errors else account
    is_local = not is_reachable_from_outside(settings.PUBLIC_URL) and stored.host != SANDBOX
    return {
        "form": form,
        "account": stored,
        "check": state_of_check(stored),
        "is_sandbox": stored.host == SANDBOX,
        "events": [*EVENTS, USEFUL_EVENT],
        "is_local": is_local,
        "public_url": settings.PUBLIC_URL,
        "stops": _who_stops(stored),
        "blocked_until": _blocked_until(stored),
    }


def _blocked_until(account: ProviderAccount) -> datetime | None:
    """The circuit runs on real time; pages show business time."""
    stop = blocked(account)
    return clock.business_time(stop[0]) if stop else None


def _who_stops(account: ProviderAccount) -> str:
    """The question before an account is switched off names who cannot call without it."""
    agents = VoiceAgent.objects.filter(account=account, is_active=True).order_by("name").values_list("name", flat=True)
    campaigns = (
        Campaign.objects.filter(production_agent__account=account, status=Campaign.Status.ACTIVE)
        .order_by("name")
        .values_list("name", flat=True)
    )
    parts = [_named("Agents", list(agents)), _named("Campaigns", list(campaigns))]
    told = " ".join(part for part in parts if part)
    return f"These stop calling. {told}" if told else "No active agent or campaign uses it."


def _named(label: str, names: list[str], most: int = 5) -> str:
    if not names:
        return ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{label}: {', '.join(names[:most])}{more}."


@role_required(Role.ADMIN)
@require_POST
def account_check(request: HttpRequest, public_id: str) -> HttpResponse:
    account = account_of(workspace_of(request), public_id)
    ask_for_check(account)
    return redirect(f"{reverse('account_edit', args=[account.public_id])}#check")


@role_required(Role.ADMIN)
@require_safe
def account_checks(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asked every second while a Check runs; polling ends with its result."""
    account = account_of(workspace_of(request), public_id)
    check = state_of_check(account)
    if request.GET.get("v") == check.phase and check.is_pending:
        return HttpResponse(status=204)
    context = {"account": account, "check": check, "is_sandbox": account.host == SANDBOX, "is_partial": True}
    status = 200 if check.is_pending else STOP_POLLING
    return render(request, "campaigns/_account_check.html", context, status=status)
