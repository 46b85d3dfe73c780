"""Which leads the API lists, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Membership, User, Workspace
from campaigns.models import Campaign
from common.errors import NotFoundError
from leads.models import Lead
from leads.search import LeadFilter

NEWEST, NEWEST_BY_DAY = ("-id",), ("-created_at", "-id")
WITHOUT_OWNER = "none"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is empty narrows nothing."""

    campaigns: Sequence[str] = ()
    clients: Sequence[str] = ()
    offers: Sequence[str] = ()
    statuses: Sequence[str] = ()
    text: str = ""
    owner: str = ""
    tag: str = ""
    outcome: str = ""
    do_not_call: bool | None = None
    callback_due: bool | None = None
    is_test: bool | None = None
    approval: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """Between two dates in the order of the index that knows them."""
        return NEWEST_BY_DAY if self.since or self.until else NEWEST

    def leads(self, workspace: Workspace) -> QuerySet[Lead]:
        leads = self._filter(workspace).apply(workspace)
        if self.campaigns or self.clients or self.offers:
            leads = leads.filter(campaign__in=self._campaigns(workspace))
        if self.statuses:
            leads = leads.filter(status__in=self.statuses)
        if self.since:
            leads = leads.filter(created_at__gte=self.since)
        return leads.filter(created_at__lte=self.until) if self.until else leads

    def _filter(self, workspace: Workspace) -> LeadFilter:
        """As the page narrows its list."""
        without_owner = self.owner == WITHOUT_OWNER
        return LeadFilter(
            text=self.text,
            owner=_member(workspace, self.owner) if self.owner and not without_owner else None,
            without_owner=without_owner,
            tag=self.tag,
            outcome=self.outcome,
            do_not_call=self.do_not_call,
            is_test=self.is_test,
            callback_due=self.callback_due,
            approval=self.approval,
        )

    def _campaigns(self, workspace: Workspace) -> list[int]:
        wanted = Q()
        if self.campaigns:
            wanted &= Q(code__in=_known_codes(workspace, self.campaigns))
        if self.clients:
            wanted &= Q(client_id__in=self.clients)
        if self.offers:
            wanted &= Q(offer_id__in=self.offers)
        return list(Campaign.objects.filter(wanted, workspace=workspace).values_list("pk", flat=True))


def _member(workspace: Workspace, email: str) -> User:
    members = Membership.objects.filter(workspace=workspace, user__email__iexact=email).select_related("user")
    found = members.first()
    if found is None:
        raise NotFoundError(f"{email} is not a member of this workspace.")
    return found.user


def _known_codes(workspace: Workspace, codes: Sequence[str]) -> set[str]:
    wanted = {code.upper() for code in codes}
    known = set(Campaign.objects.filter(workspace=workspace, code__in=wanted).values_list("code", flat=True))
    if unknown := sorted(wanted - known):
        raise NotFoundError(f"There is no campaign {unknown[0][:20]} in this workspace.")
    return known
