from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Workspace
from common import clock
from leads.models import Lead, LeadStatus


def callbacks_due(workspace: Workspace) -> QuerySet[Lead]:
    """Leads who asked to be called back at a time that has come, each with that time as `callback_at`."""
    calls = Lead._meta.get_field("interactions").related_model
    wanted = calls._default_manager.filter(lead=OuterRef("pk"), callback_at__isnull=False).order_by("-id")
    leads = Lead.objects.filter(workspace=workspace, status=LeadStatus.SCHEDULED_CALLBACK)
    return leads.annotate(callback_at=Subquery(wanted.values("callback_at")[:1])).filter(callback_at__lte=clock.now())
