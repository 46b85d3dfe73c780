from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from campaigns.models import Campaign
from common.errors import ProblemError
from common.forms import answer_form, sent
from common.notices import say
from common.once import redirect_once
from common.paging import page_of
from webhooks.access import deliveries_of, endpoint_of, endpoints_of
from webhooks.endpoints import (
    both_sign_until,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    secret_of,
    set_endpoint_state,
    update_endpoint,
)
from webhooks.forms.endpoint import DeliveryListForm, EndpointForm, NewEndpointForm, ReplayFailedForm
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.queries import count_waiting, trouble_of, with_last_delivery
from webhooks.shapes import masked_headers
from webhooks.views.deliveries import test_of

MOST_WAITING = 100
# What nearly everybody wants; each tells what the rarer ones would tell too.
FIRST_EVENTS = ("lead.status_changed", "call.completed")


@dataclass(frozen=True)
class EndpointRow:
    endpoint: Any
    campaign: str

    @property
    def last_words(self) -> str:
        """As the log says it."""
        return Delivery.State(self.endpoint.last_state).label


@role_required(Role.ADMIN)
@require_safe
def webhook_list(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_of(with_last_delivery(endpoints_of(workspace)), order=("-id",), after=after, before=before)
    names = _campaign_names(workspace, page.rows)
    context = {
        "rows": [EndpointRow(row, names.get(row.campaign_code, row.campaign_code)) for row in page.rows],
        "webhook_trouble": trouble_of(workspace),
        "next_url": page.next_url({}),
        "previous_url": page.previous_url({}),
    }
    return render(request, "webhooks/list.html", context)


def _campaign_names(workspace: Workspace, endpoints: list[WebhookEndpoint]) -> dict[str, str]:
    codes = {endpoint.campaign_code for endpoint in endpoints} - {""}
    return dict(Campaign.objects.filter(workspace=workspace, code__in=codes).values_list("code", "name"))


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    first = {"campaign": request.GET.get("campaign", ""), "events": FIRST_EVENTS}
    form = NewEndpointForm(sent(request), workspace=workspace, initial=first)

    def save() -> str:
        made = create_endpoint(workspace=workspace, by=actor_of(request), **form.wanted())
        say(request, "The endpoint is made. Give its secret to whoever verifies what arrives, then send a test.")
        return reverse("webhook", args=[made.public_id])

    return answer_form(request, form, "webhooks/form.html", save=save)


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    workspace = workspace_of(request)
    endpoint = endpoint_of(workspace, public_id)
    stored, campaign = str(endpoint), _campaign_names(workspace, [endpoint]).get(endpoint.campaign_code, "")
    form = EndpointForm(sent(request), workspace=workspace, instance=endpoint)

    def save() -> str:
        changed = update_endpoint(endpoint=endpoint, by=actor_of(request), **form.wanted())
        say(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return reverse("webhook", args=[public_id])

    context = {"public_id": public_id, "stored": stored, "campaign": campaign}
    return answer_form(request, form, "webhooks/form.html", save=save, **context)


@role_required(Role.ADMIN)
@require_safe
def webhook_page(request: HttpRequest, public_id: str) -> HttpResponse:
    workspace = workspace_of(request)
    endpoint = endpoint_of(workspace, public_id)
    form = DeliveryListForm(request.GET)
    asked = form.asked()
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    # Before the log: a row that is older than the verdict above it would stay so.
    test = test_of(endpoint, request.GET.get("test", ""))
    page = page_of(_narrowed(endpoint, asked), order=("-id",), after=after, before=before)
    context = {
        "endpoint": endpoint,
        "campaign": _campaign_names(workspace, [endpoint]).get(endpoint.campaign_code, ""),
        "headers": list(masked_headers(endpoint)),
        "waiting": count_waiting(endpoint, most=MOST_WAITING),
        "most_waiting": MOST_WAITING,
        "both_sign_until": both_sign_until(endpoint),
        "test": test,
        "form": form,
        "asked": asked,
        "replay_form": ReplayFailedForm(),
        "deliveries": page.rows,
        "next_url": page.next_url(asked),
        "previous_url": page.previous_url(asked),
    }
    return render(request, "webhooks/endpoint.html", context)


def _narrowed(endpoint: WebhookEndpoint, asked: dict[str, str]) -> Any:
    rows = deliveries_of(endpoint.workspace).filter(endpoint=endpoint)
    if event := asked.get("event"):
        rows = rows.filter(event__type=event)
    # To people, what is being sent is still on its way.
    states = {"pending": [Delivery.State.PENDING, Delivery.State.SENDING]}
    return rows.filter(state__in=states.get(asked["state"], [asked["state"]])) if asked.get("state") else rows


@role_required(Role.ADMIN)
@require_POST
def webhook_state(request: HttpRequest, public_id: str) -> HttpResponse:
    endpoint = endpoint_of(workspace_of(request), public_id)
    active = request.GET.get("active") == "1"
    back = f"{reverse('webhook_state', args=[public_id])}?active={int(not active)}"
    try:
        if set_endpoint_state(endpoint=endpoint, active=active, by=actor_of(request)):
            on, off = "is on: what waited is sent now.", "is paused: it is told nothing."
            say(request, f"{endpoint} {on if active else off}", undo=back)
    except (ValidationError, ProblemError) as error:
        messages.error(request, " ".join(error.messages) if isinstance(error, ValidationError) else error.message)
    return redirect("webhook", public_id)


@role_required(Role.ADMIN)
@require_POST
def webhook_delete(request: HttpRequest, public_id: str) -> HttpResponse:
    endpoint = endpoint_of(workspace_of(request), public_id)
    delete_endpoint(endpoint=endpoint, by=actor_of(request))
    say(request, f"{endpoint} is deleted.")
    return redirect("webhook_list")


@role_required(Role.ADMIN)
@require_safe
def webhook_secret(request: HttpRequest, public_id: str) -> HttpResponse:
    endpoint = endpoint_of(workspace_of(request), public_id)
    context: dict[str, Any] = {"endpoint": endpoint, "both_sign_until": both_sign_until(endpoint)}
    try:
        context["secret"] = secret_of(endpoint)
    except ProblemError as problem:
        context["problem"] = problem.message
    return render(request, "webhooks/secret.html", context)


@role_required(Role.ADMIN)
@require_POST
def webhook_rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Once for a form: a double click would end the secret that receivers still know."""
    endpoint = endpoint_of(workspace_of(request), public_id)

    def act() -> str:
        rotate_secret(endpoint=endpoint, by=actor_of(request))
        say(request, "There is a new secret. The one before signs too, for 24 hours.")
        return reverse("webhook_secret", args=[public_id])

    return redirect_once(request, act)
