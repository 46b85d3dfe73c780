from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import people
from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.forms.people import InviteForm, JoinForm, RoleForm
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.views.entrance import LOGIN_BACKEND
from common import clock
from common.errors import ProblemError
from common.forms import field_errors, wants_check
from common.notices import say
from common.once import redirect_once
from common.paging import page_of

MOST_INVITATIONS = 100


@dataclass(frozen=True)
class MemberRow:
    member: Membership
    last_login: datetime | None
    is_you: bool
    is_last_owner: bool


@role_required(Role.VIEWER)
@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    return _members(request)


def _members(request: HttpRequest, *, problem: str = "") -> HttpResponse:
    workspace = workspace_of(request)
    members = Membership.objects.filter(workspace=workspace).select_related("user")
    page = page_of(members, order=("id",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "rows": _member_rows(request, page.rows),
        "roles": Role.choices,
        "invitations": _open_invitations(request, workspace),
        "problem": problem,
        "next_url": page.next_url({}),
        "previous_url": page.previous_url({}),
    }
    return render(request, "accounts/members.html", context, status=422 if problem else 200)


def _member_rows(request: HttpRequest, members: list[Membership]) -> list[MemberRow]:
    owners = Membership.objects.filter(workspace=workspace_of(request), role=Role.OWNER).values_list("pk", flat=True)
    few = list(owners[:2])
    return [
        MemberRow(
            member=member,
            last_login=member.user.last_login and clock.business_time(member.user.last_login),
            is_you=member.user_id == request.user.pk,
            is_last_owner=few == [member.pk],
        )
        for member in members
    ]


def _open_invitations(request: HttpRequest, workspace: Workspace) -> list[Invitation]:
    if not membership_of(request).at_least(Role.OWNER):
        return []
    return list(people.open_invitations(workspace).order_by("-id")[:MOST_INVITATIONS])


def _member_of(request: HttpRequest, pk: int) -> Membership:
    members = Membership.objects.select_related("user", "workspace")
    return get_object_or_404(members, workspace=workspace_of(request), pk=pk)


@role_required(Role.OWNER)
@require_POST
def member_role(request: HttpRequest, pk: int) -> HttpResponse:
    member, form = _member_of(request, pk), RoleForm(request.POST)
    if not form.is_valid():
        return _members(request, problem="Choose one of the roles.")
    if member.role not in form.cleaned_data.values():
        now = member.get_role_display()
        return _members(request, problem=f"Somebody has made {member.user} {now} meanwhile. Nothing was changed.")
    try:
        people.change_role(member=member, role=form.cleaned_data["role"], by=actor_of(request))
    except ProblemError as problem:
        return _members(request, problem=problem.message)
    say(request, f"{member.user} is now {Role(form.cleaned_data['role']).label}.")
    return redirect("member_list")


@role_required(Role.VIEWER)
@require_POST
def member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Owners remove anybody, and everybody may leave."""
    try:
        return redirect_once(request, lambda: _remove(request, pk))
    except ProblemError as problem:
        return _members(request, problem=problem.message)


def _remove(request: HttpRequest, pk: int) -> str:
    member = _member_of(request, pk)
    is_you = member.user_id == request.user.pk
    if not (is_you or membership_of(request).at_least(Role.OWNER)):
        raise PermissionDenied("Only an owner removes members.")
    people.remove_member(member=member, by=actor_of(request))
    say(request, f"You have left {member.workspace}." if is_you else f"{member.user} was removed.")
    return reverse("home" if is_you else "member_list")


@role_required(Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def member_invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if wants_check(request):
        return field_errors(request, form)
    if form.is_valid():
        try:
            return _invite(request, form)
        except ProblemError as problem:
            form.add_error("email", problem.message)
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


def _invite(request: HttpRequest, form: InviteForm) -> HttpResponse:
    """The link stands in this answer and in the mail only; the mail is sent when the invitation is safe."""
    made: list[tuple[Invitation, str]] = []

    def act() -> str:
        made.append(people.invite(workspace=workspace_of(request), by=actor_of(request), **form.cleaned_data))
        return reverse("member_list")

    answer = redirect_once(request, act)
    if not made:
        messages.warning(request, "This invitation was sent already. Invite again for a new link.")
        return answer
    invitation, token = made[0]
    context = {
        "invitation": invitation,
        "link": people.invitation_link(token),
        "is_sent": people.send_invitation(invitation=invitation, token=token),
        "is_only_logged": people.is_mail_only_logged(),
        "days": people.VALID_FOR.days,
    }
    return render(request, "accounts/invited.html", context)


@role_required(Role.OWNER)
@require_POST
def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Invitation.objects.select_related("workspace")
    invitation = get_object_or_404(rows, workspace=workspace_of(request), pk=pk)
    if people.revoke_invitation(invitation=invitation, by=actor_of(request)):
        say(request, f"The invitation of {invitation.email} is revoked: its link is dead.")
    else:
        messages.warning(request, f"The invitation of {invitation.email} was accepted or revoked already.")
    return redirect("member_list")


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Public: whoever has the link was sent it. A link that does not work says the same whatever the reason."""
    invitation = people.find_invitation(token)
    if invitation is None:
        return _gone(request)
    if request.method == "POST":
        return _accept(request, invitation)
    if _is_seated(request.user, invitation):
        return _enter(request, invitation)
    return _invitation_page(request, invitation)


def _is_seated(user: Any, invitation: Invitation) -> bool:
    """Whose click came twice is where they wanted to be."""
    is_them = user.is_authenticated and user.email == invitation.email
    return is_them and Membership.objects.filter(workspace=invitation.workspace, user=user).exists()


def _enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session["workspace"] = invitation.workspace.public_id
    return redirect("home")


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/invitation_gone.html", status=404)


def _invitation_page(request: HttpRequest, invitation: Invitation, form: JoinForm | None = None) -> HttpResponse:
    if not Invitation.objects.open().filter(pk=invitation.pk).exists():
        return _gone(request)
    context = {
        "invitation": invitation,
        "is_theirs": request.user.is_authenticated and request.user.email == invitation.email,
        "has_account": User.objects.filter(email=invitation.email).exists(),
        "form": form or JoinForm(email=invitation.email),
    }
    status = 422 if form and form.errors else 200
    return render(request, "accounts/invitation.html", context, status=status)


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    try:
        if request.user.is_authenticated:
            people.accept_invitation(invitation=invitation, user=request.user)
            return _enter(request, invitation)
        form = JoinForm(request.POST, email=invitation.email)
        return _join(request, invitation, form) if form.is_valid() else _invitation_page(request, invitation, form)
    except ProblemError:
        # The page itself says what there is to do now: log in, switch, or ask for a new link.
        return redirect(request.path)


def _join(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    made: list[User] = []

    def act() -> str:
        made.append(people.accept_as_new_person(invitation=invitation, **form.cleaned_data))
        return reverse("home")

    answer = redirect_once(request, act)
    if made:
        login(request, made[0], backend=LOGIN_BACKEND)
        UserSession.objects.create_from_request(request)
        say(request, f"Welcome to {invitation.workspace}.")
        request.session["workspace"] = invitation.workspace.public_id
    return answer
