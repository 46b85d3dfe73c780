from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from webhooks.access import SECRETS
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint, WebhookEvent


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Changed in the workspace's own settings; secrets show there only."""

    list_display = ("public_id", "description", "url", "campaign_code", "state", "failing_since", "workspace")
    list_filter = ("state",)
    list_select_related = ("workspace",)
    search_fields = ("public_id", "description", "url")
    exclude = SECRETS
    readonly_fields = ("public_id", "failing_since", "failures", "disabled_reason")


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ("at", "status", "error", "milliseconds", "response_body")
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    inlines = (AttemptInline,)
    list_display = ("public_id", "event", "endpoint", "state", "tries", "last_status", "created_at")
    list_filter = ("state",)
    search_fields = ("public_id",)
    readonly_fields = ("public_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request).select_related("event", "endpoint")
        return rows.defer(*(f"endpoint__{name}" for name in SECRETS), "event__body")


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "delivery", "url", "status", "error", "milliseconds")
    list_select_related = ("delivery",)
    search_fields = ("delivery__public_id", "url")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "type", "workspace", "campaign_code", "object_id", "created_at")
    list_filter = ("type",)
    list_select_related = ("workspace",)
    search_fields = ("public_id", "object_id")
    readonly_fields = ("public_id",)
