from __future__ import annotations

from django.urls import path

from calls.views import call, conversation, correction, dialer, guide, home, listing

urlpatterns = [
    path("", home.home, name="home"),
    path("guide/", guide.guide, name="guide"),
    path("guide/sandbox/", guide.guide_sandbox, name="guide_sandbox"),
    path("guide/skip/", guide.guide_skip, name="guide_skip"),
    path("guide/close/", guide.guide_close, name="guide_close"),
    path("leads/<slug:public_id>/next/", home.next_lead, name="next_lead"),
    path("leads/<slug:public_id>/call/", call.call_modal, name="call_modal"),
    path("leads/<slug:public_id>/call/check/", call.call_preflight, name="call_preflight"),
    path("leads/<slug:public_id>/dialer/", dialer.lead_dialer, name="lead_dialer"),
    path("campaigns/<slug:code>/dialer/", dialer.dialer, name="dialer"),
    path("conversations/", listing.conversation_list, name="conversation_list"),
    path("conversations/<slug:public_id>/", conversation.conversation, name="conversation"),
    path("conversations/<slug:public_id>/live/", conversation.call_live, name="call_live"),
    path("conversations/<slug:public_id>/cancel/", conversation.call_cancel, name="call_cancel"),
    path("conversations/<slug:public_id>/correct/", correction.conversation_correct, name="conversation_correct"),
]
