from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.access import find_membership
from accounts.models import OperatorSwitch


def workspace(request: HttpRequest) -> dict[str, Any]:
    membership = find_membership(request) if hasattr(request, "user") else None
    if not membership:
        return {}
    return {
        "membership": membership,
        "workspace": membership.workspace,
        "operator_stopped": OperatorSwitch.objects.filter(calls_stopped_at__isnull=False).exists(),
        "sandbox_url": settings.SANDBOX_URL,
    }
