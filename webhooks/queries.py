from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from accounts.models import Workspace
from webhooks.access import endpoints_of
from webhooks.models import Delivery, WebhookEndpoint

State = WebhookEndpoint.State
MOST_TROUBLED = 5


@dataclass(frozen=True)
class Trouble:
    """What somebody should look at: switched off after failing, or failing now."""

    endpoints: list[WebhookEndpoint]
    more: int = 0
    """How many there are besides."""


def trouble_of(workspace: Workspace) -> Trouble:
    """What is switched off comes first."""
    failing = Q(state=State.ACTIVE, failing_since__isnull=False)
    rows = endpoints_of(workspace).filter(Q(state=State.DISABLED) | failing)
    off_first = Case(When(state=State.DISABLED, then=0), default=1)
    shown = list(rows.order_by(off_first, "-id")[:MOST_TROUBLED])
    return Trouble(shown, rows.count() - len(shown) if len(shown) == MOST_TROUBLED else 0)


def with_last_delivery(endpoints: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
    """Each read from the end of an index: however long the log is, the list costs the same."""
    deliveries = Delivery.objects.filter(endpoint=OuterRef("pk"))
    last = deliveries.order_by("-id")
    return endpoints.annotate(
        last_state=Subquery(last.values("state")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
        has_waiting=Exists(deliveries.filter(state=Delivery.State.PENDING)),
    )


def count_waiting(endpoint: WebhookEndpoint, *, most: int) -> int:
    """No further than `most`: an endpoint that was off for a week may have very many."""
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    return len(waiting.order_by("due_at").values_list("pk", flat=True)[:most])


@dataclass(frozen=True)
class CampaignWebhooks:
    own: WebhookEndpoint | None
    shared: list[WebhookEndpoint]
    """The workspace's, as far as they hear of this campaign."""


def webhooks_of_campaign(workspace: Workspace, code: str) -> CampaignWebhooks:
    rows = list(endpoints_of(workspace).filter(campaign_code__in={"", code}).order_by("id"))
    own = next((row for row in rows if row.campaign_code), None)
    inherits = own is None or own.inherits
    shared = [row for row in rows if inherits and not row.campaign_code and row.state != State.PAUSED]
    return CampaignWebhooks(own, shared)
