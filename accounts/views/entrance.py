from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import unsent
from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.context import banners_shown
from accounts.forms.entrance import FirstRunForm
from accounts.models import Membership, Role, User
from accounts.services import create_first_owner, set_calls_stopped
from common.errors import ProblemError
from common.notices import say

LOGIN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LOGGED_OUT = "logged-out"


@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Only while nobody exists; the second click of a double click finds its owner and goes on."""
    if User.objects.exists():
        return redirect("home")
    form = FirstRunForm(request.POST or None)
    if form.is_valid():
        try:
            user = create_first_owner(**form.cleaned_data)
        except ProblemError as problem:
            form.add_error(None, problem.message)
        else:
            login(request, user, backend=LOGIN_BACKEND)
            UserSession.objects.create_from_request(request)
            return redirect("guide")
    return render(request, "accounts/first_run.html", {"form": form}, status=422 if form.errors else 200)


@role_required(Role.ADMIN)
@require_POST
def stop_calls(request: HttpRequest) -> HttpResponse:
    stopped = request.POST.get("stopped") == "1"
    set_calls_stopped(workspace=workspace_of(request), stopped=stopped, by=actor_of(request))
    if not stopped:
        messages.success(request, "Calls are allowed again.")
    back = request.POST.get("next", "")
    is_own = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if is_own else "home")


@require_safe
def banners(request: HttpRequest) -> HttpResponse:
    """Asked by open pages: a stop or an outage must not wait for the next click.

    A page whose session has ended is told so and stays: a form on it may be half written.
    """
    is_known = request.user.is_authenticated
    state = banners_shown(membership_of(request)) if is_known else LOGGED_OUT
    if request.GET.get("shown") == state:
        return HttpResponse(status=204)
    return render(request, "parts/_banners.html", {"banners_shown": state, "is_logged_out": not is_known})


@role_required(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def workspace_switch(request: HttpRequest) -> HttpResponse:
    memberships = Membership.objects.filter(user=actor_of(request).user).select_related("workspace").order_by("id")
    if request.method == "POST":
        chosen = get_object_or_404(memberships, workspace__public_id=request.POST.get("workspace", ""))
        request.session["workspace"] = chosen.workspace.public_id
        say(request, f"You work in {chosen.workspace.name} now.")
        return redirect("home")
    return render(request, "accounts/workspaces.html", {"memberships": memberships})


@role_required(Role.VIEWER)
@require_safe
def unsent_form(request: HttpRequest) -> HttpResponse:
    """What was typed when the session had ended: shown to the same person after the login, sent only by a click."""
    form = unsent.find(request)
    return render(request, "accounts/unsent.html", {"form": form}) if form else redirect("home")


@role_required(Role.VIEWER)
@require_POST
def discard_unsent(request: HttpRequest) -> HttpResponse:
    unsent.discard(request)
    say(request, "It was thrown away.")
    return redirect("home")


def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose token is no longer valid: it loses nothing of what was typed."""
    sender = unsent.sender(request)
    if sender and not request.user.is_authenticated:
        return unsent.log_in_first(request)
    if sender and sender == request.user.pk:
        return render(request, "accounts/unsent.html", {"form": unsent.of_request(request)}, status=403)
    return render(request, "403_csrf.html", status=403)
