"""POST /leads/{leadId}/approve: a pending approval is decided once, and may be taken back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from campaigns.models import Campaign
from common.errors import ProblemError
from leads.access import lead_of
from leads.approval import decide
from leads.models import Approval, Lead, LeadStatus
from tests import world
from tests.travel import Clock


@pytest.fixture
def waiting(lead: Lead) -> Lead:
    lead.approval_status, lead.status = Approval.PENDING, LeadStatus.PENDING_ACTION
    lead.save()
    return lead


def approve(api: Client, lead: Lead, **body: Any) -> Any:
    return api.post(f"/api/v1/leads/{lead.public_id}/approve", body, content_type="application/json")


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def test_an_approval_is_kept_with_who_when_and_why(api: Client, waiting: Lead, clock: Clock) -> None:
    clock.at("2026-03-01T12:00:00+00:00")
    answer = approve(api, waiting, status="approved", reason="Complete")
    assert answer.json()["data"] == {
        "leadId": waiting.public_id,
        "approval": {
            "status": "approved",
            "campaignId": waiting.campaign.code,
            "priority": "normal",
            "askedAt": None,
            "decidedAt": "2026-03-01T12:00:00.000Z",
            "decidedBy": "API key test",
            "reason": "Complete",
        },
    }
    waiting.refresh_from_db()
    assert (waiting.approval_status, waiting.status) == ("approved", LeadStatus.NEW)
    event = AuditEvent.objects.get(object_id=waiting.public_id)
    assert (event.verb, event.data) == (
        "lead.approval",
        {"before": "pending", "after": "approved", "reason": "Complete"},
    )


def test_a_rejection_rejects_the_lead(api: Client, waiting: Lead) -> None:
    approve(api, waiting, status="rejected", reason="No consent")
    waiting.refresh_from_db()
    assert waiting.status == LeadStatus.REJECTED
    assert waiting.status_changes.get().reason == "No consent"


def test_a_lead_that_said_no_stays_so_when_it_is_rejected(api: Client, waiting: Lead) -> None:
    Lead.objects.filter(pk=waiting.pk).update(status=LeadStatus.DNC)
    assert approve(api, waiting, status="rejected").status_code == 200
    waiting.refresh_from_db()
    assert waiting.status == LeadStatus.DNC


def test_pending_takes_a_rejection_back(api: Client, waiting: Lead) -> None:
    approve(api, waiting, status="rejected", reason="No consent")
    approval = approve(api, waiting, status="pending").json()["data"]["approval"]
    assert (approval["status"], approval["decidedBy"], approval["decidedAt"]) == ("pending", None, None)
    waiting.refresh_from_db()
    assert (waiting.approval_status, waiting.status) == ("pending", LeadStatus.PENDING_ACTION)


def test_pending_takes_an_approval_back_and_leaves_the_status(api: Client, waiting: Lead) -> None:
    approve(api, waiting, status="approved")
    Lead.objects.filter(pk=waiting.pk).update(status=LeadStatus.CONTACTED)
    approve(api, waiting, status="pending")
    waiting.refresh_from_db()
    assert (waiting.approval_status, waiting.status) == ("pending", LeadStatus.CONTACTED)


def test_pending_where_it_waits_already_changes_nothing(api: Client, waiting: Lead) -> None:
    assert approve(api, waiting, status="pending").status_code == 200
    assert not AuditEvent.objects.filter(object_id=waiting.public_id).exists()


@pytest.mark.parametrize("status", ["approved", "rejected", "pending"])
def test_a_lead_of_which_no_approval_is_asked_is_refused(api: Client, lead: Lead, status: str) -> None:
    answer = approve(api, lead, status=status)
    assert (answer.status_code, code(answer)) == (400, "NO_PENDING_APPROVAL")
    lead.refresh_from_db()
    assert (lead.approval_status, lead.status) == ("", LeadStatus.NEW)


def test_a_decision_is_not_decided_again(api: Client, waiting: Lead) -> None:
    approve(api, waiting, status="approved")
    answer = approve(api, waiting, status="rejected")
    assert (answer.status_code, code(answer)) == (400, "NO_PENDING_APPROVAL")
    assert "This lead is approved already" in answer.json()["error"]["message"]


def test_who_decides_by_what_they_read_before_another_decided_is_refused(waiting: Lead) -> None:
    mine, theirs = (lead_of(waiting.workspace, waiting.public_id) for _ in range(2))
    decide(lead=theirs, status="approved", by=SYSTEM)
    with pytest.raises(ProblemError) as refused:
        decide(lead=mine, status="rejected", by=SYSTEM)
    assert (refused.value.status, refused.value.code) == (409, "CONFLICT")
    waiting.refresh_from_db()
    assert (waiting.approval_status, waiting.status) == ("approved", LeadStatus.NEW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins() -> None:
    campaign = world.make_calling_workspace("Harbour")
    lead = world.make_lead(campaign, approval_status=Approval.PENDING)
    client, start = Client(headers={"X-API-Key": world.make_key(campaign.workspace)}), threading.Barrier(2)
    statuses: list[int] = []

    def send(status: str) -> None:
        try:
            start.wait()
            statuses.append(approve(client, lead, status=status).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[status]) for status in ("approved", "rejected")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(200) == 1
    lead.refresh_from_db()
    assert (lead.status == LeadStatus.REJECTED) == (lead.approval_status == Approval.REJECTED)


@pytest.mark.parametrize("body", [{}, {"status": "maybe"}, {"status": "approved", "reason": "x" * 501}, {"state": "x"}])
def test_what_cannot_be_right_is_refused(api: Client, waiting: Lead, body: dict[str, Any]) -> None:
    assert code(approve(api, waiting, **body)) == "VALIDATION_ERROR"


def test_another_workspaces_lead_is_not_found(api: Client, elsewhere: Campaign) -> None:
    theirs = world.make_lead(elsewhere, approval_status=Approval.PENDING)
    assert approve(api, theirs, status="approved").status_code == 404


def test_a_key_that_may_only_read_is_refused(waiting: Lead) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(waiting.workspace, ("leads:read",))})
    assert approve(reader, waiting, status="approved").status_code == 403
