from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import role_required
from accounts.models import Role


@role_required(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect("lead_list")
