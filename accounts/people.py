"""Who belongs to a workspace: invitations, roles, and that an owner always remains."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.services import record
from common import clock
from common.errors import ProblemError

log = structlog.get_logger()
VALID_FOR = timedelta(days=7)
MAIL_TIMEOUT_SECONDS = 10
# Who invites where a key did: keys are made by owners.
NO_PERSON = "An owner"
GONE = "This invitation is no longer open: ask whoever invited you for a new one."


def one_line(name: str) -> str:
    """A line break in a name would write a paragraph of its own into the mails that say it."""
    return " ".join(name.split())


def digest_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_invitations(workspace: Workspace) -> QuerySet[Invitation]:
    return Invitation.objects.open().filter(workspace=workspace).select_related("invited_by")


def find_invitation(token: str) -> Invitation | None:
    found = Invitation.objects.select_related("workspace", "invited_by").filter(digest=digest_token(token))
    return found.first()


def invitation_link(token: str) -> str:
    """On the public address, because other people open it elsewhere."""
    return f"{settings.PUBLIC_URL}{reverse('invitation_accept', args=[token])}"


@transaction.atomic
def invite(*, workspace: Workspace, email: str, role: str, by: Actor) -> tuple[Invitation, str]:
    """The invitation and its link's token, which is kept nowhere. Inviting again renews: the earlier link is dead."""
    email = email.strip().lower()
    if Membership.objects.filter(workspace=workspace, user__email=email).exists():
        raise ProblemError("ALREADY_MEMBER", f"{email} is a member already: change the role in the list of members.")
    token = secrets.token_urlsafe(32)
    renewed = {
        "role": Role(role),
        "digest": digest_token(token),
        "invited_by": by.user,
        "api_key": by.api_key,
        "created_at": clock.now(),
        "expires_at": clock.real_now() + VALID_FOR,
    }
    row, _ = Invitation.objects.update_or_create(
        workspace=workspace, email=email, accepted_at=None, revoked_at=None, defaults=renewed
    )
    _record_invitation(row, by=by, verb="invitation.sent")
    return row, token


def is_mail_only_logged() -> bool:
    """Without a mail server (the default), mail is written where the web process writes its log."""
    return bool(settings.EMAIL_BACKEND.endswith(".console.EmailBackend"))


def send_invitation(*, invitation: Invitation, token: str) -> bool:
    """False when the mail server did not take it: the link can still be handed over. Never inside a transaction."""
    words = {
        "invitation": invitation,
        "inviter": one_line(str(invitation.invited_by or NO_PERSON)),
        "workspace": one_line(invitation.workspace.name),
        "link": invitation_link(token),
        "days": VALID_FOR.days,
    }
    subject = one_line(render_to_string("emails/invitation_subject.txt", words))
    try:
        connection = get_connection(timeout=MAIL_TIMEOUT_SECONDS)
        body = render_to_string("emails/invitation.txt", words)
        return bool(EmailMessage(subject, body, to=[invitation.email], connection=connection).send())
    except (OSError, ValueError) as error:
        # Every error of smtplib is an OSError; an address that cannot be written in a header is a ValueError.
        log.warning("invitation_not_sent", invitation=invitation.pk, error=str(error))
        return False


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Actor) -> bool:
    revoked = _waiting(invitation.workspace, pk=invitation.pk).update(revoked_at=clock.now()) == 1
    if revoked:
        _record_invitation(invitation, by=by, verb="invitation.revoked")
    return revoked


def _waiting(workspace: Workspace, **which: Any) -> QuerySet[Invitation]:
    """Those whose time is over too: inviting again renews them."""
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None, **which)


def revoke_all(invitations: QuerySet[Invitation], *, by: Actor) -> None:
    for row in invitations.select_related("workspace"):
        revoke_invitation(invitation=row, by=by)


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User) -> Membership:
    """Whoever is a member already stays what they are, so that a second click succeeds too; their seat is taken."""
    if user.email != invitation.email:
        raise ProblemError("OTHER_PERSON", f"This invitation is for {invitation.email}.")
    member = Membership.objects.filter(workspace=invitation.workspace, user=user).first()
    if member is None:
        return _join(invitation, user)
    if _waiting(invitation.workspace, email=user.email).update(accepted_at=clock.now()):
        _record_invitation(invitation, by=Actor(user=user), verb="invitation.accepted")
    return member


