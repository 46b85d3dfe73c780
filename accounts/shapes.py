"""Keys, the workspace, its people and its audit trail as the API answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict, cast

from accounts.models import ApiKey, ApiRequest, AuditEvent, Invitation, Membership, Workspace
from accounts.people import invitation_link
from accounts.queries import KeyState, state_of
from common import clock
from common.shapes import Moment, as_moment, iso

RoleName = Literal["owner", "admin", "member", "viewer"]


class KeyShape(TypedDict):
    """A key as it may be shown: the key itself is only in the answer that makes it."""

    keyId: str
    name: str
    prefix: Annotated[str, "The first characters, to recognise it by."]
    scopes: list[str]
    state: KeyState
    requestsPerMinute: Annotated[int | None, "Null: as many as the installation allows."]
    createdBy: Annotated[str | None, "The person; null where another key made it."]
    createdAt: Moment
    expiresAt: Moment | None
    lastUsedAt: Annotated[Moment | None, "To the minute."]
    revokedAt: Moment | None


class MadeKeyShape(KeyShape):
    """A new key with the key itself, which cannot be had again."""

    key: str


class KeyPageShape(TypedDict):
    keys: list[KeyShape]
    nextCursor: str | None
    hasMore: bool


class KeyUseShape(TypedDict):
    """One request that was made with a key."""

    at: Moment
    method: str
    path: str
    status: int
    milliseconds: int
    ip: str | None
    requestId: Annotated[str | None, "As in the header X-Request-Id of the answer."]


class KeyActivityShape(TypedDict):
    activity: list[KeyUseShape]
    nextCursor: str | None
    hasMore: bool


class WorkspaceShape(TypedDict):
    """What holds for everything in the workspace."""

    workspaceId: str
    name: str
    country: Annotated[str, "Numbers written without a country code are read as this country's."]
    timezone: str
    callsStoppedAt: Annotated[Moment | None, "Set: no call of this workspace is placed."]
    createdAt: Moment


class AuditActorShape(TypedDict):
    """Who did it."""

    type: Literal["user", "apiKey", "system"]
    id: Annotated[str | None, "The member's or the key's id."]
    name: str


class AuditEventShape(TypedDict):
    """Something that was done; nobody can change it."""

    eventId: str
    at: Moment
    actor: AuditActorShape
    verb: str
    objectType: str
    objectId: str
    data: Annotated[dict[str, Any], "What is worth telling of it; `changes` holds [before, after] of each field."]


class AuditPageShape(TypedDict):
    events: list[AuditEventShape]
    nextCursor: str | None
    hasMore: bool


class MemberShape(TypedDict):
    """A person's seat in the workspace."""

    memberId: str
    name: str | None
    email: str
    role: RoleName
    lastLoginAt: Moment | None
    createdAt: Moment


class MemberPageShape(TypedDict):
    members: list[MemberShape]
    nextCursor: str | None
    hasMore: bool


class InvitationShape(TypedDict):
    """A seat that is kept for whoever holds the link."""

    invitationId: str
    email: str
    role: RoleName
    invitedBy: Annotated[str | None, "The person; null where a key invited."]
    createdAt: Moment
    expiresAt: Moment


class SentInvitationShape(InvitationShape):
    """An invitation with its link, which cannot be had again."""

    link: str


class InvitationPageShape(TypedDict):
    invitations: list[InvitationShape]
    nextCursor: str | None
    hasMore: bool


def key_json(key: ApiKey) -> KeyShape:
    return {
        "keyId": key.public_id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "state": state_of(key),
        "requestsPerMinute": key.requests_per_minute,
        "createdBy": str(key.created_by) if key.created_by else None,
        "createdAt": as_moment(key.created_at),
        "expiresAt": iso(key.expires_at),
        "lastUsedAt": iso(key.last_used_at),
        "revokedAt": iso(key.revoked_at),
    }


def made_key_json(row: ApiKey, key: str) -> MadeKeyShape:
    return {**key_json(row), "key": key}


def key_use_json(use: ApiRequest) -> KeyUseShape:
    return {
        "at": as_moment(use.at),
        "method": use.method,
        "path": use.path,
        "status": use.status,
        "milliseconds": use.milliseconds,
        "ip": use.ip or None,
        "requestId": use.request_id or None,
    }


def workspace_json(workspace: Workspace) -> WorkspaceShape:
    return {
        "workspaceId": workspace.public_id,
        "name": workspace.name,
        "country": workspace.country,
        "timezone": workspace.timezone,
        "callsStoppedAt": iso(workspace.calls_stopped_at),
        "createdAt": as_moment(workspace.created_at),
    }


def audit_event_json(event: AuditEvent) -> AuditEventShape:
    return {
        "eventId": str(event.pk),
        "at": as_moment(event.at),
        "actor": _actor(event),
        "verb": event.verb,
        "objectType": event.object_type,
        "objectId": event.object_id,
        "data": event.data,
    }


def _actor(event: AuditEvent) -> AuditActorShape:
    if event.user:
        return {"type": "user", "id": str(event.user.pk), "name": str(event.user)}
    if event.api_key:
        return {"type": "apiKey", "id": event.api_key.public_id, "name": event.api_key.name}
    return {"type": "system", "id": None, "name": "LeadSail"}


def member_json(member: Membership) -> MemberShape:
    """The id is the person's: the audit trail names them by it too."""
    login = member.user.last_login
    return {
        "memberId": str(member.user_id),
        "name": member.user.get_full_name() or None,
        "email": member.user.email,
        "role": cast(RoleName, member.role),
        "lastLoginAt": iso(clock.business_time(login)) if login else None,
        "createdAt": as_moment(member.created_at),
    }


def invitation_json(invitation: Invitation) -> InvitationShape:
    return {
        "invitationId": str(invitation.pk),
        "email": invitation.email,
        "role": cast(RoleName, invitation.role),
        "invitedBy": str(invitation.invited_by) if invitation.invited_by else None,
        "createdAt": as_moment(invitation.created_at),
        "expiresAt": as_moment(clock.business_time(invitation.expires_at)),
    }


def sent_invitation_json(invitation: Invitation, token: str) -> SentInvitationShape:
    return {**invitation_json(invitation), "link": invitation_link(token)}
