"""Whether an endpoint still answers: kept at each try, and when it has failed for long it is switched off and its
people are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string

from accounts.actors import SYSTEM
from accounts.models import Membership, Role
from accounts.people import MAIL_TIMEOUT_SECONDS, one_line
from accounts.services import record
from common import clock
from webhooks.models import WebhookEndpoint

log = structlog.get_logger(__name__)
FAILS_FOR = timedelta(days=3)
FAILS_AT_LEAST = 10
GONE = 410


def note_success(endpoint: WebhookEndpoint) -> None:
    if endpoint.failures:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, failures=0)


def note_failure(endpoint: WebhookEndpoint, status: int | None, error: str) -> None:
    """In the transaction that holds the endpoint's row."""
    since, failures = endpoint.failing_since or clock.now(), endpoint.failures + 1
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=since, failures=failures)
    if status == GONE:
        disable(endpoint, "The receiver answered 410 Gone: it wants no deliveries any more.")
    elif failures >= FAILS_AT_LEAST and clock.now() - since >= FAILS_FOR:
        disable(endpoint, f"Every try since {_day(since)} has failed, the last one so: {error}")


def disable(endpoint: WebhookEndpoint, reason: str) -> None:
    reason = reason[:300]
    active = WebhookEndpoint.objects.filter(pk=endpoint.pk, state=WebhookEndpoint.State.ACTIVE)
    if not active.update(state=WebhookEndpoint.State.DISABLED, disabled_reason=reason):
        return
    record(
        workspace=endpoint.workspace,
        by=SYSTEM,
        verb="webhook.disabled",
        object_type="webhook",
        object_id=endpoint.public_id,
        data={"name": str(endpoint), "reason": reason},
    )
    transaction.on_commit(partial(tell_people, endpoint, reason), robust=True)


def tell_people(endpoint: WebhookEndpoint, reason: str) -> None:
    """The owners and admins, each on their own: an address that is refused keeps the mail from nobody else."""
    words = {
        "endpoint": one_line(str(endpoint)),
        "url": endpoint.url,
        "workspace": one_line(endpoint.workspace.name),
        "reason": one_line(reason),
        "link": settings.PUBLIC_URL,
    }
    subject = one_line(render_to_string("emails/webhook_disabled_subject.txt", words))
    body = render_to_string("emails/webhook_disabled.txt", words)
    people = Membership.objects.filter(workspace=endpoint.workspace, role__in=[Role.OWNER, Role.ADMIN])
    for address in people.order_by("pk").values_list("user__email", flat=True):
        _mail(subject, body, address)


def _mail(subject: str, body: str, address: str) -> None:
    try:
        connection = get_connection(timeout=MAIL_TIMEOUT_SECONDS)
        EmailMessage(subject, body, to=[address], connection=connection).send()
    except (OSError, ValueError) as error:
        log.warning("webhook_notice_not_sent", error=str(error))


def _day(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC"
