from __future__ import annotations

from django.urls import path

from calls.api import dialer, interactions, placing

ONE = "interactions/<slug:interaction_id>"

urlpatterns = [
    path("voice/calls/initiate", placing.InitiateCall.as_view(), name="api_initiate_call"),
    path("voice/calls/check", placing.CheckCall.as_view(), name="api_check_call"),
    path("campaigns/<slug:campaign_id>/dialer", dialer.CampaignDialer.as_view(), name="api_dialer"),
    path("campaigns/<slug:campaign_id>/dialer/leads", dialer.DialerLeads.as_view(), name="api_dialer_leads"),
    path("interactions", interactions.InteractionList.as_view(), name="api_interactions"),
    path("interactions/lead/<slug:lead_id>", interactions.LeadInteractions.as_view(), name="api_interactions_of_lead"),
    path(ONE, interactions.InteractionDetail.as_view(), name="api_interaction"),
    path(f"{ONE}/recording", interactions.Recording.as_view(), name="api_recording"),
    path(f"{ONE}/events", interactions.InteractionEvents.as_view(), name="api_interaction_events"),
    path(f"{ONE}/cancel", interactions.CancelInteraction.as_view(), name="api_cancel_interaction"),
    path(f"{ONE}/correct", interactions.CorrectInteraction.as_view(), name="api_correct_interaction"),
]
