"""Leads that wait for somebody's decision: who of them, in which order, and what is to be known of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Workspace
from campaigns.models import Campaign
from leads.approval import REVIEW_RANKS
from leads.models import Approval, Lead

PAGE = 50
MOST_COUNTED = 1_000
Priority = Campaign.Priority


@dataclass(frozen=True)
class Review:
    """What a page says of a lead's approval."""

    lead: Lead

    @property
    def is_pending(self) -> bool:
        return self.lead.approval_status == Approval.PENDING

    @property
    def priority(self) -> str:
        return str(self._said.get("priority") or Priority.NORMAL)

    @property
    def priority_label(self) -> str:
        return str(Priority(self.priority).label)

    @property
    def why(self) -> str:
        return self._said.get("askedReason") or (self.is_pending and self._said.get("reason")) or ""

    @property
    def since(self) -> datetime | None:
        return _moment(self._said.get("askedAt"))

    @property
    def decided_at(self) -> datetime | None:
        return _moment(self._said.get("decidedAt"))

    @property
    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = self.lead.approval
        return said


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def review_of(lead: Lead) -> Review | None:
    return Review(lead) if lead.approval_status else None


def waiting(workspace: Workspace) -> QuerySet[Lead]:
    return Lead.objects.filter(workspace=workspace, approval_status=Approval.PENDING)


def count_waiting(workspace: Workspace) -> int:
    """Up to a limit: a number of all would cost more than it says."""
    return waiting(workspace).values("pk")[:MOST_COUNTED].count()


@dataclass(frozen=True)
class ReviewPage:
    leads: list[Lead]
    after: str = ""
    """Where the next page begins; empty at the end."""


def review_page(workspace: Workspace, *, after: str = "", size: int = PAGE) -> ReviewPage:
    """The most urgent first, of each priority the oldest. Who is decided leaves it, the others keep their order."""
    rank, last = _read(after)
    rows = waiting(workspace).filter(Q(review_rank=rank, pk__gt=last) | Q(review_rank__gt=rank), review_rank__gte=rank)
    related = rows.select_related("workspace", "campaign").prefetch_related("phones")
    found = list(related.order_by("review_rank", "id")[: size + 1])
    leads, more = found[:size], len(found) > size
    return ReviewPage(leads, f"{leads[-1].review_rank}.{leads[-1].pk}" if more else "")


def _read(after: str) -> tuple[int, int]:
    """What we did not write is the first page."""
    rank, _, pk = after.partition(".")
    is_ours = rank.isascii() and rank.isdigit() and pk.isascii() and pk.isdigit() and len(rank) == 1 and len(pk) < 19
    return (int(rank), int(pk)) if is_ours and int(rank) in REVIEW_RANKS.values() else (0, 0)
