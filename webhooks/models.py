from __future__ import annotations

import base64
import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Workspace
from common import clock
from common.fields import EncryptedTextField
from common.ids import PublicIdField


def new_secret() -> str:
    """As Standard Webhooks writes it: the prefix and 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class WebhookEndpoint(models.Model):
    """An address that is told what happens: of the whole workspace, or of one campaign, whose word comes first."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        # By the machine, after failing for long; what happens meanwhile waits until somebody switches it on again.
        DISABLED = "disabled", "Disabled after failing"

    public_id = PublicIdField(prefix="wh")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhook_endpoints")
    # Empty: every campaign's events. A code and not a key: campaigns stand above this app.
    campaign_code = models.CharField("campaign", max_length=5, blank=True)
    description = models.CharField(max_length=120, blank=True)
    # Empty only where a campaign wants silence.
    url = models.CharField("URL", max_length=500, blank=True)
    events = models.JSONField(default=list)
    # JSON: {"Authorization": "…"}; encrypted because receivers are told to trust it.
    headers = EncryptedTextField(blank=True)
    secret = EncryptedTextField(default=new_secret)
    previous_secret = EncryptedTextField(blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    max_tries = models.PositiveSmallIntegerField(
        "tries", default=8, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        "timeout in seconds", default=30, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    inherits = models.BooleanField(
        "inherits from the workspace",
        default=True,
        help_text="Events that this campaign's endpoint does not take go to the workspace's endpoints.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    # Since when every try has failed; business time, as the waits between tries are.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    disabled_reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "campaign_code"], condition=~Q(campaign_code=""), name="one_endpoint_per_campaign"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "paused", "disabled"]), name="endpoint_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url or self.public_id

    def takes(self, event: str) -> bool:
        """One that the machine disabled goes on collecting, so that nothing is lost when it is switched on again."""
        return bool(self.url) and self.state != self.State.PAUSED and event in self.events


class WebhookEvent(models.Model):
    """What happened, in the words that are sent; written in the transaction in which it happened."""

    public_id = PublicIdField(prefix="evt")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhook_events")
    type = models.CharField(max_length=40)
    campaign_code = models.CharField(max_length=5, blank=True)
    # The lead or the interaction it is about.
    object_id = models.CharField(max_length=40, blank=True)
    # Byte for byte what every try sends: the signature is of it.
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="webhook_events_by_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class Delivery(models.Model):
    """One event on its way to one endpoint."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENDING = "sending", "Being sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    public_id = PublicIdField(prefix="dlv")
    # No constraint in the database: what happens must neither wait for an endpoint that is being changed nor be undone
    # because one was deleted. Deliveries without an endpoint are seen nowhere, and go with their events.
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False
    )
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    # Business time, so that an hour's outage can be tried in a minute.
    due_at = models.DateTimeField(default=clock.now)
    # Real time: a claim whose worker died is taken back.
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    claim_token = models.CharField(max_length=40, blank=True, editable=False)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="event_once_per_endpoint"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending", "delivered", "failed"]), name="delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="deliveries_of_endpoint"),
            # Read by the sweep every second, and by every claim: in this order, for thousands may be due at one moment.
            models.Index(fields=["endpoint", "due_at", "id"], condition=Q(state="pending"), name="deliveries_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="deliveries_claimed"),
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryAttempt(models.Model):
    """One request that was sent, or could not be, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=clock.now)
    url = models.CharField(max_length=500)
    # Values of custom headers are not kept: they are secrets.
    request_headers = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["delivery", "id"], name="attempts_of_delivery")]

    def __str__(self) -> str:
        return f"{self.delivery} {self.status or self.error}"
