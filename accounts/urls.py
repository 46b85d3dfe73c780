from __future__ import annotations

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("welcome/", views.first_run, name="first_run"),
    path("stop-calls/", views.stop_calls, name="stop_calls"),
]
