from __future__ import annotations

from django.urls import path

from leads.views import bulk, dnc, edit, listing, page, review

urlpatterns = [
    path("leads/", listing.lead_list, name="lead_list"),
    path("leads/new/", edit.lead_new, name="lead_new"),
    path("leads/review/", review.review_queue, name="review_queue"),
    path("leads/bulk/", bulk.bulk_confirm, name="bulk_confirm"),
    path("leads/bulk/start/", bulk.bulk_start, name="bulk_start"),
    path("leads/bulk/<slug:public_id>/", bulk.bulk_page, name="bulk"),
    path("leads/bulk/<slug:public_id>/undo/", bulk.bulk_undo, name="bulk_undo"),
    path("leads/<slug:public_id>/", page.lead_page, name="lead"),
    path("leads/<slug:public_id>/edit/", edit.lead_edit, name="lead_edit"),
    path("leads/<slug:public_id>/status/", edit.lead_status, name="lead_status"),
    path("leads/<slug:public_id>/review/", review.lead_review, name="lead_review"),
    path("leads/<slug:public_id>/owner/", edit.lead_owner, name="lead_owner"),
    path("leads/<slug:public_id>/campaign/", edit.lead_campaign, name="lead_campaign"),
    path("leads/<slug:public_id>/tags/", edit.lead_tags, name="lead_tags"),
    path("leads/<slug:public_id>/notes/", edit.lead_note, name="lead_note"),
    path("leads/<slug:public_id>/notes/<int:pk>/delete/", edit.lead_note_delete, name="lead_note_delete"),
    path("leads/<slug:public_id>/do-not-call/", edit.lead_dnc_set, name="lead_dnc_set"),
    path("leads/<slug:public_id>/do-not-call/lift/", edit.lead_dnc_lift, name="lead_dnc_lift"),
    path("settings/do-not-call/", dnc.dnc_list, name="dnc_list"),
    path("settings/do-not-call/add/", dnc.dnc_add, name="dnc_add"),
    path("settings/do-not-call/upload/", dnc.dnc_upload, name="dnc_upload"),
    path("settings/do-not-call/<int:pk>/lift/", dnc.dnc_lift, name="dnc_lift"),
]
