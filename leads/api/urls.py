from __future__ import annotations

from django.urls import path

from leads.api import activity, approval, bulk, detail, dialer, dnc, intake, leads, notes, submissions, tags

urlpatterns = [
    path("leads", leads.Leads.as_view(), name="api_leads"),
    path("leads/submit", intake.SubmitLead.as_view(), name="api_submit_lead"),
    path("leads/bulk", bulk.LeadsBulk.as_view(), name="api_leads_bulk"),
    path("leads/send-to-auto-dialer", dialer.SendToDialer.as_view(), name="api_send_to_dialer"),
    path("leads/<slug:lead_id>", detail.LeadDetail.as_view(), name="api_lead"),
    path("leads/<slug:lead_id>/approve", approval.ApproveLead.as_view(), name="api_approve_lead"),
    path("leads/<slug:lead_id>/submissions", submissions.LeadSubmissions.as_view(), name="api_lead_submissions"),
    path("leads/<slug:lead_id>/activity", activity.LeadActivity.as_view(), name="api_lead_activity"),
    path("leads/<slug:lead_id>/notes", notes.LeadNotes.as_view(), name="api_lead_notes"),
    path("leads/<slug:lead_id>/notes/<slug:note_id>", notes.LeadNote.as_view(), name="api_lead_note"),
    path("leads/<slug:lead_id>/auto-dialer", dialer.LeadDialer.as_view(), name="api_lead_dialer"),
    path("leads/<slug:lead_id>/dnc", dnc.LeadDoNotCall.as_view(), name="api_lead_dnc"),
    path("do-not-call", dnc.DoNotCallList.as_view(), name="api_do_not_call"),
    path("do-not-call/bulk", dnc.DoNotCallBulk.as_view(), name="api_do_not_call_bulk"),
    path("do-not-call/<slug:entry_id>", dnc.DoNotCallEntry.as_view(), name="api_do_not_call_entry"),
    path("tags", tags.Tags.as_view(), name="api_tags"),
    path("submissions/<slug:submission_id>", submissions.SubmissionDetail.as_view(), name="api_submission"),
]
