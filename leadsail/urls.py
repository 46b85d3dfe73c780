from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from calls.hooks import receive
from calls.views.conversation import recording
from common import api
from common.views import api_docs, healthz, openapi, styleguide

handler400 = api.bad_request
handler500 = api.server_error
API = ("calls", "leads", "campaigns", "webhooks", "accounts")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("hooks/<slug:provider>/<slug:token>/", receive, name="provider_hook"),
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/docs", api_docs, name="api_docs"),
    *(path("api/v1/", include(f"{app}.api.urls")) for app in API),
    re_path("^api(/|$)", csrf_exempt(api.unknown_address)),
    path("recordings/<slug:public_id>", recording, name="recording"),
    path("admin/queues/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("calls.urls")),
    path("", include("leads.urls")),
    path("", include("campaigns.urls")),
    path("", include("webhooks.urls")),
    path("", include("accounts.urls")),
]
