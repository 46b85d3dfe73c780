from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import Role, Workspace
from common import clock
from common.errors import ProblemError
from common.notices import say
from common.once import redirect_once
from webhooks.access import deliveries_of, delivery_of, endpoint_of
from webhooks.forms.endpoint import ReplayFailedForm
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks.services import replay, replay_failed, send_test
from webhooks.shapes import next_try_of

STOP_POLLING = 286
SILENT_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Course:
    """A delivery as a page follows it."""

    delivery: Delivery
    attempts: list[DeliveryAttempt]

    @property
    def is_over(self) -> bool:
        return self.delivery.state in (Delivery.State.DELIVERED, Delivery.State.FAILED)

    @property
    def is_held(self) -> bool:
        return not self.is_over and self.delivery.endpoint.state != WebhookEndpoint.State.ACTIVE

    @property
    def is_silent(self) -> bool:
        waited = (clock.now() - self.delivery.created_at) / clock.speed()
        return not self.is_over and not self.attempts and waited > SILENT_AFTER

    @property
    def next_try(self) -> object:
        return next_try_of(self.delivery)

    @property
    def last(self) -> DeliveryAttempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def version(self) -> str:
        silent = "-silent" if self.is_silent else ""
        return f"{self.delivery.state}-{self.delivery.tries}-{len(self.attempts)}{silent}"


def course_of(delivery: Delivery) -> Course:
    return Course(delivery, list(delivery.attempts.order_by("id")))


def test_of(endpoint: WebhookEndpoint, public_id: str) -> Course | None:
    """The test that was just sent; none when the address names no delivery of this endpoint."""
    rows = deliveries_of(endpoint.workspace).filter(endpoint=endpoint, public_id=public_id) if public_id else None
    delivery = rows.first() if rows is not None else None
    return course_of(delivery) if delivery else None


def _delivery(workspace: Workspace, endpoint_id: str, public_id: str) -> Delivery:
    found = delivery_of(workspace, public_id)
    if found.endpoint.public_id != endpoint_id:
        raise Http404("There is no such delivery.")
    return found


@role_required(Role.ADMIN)
@require_POST
def webhook_test(request: HttpRequest, public_id: str) -> HttpResponse:
    endpoint = endpoint_of(workspace_of(request), public_id)
    page = reverse("webhook", args=[public_id])

    def act() -> str:
        delivery = send_test(endpoint=endpoint, by=actor_of(request))
        return f"{page}?test={delivery.public_id}#test"

    try:
        return redirect_once(request, act)
    except ProblemError as problem:
        messages.error(request, problem.message)
    return redirect(page)


@role_required(Role.ADMIN)
@require_safe
def webhook_test_result(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    return _poll(request, _delivery(workspace_of(request), public_id, delivery_id), "webhooks/_test.html")


@role_required(Role.ADMIN)
@require_safe
def webhook_delivery(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    delivery = _delivery(workspace_of(request), public_id, delivery_id)
    context = {"course": course_of(delivery), "delivery": delivery, "endpoint": delivery.endpoint}
    return render(request, "webhooks/delivery.html", context)


@role_required(Role.ADMIN)
@require_safe
def webhook_delivery_course(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    return _poll(request, _delivery(workspace_of(request), public_id, delivery_id), "webhooks/_course.html")


def _poll(request: HttpRequest, delivery: Delivery, template: str) -> HttpResponse:
    """Asked while it is on its way; ends with its end."""
    course = course_of(delivery)
    if request.GET.get("v") == course.version and not course.is_over:
        return HttpResponse(status=204)
    context = {"course": course, "delivery": delivery, "endpoint": delivery.endpoint, "is_partial": True}
    return render(request, template, context, status=STOP_POLLING if course.is_over else 200)


@role_required(Role.ADMIN)
@require_POST
def webhook_replay(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    delivery = _delivery(workspace_of(request), public_id, delivery_id)
    page = reverse("webhook_delivery", args=[public_id, delivery_id])

    def act() -> str:
        replay(delivery=delivery, by=actor_of(request))
        return page

    try:
        return redirect_once(request, act)
    except ProblemError as problem:
        messages.error(request, problem.message)
    return redirect(page)


@role_required(Role.ADMIN)
@require_POST
def webhook_replay_failed(request: HttpRequest, public_id: str) -> HttpResponse:
    endpoint = endpoint_of(workspace_of(request), public_id)
    form = ReplayFailedForm(request.POST)
    if form.is_valid():
        count = replay_failed(endpoint=endpoint, since=form.since(), by=actor_of(request))
        again = "1 delivery is" if count == 1 else f"{count} deliveries are"
        say(request, f"{again} sent again." if count else "Nothing has failed in this time, so nothing is sent.")
    return redirect(f"{reverse('webhook', args=[public_id])}#log")