@transaction.atomic
def accept_as_new_person(*, invitation: Invitation, name: str, password: str) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, first_name=name)
    except IntegrityError:
        raise ProblemError("ACCOUNT_EXISTS", "There is an account with this e-mail: log in to accept.") from None
    _join(invitation, user)
    return user


def _join(invitation: Invitation, user: User) -> Membership:
    # Compare-and-swap: an invitation seats one person, once.
    if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=clock.now()):
        raise ProblemError("INVITATION_GONE", GONE)
    member = Membership.objects.create(workspace=invitation.workspace, user=user, role=invitation.role)
    _record_member(member, by=Actor(user=user), verb="member.joined", role=member.role)
    return member


@transaction.atomic
def add_member(*, workspace: Workspace, user: User, role: str, by: Actor) -> Membership:
    """The operator's way; an invitation that waits for them would only outlive the seat."""
    member, created = Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": Role(role)})
    revoke_all(_waiting(workspace, email=user.email), by=by)
    if created:
        _record_member(member, by=by, verb="member.added", role=member.role)
    return member


@transaction.atomic
def change_role(*, member: Membership, role: str, by: Actor) -> bool:
    """False when it is the role already. Only an owner's invitations stand."""
    stored = _lock(member)
    if stored.role == role:
        return False
    _keep_an_owner(stored)
    Membership.objects.filter(pk=stored.pk).update(role=Role(role))
    if role != Role.OWNER:
        revoke_all(_waiting(stored.workspace, invited_by=stored.user), by=by)
    _record_member(stored, by=by, verb="member.role_changed", before=stored.role, after=role)
    return True


@transaction.atomic
def remove_member(*, member: Membership, by: Actor) -> None:
    """What they owned, wrote and called stays theirs by name; no invitation brings them or their guests back."""
    stored = _lock(member)
    _keep_an_owner(stored)
    revoke_all(_waiting(stored.workspace, email=stored.user.email), by=by)
    revoke_all(_waiting(stored.workspace, invited_by=stored.user), by=by)
    _record_member(stored, by=by, verb="member.removed", role=stored.role)
    stored.delete()


@transaction.atomic
def delete_person(*, user: User, by: Actor) -> None:
    for member in user.memberships.select_related("workspace", "user").order_by("workspace_id"):
        remove_member(member=member, by=by)
    user.delete()


def _lock(member: Membership) -> Membership:
    """One change of people at a time in a workspace: two owners who demote each other must not leave none."""
    Workspace.objects.select_for_update(no_key=True).get(pk=member.workspace_id)
    stored = Membership.objects.select_related("workspace", "user").filter(pk=member.pk).first()
    if stored is None:
        raise ProblemError("NO_MEMBER", f"{member.user} is not a member any more.")
    return stored


def _keep_an_owner(member: Membership) -> None:
    if is_last_owner(member):
        message = f"{member.user} is the only owner: make somebody else an owner first."
        raise ProblemError("LAST_OWNER", message)


def is_last_owner(member: Membership, *, leaving: Iterable[Membership] = ()) -> bool:
    """Also when all that are `leaving` go with them. Who cannot log in owns nothing that others could ask for."""
    gone = {member.pk, *(row.pk for row in leaving)}
    owners = Membership.objects.filter(workspace=member.workspace_id, role=Role.OWNER, user__is_active=True)
    return member.role == Role.OWNER and not owners.exclude(pk__in=gone).exists()


def sole_ownerships(users: Iterable[User]) -> list[Membership]:
    """The seats of workspaces that would have no owner if all of them went."""
    owned = Membership.objects.filter(user__in=users, role=Role.OWNER)
    rows = list(owned.select_related("user", "workspace").order_by("id"))
    return [row for row in rows if is_last_owner(row, leaving=rows)]


def _record_member(member: Membership, *, by: Actor, verb: str, **data: Any) -> None:
    data = {"email": member.user.email, **data}
    record(workspace=member.workspace, by=by, verb=verb, object_type="member", object_id=str(member.user_id), data=data)


def _record_invitation(row: Invitation, *, by: Actor, verb: str) -> None:
    data = {"email": row.email, "role": row.role}
    record(workspace=row.workspace, by=by, verb=verb, object_type="invitation", object_id=str(row.pk), data=data)
