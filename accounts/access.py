from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.actors import Actor
from accounts.models import Membership, Role, User, Workspace

View = Callable[..., HttpResponse]


def find_membership(request: HttpRequest) -> Membership | None:
    """The chosen workspace if the person belongs to it, else their first one; asked once a request."""
    if not hasattr(request, "_membership"):
        request._membership = _query_membership(request)  # type: ignore[attr-defined]
    found: Membership | None = request._membership  # type: ignore[attr-defined]
    return found


def _query_membership(request: HttpRequest) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    memberships = Membership.objects.filter(user=request.user).select_related("workspace").order_by("id")
    chosen = request.session.get("workspace")
    return (memberships.filter(workspace__public_id=chosen).first() if chosen else None) or memberships.first()


def membership_of(request: HttpRequest) -> Membership:
    membership = find_membership(request)
    if membership is None:
        raise PermissionDenied("You are not a member of any workspace: ask the operator to add you to one.")
    return membership


def workspace_of(request: HttpRequest) -> Workspace:
    return membership_of(request).workspace


def actor_of(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return Actor(user=request.user)


def role_required(role: Role) -> Callable[[View], View]:
    """Logged in, in a workspace, and of at least this role there."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not membership_of(request).at_least(role):
                raise PermissionDenied(f"This needs the role {role.label}; yours is {membership_of(request).role}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
