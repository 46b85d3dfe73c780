from __future__ import annotations

from django.urls import path

from calls.api import interactions

urlpatterns = [
    path("voice/calls/initiate", interactions.InitiateCall.as_view(), name="api_initiate_call"),
    path("interactions/<slug:public_id>", interactions.InteractionDetail.as_view(), name="api_interaction"),
    path("interactions/<slug:public_id>/recording", interactions.Recording.as_view(), name="api_recording"),
]
