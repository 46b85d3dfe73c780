"""A person, or a program for one, says whether a lead may go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.services import record
from campaigns.models import Campaign
from common import clock
from common.errors import ProblemError
from common.shapes import as_moment
from leads.events import tell_changed
from leads.models import Approval, Lead, LeadStatus
from leads.services import set_statuses
from leads.signals import leads_approved

# Whoever is more urgent is shown first.
REVIEW_RANKS: dict[str, int] = {Campaign.Priority.HIGH: 0, Campaign.Priority.NORMAL: 1, Campaign.Priority.LOW: 2}
DECISIONS = (Approval.APPROVED, Approval.REJECTED)
RESET = "The decision was taken back"
APPROVED = "Approved"


class DecidedMeanwhileError(ProblemError):
    status = 409


def decide(*, lead: Lead, status: str, by: Actor, reason: str = "", detail: str = "") -> bool:
    """`pending` takes a decision back; False when it waits already. A lead that said no stays `dnc`."""
    return bool(decide_all([lead], status=status, by=by, reason=reason, detail=detail))


@transaction.atomic
def decide_all(leads: Sequence[Lead], *, status: str, by: Actor, reason: str = "", detail: str = "") -> list[Lead]:
    """The same for all of them or for none; those that have changed."""
    wanted = Approval(status)
    changing = [lead for lead in leads if not lead.approval_status == wanted == Approval.PENDING]
    before = {lead.pk: lead.approval_status for lead in changing}
    for lead in changing:
        _decide(lead, wanted, reason, by)
    # By now the rows are ours, and nobody else moves their statuses any more.
    statuses = dict(Lead.objects.filter(pk__in=before).values_list("pk", "status"))
    for lead in changing:
        lead.status = statuses[lead.pk]
    moved = _move_statuses(changing, before, wanted, reason, by=by, detail=detail)
    tell_changed([lead for lead in changing if lead not in moved])
    if moved and wanted == Approval.APPROVED:
        leads_approved.send(Lead, leads=moved, by=by)
    return changing


def _decide(lead: Lead, wanted: Approval, reason: str, by: Actor) -> None:
    before = lead.approval_status
    if before not in (DECISIONS if wanted == Approval.PENDING else (Approval.PENDING,)):
        raise ProblemError("NO_PENDING_APPROVAL", _refusal(before))
    approval = _approval(lead, wanted, reason, by)
    # Of two who decide at once, one finds the row as they have read it.
    rows = Lead.objects.filter(pk=lead.pk, approval_status=before)
    if not rows.update(approval_status=wanted, approval=approval, updated_at=clock.now()):
        message = "Somebody else has decided at the same moment: read the lead again."
        raise DecidedMeanwhileError("CONFLICT", message)
    lead.approval_status, lead.approval = wanted, approval
    data = {"before": before, "after": wanted, "reason": reason}
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.approval",
        object_type="lead",
        object_id=lead.public_id,
        data=data,
    )


@transaction.atomic
def ask_approval(
    *, lead: Lead, by: Actor, reason: str = "", detail: str = "", priority: str = Campaign.Priority.NORMAL
) -> bool:
    """From now on the lead waits for a decision; False when it does already."""
    if lead.approval_status:
        return decide(lead=lead, status=Approval.PENDING, by=by, reason=reason, detail=detail)
    lead.approval = {"priority": priority, "askedAt": as_moment(clock.now()), "askedReason": reason or None}
    lead.approval_status, lead.approval = Approval.PENDING, _approval(lead, Approval.PENDING, reason, by)
    lead.review_rank, lead.updated_at = REVIEW_RANKS[priority], clock.now()
    lead.save(update_fields=["approval_status", "approval", "review_rank", "updated_at"])
    data = {"before": "", "after": Approval.PENDING, "reason": reason}
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.approval",
        object_type="lead",
        object_id=lead.public_id,
        data=data,
    )
    tell_changed([lead])
    return True


def _refusal(before: str) -> str:
    if before in DECISIONS:
        return f"This lead is {before} already: set the approval back to pending first."
    return "No approval is asked of this lead: ask for one first, with `approval` in PATCH /leads/{leadId}."


def _approval(lead: Lead, wanted: str, reason: str, by: Actor) -> dict[str, Any]:
    """What was said when it was asked stays beside every decision."""
    decided, asked = wanted in DECISIONS, lead.approval
    return {
        "campaignId": asked.get("campaignId") or lead.campaign.code,
        "priority": asked.get("priority") or Campaign.Priority.NORMAL,
        "askedAt": asked.get("askedAt"),
        "askedReason": asked.get("askedReason"),
        "decidedBy": str(by) if decided else None,
        "decidedAt": as_moment(clock.now()) if decided else None,
        "reason": reason or (None if decided else asked.get("askedReason")),
    }


def _move_statuses(
    leads: Sequence[Lead], before: Mapping[int, str], wanted: str, reason: str, *, by: Actor, detail: str
) -> list[Lead]:
    if wanted == Approval.APPROVED:
        status, why = LeadStatus.NEW, reason[:200] or APPROVED
        moving = [lead for lead in leads if lead.status == LeadStatus.PENDING_ACTION]
    elif wanted == Approval.REJECTED:
        status, why = LeadStatus.REJECTED, reason[:200]
        moving = [lead for lead in leads if lead.status != LeadStatus.DNC]
    else:
        status, why = LeadStatus.PENDING_ACTION, RESET
        moving = [lead for lead in leads if _waits_again(lead, before[lead.pk])]
    return set_statuses(moving, status=status, by=by, reason=why, detail=detail)


def _waits_again(lead: Lead, before: str) -> bool:
    """Not one that has gone on since, by a call or by somebody's word."""
    if before == Approval.REJECTED:
        return lead.status == LeadStatus.REJECTED
    change = lead.status_changes.order_by("-id").values_list("before", "after").first()
    return lead.status == LeadStatus.NEW and change == (LeadStatus.PENDING_ACTION, LeadStatus.NEW)
