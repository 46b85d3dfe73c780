from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, OuterRef, QuerySet, When
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.actors import Actor
from accounts.models import ApiKey, Membership, OperatorSwitch, Role, User, Workspace
from accounts.unsent import discard_if_sent, log_in_first
from common import clock
from common.models import ProcessHeartbeat
from common.once import token_of

SILENT_AFTER = timedelta(seconds=10)
View = Callable[..., HttpResponseBase]


def find_membership(request: HttpRequest) -> Membership | None:
    """The chosen workspace if the person belongs to it, else their first one; asked once a request."""
    if not hasattr(request, "_membership"):
        # The page that says why nobody was found asks again.
        request._membership = None  # type: ignore[attr-defined]
        request._membership = _query_membership(request)  # type: ignore[attr-defined]
    found: Membership | None = request._membership  # type: ignore[attr-defined]
    return found


def _query_membership(request: HttpRequest) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    memberships = with_house_state(Membership.objects.filter(user=request.user).select_related("workspace"))
    token = token_of(request)
    if token and token.place and token.person == request.user.pk:
        return _where_the_form_was(request, memberships, token.place)
    chosen = Case(When(workspace__public_id=request.session.get("workspace", ""), then=0), default=1)
    return memberships.order_by(chosen, "id").first()


def _where_the_form_was(request: HttpRequest, memberships: QuerySet[Membership], place: str) -> Membership:
    """A form acts in the workspace it was opened in, whatever another tab has changed to since."""
    membership = memberships.filter(workspace__public_id=place).first()
    if membership is None:
        raise PermissionDenied("This form belongs to a workspace that you are no longer in. Nothing was changed.")
    if request.session.get("workspace") != place:
        request.session["workspace"] = place
    return membership


def with_house_state(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """What the frame of every page says about the house, asked along instead of one by one."""
    alive = ProcessHeartbeat.objects.filter(seen_at__gt=clock.real_now() - SILENT_AFTER)
    return memberships.annotate(
        operator_stopped=Exists(OperatorSwitch.objects.filter(calls_stopped_at__isnull=False)),
        dial_worker_lives=Exists(alive.filter(kind="dial")),
        default_worker_lives=Exists(alive.filter(kind="default")),
        scheduler_lives=Exists(alive.filter(kind="scheduler")),
        queue_is_down=Exists(alive.filter(queue_ok=False)),
        has_other_workspaces=Exists(
            Membership.objects.filter(user=OuterRef("user")).exclude(workspace=OuterRef("workspace"))
        ),
    )


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
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return log_in_first(request)
            if not membership_of(request).at_least(role):
                yours = membership_of(request).get_role_display()
                raise PermissionDenied(f"This needs the role {role.label}; yours is {yours}. Ask an owner.")
            discard_if_sent(request)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def key_of(workspace: Workspace, public_id: str) -> ApiKey:
    keys = ApiKey.objects.select_related("workspace", "created_by")
    return get_object_or_404(keys, workspace=workspace, public_id=public_id)
