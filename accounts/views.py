from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.forms import FirstRunForm
from accounts.models import Role, User
from accounts.services import create_first_owner, set_calls_stopped
from common.errors import ProblemError

LOGIN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated and not User.objects.exists():
        return redirect("first_run")
    return redirect("lead_list")


@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Only while nobody exists: afterwards this page is as unknown as any other address."""
    if User.objects.exists():
        raise Http404("This installation already has an owner.")
    form = FirstRunForm(request.POST or None)
    if form.is_valid():
        try:
            user = create_first_owner(**form.cleaned_data)
        except ProblemError as problem:
            form.add_error(None, problem.message)
        else:
            login(request, user, backend=LOGIN_BACKEND)
            return redirect("lead_list")
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
    return redirect(back if is_own else "lead_list")
