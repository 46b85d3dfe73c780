from __future__ import annotations

from functools import partial

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import people
from accounts.api.base import ApiView, PageQuery
from accounts.models import Invitation, Membership, Workspace
from accounts.serializers import InvitationSerializer, MemberSerializer
from accounts.shapes import (
    InvitationPageShape,
    MemberPageShape,
    MemberShape,
    SentInvitationShape,
    invitation_json,
    member_json,
    sent_invitation_json,
)
from common.ids import is_row_number
from common.operations import operation

TAG = "Members"
MEMBER_EXAMPLE = {
    "memberId": "7",
    "name": "Jane Doe",
    "email": "jane@example.com",
    "role": "admin",
    "lastLoginAt": "2026-11-21T09:30:00.000Z",
    "createdAt": "2026-11-20T15:04:05.000Z",
}
INVITATION_EXAMPLE = {
    "invitationId": "12",
    "email": "jane@example.com",
    "role": "member",
    "invitedBy": None,
    "createdAt": "2026-11-20T15:04:05.000Z",
    "expiresAt": "2026-11-27T15:04:05.000Z",
}


def member_of(workspace: Workspace, member_id: str) -> Membership:
    members = Membership.objects.select_related("user", "workspace").filter(workspace=workspace)
    return get_object_or_404(members, user_id=row_number(member_id))


def row_number(text: str) -> int:
    if not is_row_number(text):
        raise Http404
    return int(text)


class MemberList(ApiView):
    @operation(
        "listMembers",
        "List members",
        tag=TAG,
        scope="members:read",
        query=PageQuery,
        data=MemberPageShape,
        example={"members": [MEMBER_EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = Membership.objects.filter(workspace=self.workspace)
        page = self.page(known.select_related("user"), known=known, by="user_id")
        found: MemberPageShape = {
            "members": [member_json(member) for member in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)


class MemberDetail(ApiView):
    @operation("getMember", "Get a member", tag=TAG, scope="members:read", data=MemberShape, example=MEMBER_EXAMPLE)
    def get(self, request: Request, member_id: str) -> Response:
        return self.answer(member_json(member_of(self.workspace, member_id)))

    @operation(
        "updateMember",
        "Change a member's role",
        tag=TAG,
        scope="members:write",
        body=MemberSerializer,
        data=MemberShape,
        description="The last owner stays one: `LAST_OWNER`. Invitations sent by somebody who is no owner any more "
        "are revoked.",
        body_example={"role": "admin"},
        example=MEMBER_EXAMPLE,
    )
    def patch(self, request: Request, member_id: str) -> Response:
        member = member_of(self.workspace, member_id)
        people.change_role(member=member, role=self.body()["role"], by=self.actor)
        return self.answer(member_json(member_of(self.workspace, member_id)))

    @operation(
        "removeMember",
        "Remove a member",
        tag=TAG,
        scope="members:write",
        description="What they wrote and called stays, with their name. The last owner cannot be removed: "
        "`LAST_OWNER`.",
    )
    def delete(self, request: Request, member_id: str) -> Response:
        people.remove_member(member=member_of(self.workspace, member_id), by=self.actor)
        return self.answer(None)


class InvitationList(ApiView):
    @operation(
        "listInvitations",
        "List open invitations",
        tag=TAG,
        scope="members:read",
        query=PageQuery,
        data=InvitationPageShape,
        example={"invitations": [INVITATION_EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = Invitation.objects.filter(workspace=self.workspace)
        page = self.page(people.open_invitations(self.workspace), known=known, by="id")
        found: InvitationPageShape = {
            "invitations": [invitation_json(invitation) for invitation in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createInvitation",
        "Invite somebody",
        tag=TAG,
        scope="members:write",
        body=InvitationSerializer,
        data=SentInvitationShape,
        idempotent=True,
        description="They get a link by e-mail that works for 7 days; it stands in this answer too, in case the mail "
        "does not arrive. Inviting again makes a new link, and the earlier one is dead. Somebody who is a "
        "member already is refused: `ALREADY_MEMBER`.",
        body_example={"email": "jane@example.com", "role": "member"},
        example=INVITATION_EXAMPLE | {"link": "https://crm.example.com/invitation/q7mZ4aC9nH3sL6gF1iO8dK5jEvYb0eT5/"},
    )
    def post(self, request: Request) -> Response:
        invitation, token = people.invite(workspace=self.workspace, by=self.actor, **self.body())
        # With an Idempotency-Key this runs in a transaction, which a mail server must not hold open.
        send = partial(people.send_invitation, invitation=invitation, token=token)
        transaction.on_commit(send, robust=True)
        return self.answer(sent_invitation_json(invitation, token))


class InvitationDetail(ApiView):
    @operation(
        "revokeInvitation",
        "Revoke an invitation",
        tag=TAG,
        scope="members:write",
        description="Its link is dead at once. One that was accepted or revoked is not there any more: 404.",
    )
    def delete(self, request: Request, invitation_id: str) -> Response:
        waiting = Invitation.objects.filter(workspace=self.workspace, accepted_at=None, revoked_at=None)
        invitation = get_object_or_404(waiting.select_related("workspace"), pk=row_number(invitation_id))
        people.revoke_invitation(invitation=invitation, by=self.actor)
        return self.answer(None)
