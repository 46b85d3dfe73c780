"""The lead list: which leads it shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import User, Workspace
from campaigns.models import Campaign
from common import phones
from leads.callbacks import callbacks_due
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus, Tag

START_HERE = "call me first"
MAX_WORDS = 6
MIN_DIGITS = 4

# Each ends with the id, which makes it unique, and stands on an index of the model.
ORDERS = {
    "newest": ("-id",),
    "oldest": ("id",),
    "changed": ("-updated_at", "-id"),
    "name": ("last_name", "first_name", "id"),
}
NEVER_CALLED = "never"


@dataclass(frozen=True)
class LeadFilter:
    """What a list is narrowed by; what is empty narrows nothing."""

    text: str = ""
    status: str = ""
    campaign: Campaign | None = None
    owner: User | None = None
    without_owner: bool = False
    tag: str = ""
    outcome: str = ""
    do_not_call: bool | None = None
    is_test: bool | None = None
    callback_due: bool | None = None
    approval: str = ""

    def apply(self, workspace: Workspace) -> QuerySet[Lead]:
        leads = Lead.objects.filter(self._columns(), workspace=workspace)
        if self.tag:
            named = Tag.objects.filter(workspace=workspace, name__iexact=self.tag)
            leads = leads.filter(pk__in=Lead.tags.through.objects.filter(tag__in=named).values("lead"))
        if self.do_not_call is not None:
            leads = leads.filter(_is_listed(workspace) if self.do_not_call else ~_is_listed(workspace))
        if self.callback_due is not None:
            due = Q(pk__in=callbacks_due(workspace).values("pk"))
            leads = leads.filter(due if self.callback_due else ~due)
        return leads.filter(_matches(workspace, self.text.strip())) if self.text.strip() else leads

    def _columns(self) -> Q:
        wanted = Q()
        if self.status:
            wanted &= Q(status=self.status)
        if self.campaign:
            wanted &= Q(campaign=self.campaign)
        if self.owner or self.without_owner:
            wanted &= Q(owner=self.owner)
        if self.outcome:
            wanted &= Q(last_outcome="" if self.outcome == NEVER_CALLED else self.outcome)
        if self.approval:
            wanted &= Q(approval_status=self.approval)
        if self.is_test is not None:
            wanted &= Q(is_test=self.is_test)
        return wanted


def _is_listed(workspace: Workspace) -> Q:
    """As the list's rows tell it: by the status, or by the main number."""
    entries = DoNotCall.objects.filter(workspace=workspace, channel=Channel.PHONE, address=OuterRef("phone"))
    return Q(status=LeadStatus.DNC) | Q(Exists(entries))


def _matches(workspace: Workspace, text: str) -> Q:
    by_words = Q()
    for word in text.split()[:MAX_WORDS]:
        by_words &= Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
    return by_words | Q(public_id=text.lower()) | _has_number(workspace, text)


def _has_number(workspace: Workspace, text: str) -> Q:
    """Any writing of a whole number, or some of its digits."""
    digits = phones.written_digits(text)
    if digits is None:
        return Q(pk__in=[])
    phone = phones.parse_phone(text, country=workspace.country)
    wanted = Q(pk__in=[])
    if phone:
        wanted |= _number(workspace, Q(e164=phone.e164), Q(phone=phone.e164))
    if len(digits) >= MIN_DIGITS:
        wanted |= _number(workspace, Q(e164__contains=digits), Q(phone__contains=digits))
    return wanted


def _number(workspace: Workspace, extra: Q, main: Q) -> Q:
    further = LeadPhone.objects.filter(extra, lead__workspace=workspace)
    return main | Q(pk__in=further.values("lead"))


def leads_to_start_with(workspace: Workspace) -> list[Lead]:
    tag = Tag.objects.filter(workspace=workspace, name=START_HERE).values("pk")[:1]
    tagged = Lead.tags.through.objects.filter(tag=Subquery(tag)).order_by("-lead_id").select_related("lead")
    return [row.lead for row in tagged[:3]]
