from __future__ import annotations

from django.urls import path

from accounts.views import entrance, keys, people, profile, workspace

urlpatterns = [
    path("welcome/", entrance.first_run, name="first_run"),
    path("unsent/", entrance.unsent_form, name="unsent_form"),
    path("unsent/discard/", entrance.discard_unsent, name="discard_unsent"),
    path("banners/", entrance.banners, name="banners"),
    path("stop-calls/", entrance.stop_calls, name="stop_calls"),
    path("workspace/", entrance.workspace_switch, name="workspace_switch"),
    path("settings/", workspace.settings, name="settings"),
    path("settings/workspace/", workspace.settings_workspace, name="settings_workspace"),
    path("settings/audit/", workspace.audit_list, name="audit_list"),
    path("settings/members/", people.member_list, name="member_list"),
    path("settings/members/invite/", people.member_invite, name="member_invite"),
    path("settings/members/<int:pk>/role/", people.member_role, name="member_role"),
    path("settings/members/<int:pk>/remove/", people.member_remove, name="member_remove"),
    path("settings/invitations/<int:pk>/revoke/", people.invitation_revoke, name="invitation_revoke"),
    path("invitation/<str:token>/", people.invitation_accept, name="invitation_accept"),
    path("settings/keys/", keys.key_list, name="key_list"),
    path("settings/keys/new/", keys.key_new, name="key_new"),
    path("settings/keys/<slug:public_id>/", keys.key_page, name="key_page"),
    path("settings/keys/<slug:public_id>/revoke/", keys.key_revoke, name="key_revoke"),
    path("settings/profile/", profile.profile, name="profile"),
]
