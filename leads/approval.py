"""A person, or a program for one, says whether a lead may go on."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.services import record
from common import clock
from common.errors import ProblemError
from common.shapes import as_moment
from leads.models import Approval, Lead, LeadStatus
from leads.services import set_status

DECISIONS = (Approval.APPROVED, Approval.REJECTED)
RESET = "The decision was taken back"


class DecidedMeanwhileError(ProblemError):
    status = 409


@transaction.atomic
def decide(*, lead: Lead, status: str, by: Actor, reason: str = "", detail: str = "") -> bool:
    """`pending` takes a decision back; False when it waits already. A lead that said no stays `dnc`."""
    before, wanted = lead.approval_status, Approval(status)
    if before == wanted == Approval.PENDING:
        return False
    if before not in (DECISIONS if wanted == Approval.PENDING else (Approval.PENDING,)):
        raise ProblemError("NO_PENDING_APPROVAL", _refusal(before))
    approval = _approval(lead, wanted, reason, by)
    # Of two who decide at once, one finds the row as they have read it.
    rows = Lead.objects.filter(pk=lead.pk, approval_status=before)
    if not rows.update(approval_status=wanted, approval=approval, updated_at=clock.now()):
        message = "Somebody else has decided at the same moment: read the lead again."
        raise DecidedMeanwhileError("CONFLICT", message)
    lead.approval_status, lead.approval = wanted, approval
    _move_status(lead, wanted, reason, by=by, detail=detail)
    data = {"before": before, "after": wanted, "reason": reason}
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.approval",
        object_type="lead",
        object_id=lead.public_id,
        data=data,
    )
    return True


@transaction.atomic
def ask_approval(*, lead: Lead, by: Actor, reason: str = "", detail: str = "") -> bool:
    """From now on the lead waits for a decision; False when it does already."""
    if lead.approval_status:
        return decide(lead=lead, status=Approval.PENDING, by=by, reason=reason, detail=detail)
    lead.approval_status, lead.approval = Approval.PENDING, _approval(lead, Approval.PENDING, reason, by)
    lead.updated_at = clock.now()
    lead.save(update_fields=["approval_status", "approval", "updated_at"])
    data = {"before": "", "after": Approval.PENDING, "reason": reason}
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.approval",
        object_type="lead",
        object_id=lead.public_id,
        data=data,
    )
    return True


def _refusal(before: str) -> str:
    if before in DECISIONS:
        return f"This lead is {before} already: set the approval back to pending first."
    return "No approval is asked of this lead: ask for one first, with `approval` in PATCH /leads/{leadId}."


def _approval(lead: Lead, wanted: str, reason: str, by: Actor) -> dict[str, Any]:
    decided = wanted in DECISIONS
    return {
        "campaignId": lead.approval.get("campaignId") or lead.campaign.code,
        "decidedBy": str(by) if decided else None,
        "decidedAt": as_moment(clock.now()) if decided else None,
        "reason": reason or None,
    }


def _move_status(lead: Lead, wanted: str, reason: str, *, by: Actor, detail: str) -> None:
    if wanted == Approval.REJECTED and lead.status != LeadStatus.DNC:
        set_status(lead=lead, status=LeadStatus.REJECTED, by=by, reason=reason[:200], detail=detail)
    elif wanted == Approval.PENDING and lead.status == LeadStatus.REJECTED:
        set_status(lead=lead, status=LeadStatus.PENDING_ACTION, by=by, reason=RESET, detail=detail)
