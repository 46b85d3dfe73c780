"""The one lead who may be called right now: chosen anew at every start, by the product's own gate."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q

from accounts.models import Workspace
from calls.services import preflight
from campaigns.models import Campaign
from leads.models import Lead, LeadStatus, Tag
from leadsail.demo.data.magic import READY_ENDING

TAG = "call me first"
TRIES = 40


def point(workspace: Workspace) -> Lead | None:
    lead = next((lead for lead in _candidates(workspace) if preflight(lead=lead).verdict.allowed), None)
    _move_tag(workspace, lead)
    return lead


def _candidates(workspace: Workspace) -> Iterator[Lead]:
    """First those who end well and are new, then those who were called already, then anybody new."""
    active = Q(workspace=workspace, is_test=False, campaign__status=Campaign.Status.ACTIVE) & ~Q(phone="")
    rows = Lead.objects.filter(active).order_by("pk")
    well, new = Q(phone__endswith=READY_ENDING), Q(status=LeadStatus.NEW)
    for group in (well & new, well & ~new, ~well & new):
        yield from rows.filter(group)[:TRIES]


@transaction.atomic
def _move_tag(workspace: Workspace, lead: Lead | None) -> None:
    tag, _ = Tag.objects.get_or_create(workspace=workspace, name=TAG)
    tag.leads.set([lead] if lead else [])
