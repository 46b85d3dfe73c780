"""What a bulk change does to one lead, and how that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from django.core.exceptions import ValidationError

from accounts.actors import Actor
from accounts.models import User
from campaigns.models import Campaign
from leads.models import BulkChange, Channel, DoNotCall, Lead
from leads.queries import listed_numbers
from leads.services import (
    add_tag,
    assign_owner,
    bar_lead,
    move_campaign,
    remove_from_do_not_call,
    remove_tag,
    set_status,
)

Before = dict[str, Any]
REASON = "Bulk change"
UNDO_REASON = "Bulk change taken back"


class Act(Protocol):
    def do(self, lead: Lead) -> Before | None:
        """What taking it back needs to know; None when the lead was so already."""

    def undo(self, lead: Lead, before: Before) -> bool:
        """False when the lead is no longer as the change has left it, and nothing was done."""


@dataclass
class _Kind:
    change: BulkChange
    by: Actor


class _Assign(_Kind):
    @cached_property
    def owner(self) -> User | None:
        return _user(self.change.value)

    def do(self, lead: Lead) -> Before | None:
        before = {"owner": lead.owner_id}
        return before if assign_owner(lead=lead, owner=self.owner, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        if lead.owner_id != (self.owner and self.owner.pk):
            return False
        return assign_owner(lead=lead, owner=_user(before["owner"]), by=self.by)


def _user(pk: int | str | None) -> User | None:
    return User.objects.get(pk=pk) if pk else None


class _Tag(_Kind):
    def do(self, lead: Lead) -> Before | None:
        return {} if add_tag(lead=lead, name=self.change.value, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return remove_tag(lead=lead, name=self.change.value, by=self.by)


class _Untag(_Kind):
    def do(self, lead: Lead) -> Before | None:
        return {} if remove_tag(lead=lead, name=self.change.value, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return add_tag(lead=lead, name=self.change.value, by=self.by)


class _SetStatus(_Kind):
    def do(self, lead: Lead) -> Before | None:
        status, listed = lead.status, _entries(lead)
        if not set_status(lead=lead, status=self.change.value, by=self.by, reason=REASON):
            return None
        return {"status": status, "entries": sorted(_entries(lead) - listed)}

    def undo(self, lead: Lead, before: Before) -> bool:
        if lead.status != self.change.value:
            return False
        set_status(lead=lead, status=before["status"], by=self.by, reason=UNDO_REASON)
        _lift(lead, before["entries"], by=self.by)
        return True


class _Move(_Kind):
    @cached_property
    def campaign(self) -> Campaign:
        return Campaign.objects.get(pk=self.change.value, workspace=self.change.workspace_id)

    def do(self, lead: Lead) -> Before | None:
        before = {"campaign": lead.campaign_id}
        return before if move_campaign(lead=lead, campaign=self.campaign, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        if lead.campaign_id != self.campaign.pk:
            return False
        return move_campaign(lead=lead, campaign=Campaign.objects.get(pk=before["campaign"]), by=self.by)


class _DoNotCall(_Kind):
    def do(self, lead: Lead) -> Before | None:
        numbers = [(Channel.PHONE, number) for number in lead.numbers()]
        if not numbers:
            raise ValidationError("No number to put on the list.")
        made = bar_lead(lead=lead, addresses=numbers, by=self.by, reason=self.change.reason)
        return {"entries": [entry.pk for entry in made]} if made else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return _lift(lead, before["entries"], by=self.by)


def _entries(lead: Lead) -> set[int]:
    return {entry.pk for entry in listed_numbers(lead.workspace_id, lead.numbers()).values()}


def _lift(lead: Lead, entries: list[int], *, by: Actor) -> bool:
    """Only what the change itself has listed: an entry that somebody made since is another row."""
    rows = list(DoNotCall.objects.filter(pk__in=entries, workspace=lead.workspace_id).select_related("workspace"))
    for entry in rows:
        remove_from_do_not_call(entry=entry, by=by, reason=UNDO_REASON)
    return bool(rows)


def act_of(change: BulkChange, *, by: Actor) -> Act:
    return KINDS[BulkChange.Kind(change.kind)](change, by)


KINDS: dict[BulkChange.Kind, Callable[[BulkChange, Actor], Act]] = {
    BulkChange.Kind.OWNER: _Assign,
    BulkChange.Kind.TAG: _Tag,
    BulkChange.Kind.UNTAG: _Untag,
    BulkChange.Kind.STATUS: _SetStatus,
    BulkChange.Kind.CAMPAIGN: _Move,
    BulkChange.Kind.DNC: _DoNotCall,
}
