from __future__ import annotations

from django.urls import path

from webhooks.api import deliveries, endpoints

urlpatterns = [
    path("webhook-events", endpoints.Events.as_view(), name="api_webhook_events"),
    path("webhook-endpoints", endpoints.Endpoints.as_view(), name="api_webhook_endpoints"),
    path("webhook-endpoints/<slug:endpoint_id>", endpoints.EndpointDetail.as_view(), name="api_webhook_endpoint"),
    path("webhook-endpoints/<slug:endpoint_id>/secret", endpoints.Secret.as_view(), name="api_webhook_secret"),
    path(
        "webhook-endpoints/<slug:endpoint_id>/rotate-secret",
        endpoints.RotateSecret.as_view(),
        name="api_webhook_rotate_secret",
    ),
    path("webhook-endpoints/<slug:endpoint_id>/test", deliveries.Test.as_view(), name="api_webhook_test"),
    path(
        "webhook-endpoints/<slug:endpoint_id>/deliveries",
        deliveries.Deliveries.as_view(),
        name="api_webhook_deliveries",
    ),
    path(
        "webhook-endpoints/<slug:endpoint_id>/replay-failed",
        deliveries.ReplayAllFailed.as_view(),
        name="api_webhook_replay_failed",
    ),
    path("webhook-deliveries/<slug:delivery_id>", deliveries.DeliveryDetail.as_view(), name="api_webhook_delivery"),
    path("webhook-deliveries/<slug:delivery_id>/replay", deliveries.Replay.as_view(), name="api_webhook_replay"),
]
