from __future__ import annotations

from django.urls import path

from calls import views

urlpatterns = [
    path("leads/<slug:public_id>/call/", views.call_modal, name="call_modal"),
    path("leads/<slug:public_id>/call/check/", views.call_preflight, name="call_preflight"),
    path("conversations/<slug:public_id>/", views.conversation, name="conversation"),
    path("conversations/<slug:public_id>/live/", views.call_live, name="call_live"),
    path("conversations/<slug:public_id>/cancel/", views.call_cancel, name="call_cancel"),
]
