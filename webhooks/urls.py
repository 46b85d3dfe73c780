from __future__ import annotations

from django.urls import path

from webhooks.views import deliveries, endpoints

WEBHOOK = "settings/webhooks/<slug:public_id>/"
DELIVERY = f"{WEBHOOK}deliveries/<slug:delivery_id>/"

urlpatterns = [
    path("settings/webhooks/", endpoints.webhook_list, name="webhook_list"),
    path("settings/webhooks/new/", endpoints.webhook_new, name="webhook_new"),
    path(WEBHOOK, endpoints.webhook_page, name="webhook"),
    path(f"{WEBHOOK}edit/", endpoints.webhook_edit, name="webhook_edit"),
    path(f"{WEBHOOK}state/", endpoints.webhook_state, name="webhook_state"),
    path(f"{WEBHOOK}delete/", endpoints.webhook_delete, name="webhook_delete"),
    path(f"{WEBHOOK}secret/", endpoints.webhook_secret, name="webhook_secret"),
    path(f"{WEBHOOK}rotate/", endpoints.webhook_rotate, name="webhook_rotate"),
    path(f"{WEBHOOK}test/", deliveries.webhook_test, name="webhook_test"),
    path(f"{WEBHOOK}test/<slug:delivery_id>/", deliveries.webhook_test_result, name="webhook_test_result"),
    path(f"{WEBHOOK}replay-failed/", deliveries.webhook_replay_failed, name="webhook_replay_failed"),
    path(DELIVERY, deliveries.webhook_delivery, name="webhook_delivery"),
    path(f"{DELIVERY}course/", deliveries.webhook_delivery_course, name="webhook_delivery_course"),
    path(f"{DELIVERY}replay/", deliveries.webhook_replay, name="webhook_replay"),
]
