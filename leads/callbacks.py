from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Workspace
from common import clock
from leads.models import Lead, LeadStatus


def callbacks_due(workspace: Workspace) -> QuerySet[Lead]:
    """Leads who asked to be called back at a time that has come."""
    waiting = Lead.objects.filter(workspace=workspace, status=LeadStatus.SCHEDULED_CALLBACK)
    return waiting.filter(callback_at__lte=clock.now())
