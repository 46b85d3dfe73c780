from __future__ import annotations

from django.urls import path

from leads import views

urlpatterns = [
    path("leads/", views.lead_list, name="lead_list"),
    path("leads/<slug:public_id>/", views.lead_page, name="lead"),
]
