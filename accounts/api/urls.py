from __future__ import annotations

from django.urls import path

from accounts.api import keys, members, workspace

urlpatterns = [
    path("keys", keys.KeyList.as_view(), name="api_keys"),
    path("keys/<slug:key_id>", keys.KeyDetail.as_view(), name="api_key"),
    path("keys/<slug:key_id>/activity", keys.KeyActivity.as_view(), name="api_key_activity"),
    path("workspace", workspace.WorkspaceDetail.as_view(), name="api_workspace"),
    path("workspace/stop-calls", workspace.StopCalls.as_view(), name="api_stop_calls"),
    path("workspace/resume-calls", workspace.ResumeCalls.as_view(), name="api_resume_calls"),
    path("audit", workspace.Audit.as_view(), name="api_audit"),
    path("members", members.MemberList.as_view(), name="api_members"),
    path("members/<slug:member_id>", members.MemberDetail.as_view(), name="api_member"),
    path("invitations", members.InvitationList.as_view(), name="api_invitations"),
    path("invitations/<slug:invitation_id>", members.InvitationDetail.as_view(), name="api_invitation"),
]
