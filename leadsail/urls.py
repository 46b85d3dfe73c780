from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from calls.api import InitiateCall, InteractionDetail, recording
from calls.hooks import receive
from common.views import healthz, styleguide

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("hooks/<slug:provider>/<slug:token>/", receive, name="provider_hook"),
    path("api/v1/voice/calls/initiate", InitiateCall.as_view(), name="api_initiate_call"),
    path("api/v1/interactions/<slug:public_id>", InteractionDetail.as_view(), name="api_interaction"),
    path("recordings/<slug:public_id>", recording, name="recording"),
    path("admin/queues/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("calls.urls")),
    path("", include("leads.urls")),
    path("", include("campaigns.urls")),
    path("", include("accounts.urls")),
]
