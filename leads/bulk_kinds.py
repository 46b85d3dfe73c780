"""What a bulk change does to one lead, and how that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from django.core.exceptions import ValidationError

from accounts.actors import Actor
from accounts.models import User
from campaigns.models import Campaign
from leads.models import BulkChange, Channel, DoNotCall, Lead
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


@runtime_checkable
class ActForMany(Protocol):
    """What costs a lead much and a hundred of them little is done to all of a chunk together. It locks what it changes
    itself, and so it does in its `undo`."""

    def do_all(self, leads: Sequence[Lead]) -> list[Before | None]:
        """As `do`, in their order; a lead that it cannot be done to has `failed`, the sentence that says why."""


@dataclass
class Kind:
    change: BulkChange
    by: Actor


class _Assign(Kind):
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


class _Tag(Kind):
    def do(self, lead: Lead) -> Before | None:
        return {} if add_tag(lead=lead, name=self.change.value, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return remove_tag(lead=lead, name=self.change.value, by=self.by)


class _Untag(Kind):
    def do(self, lead: Lead) -> Before | None:
        return {} if remove_tag(lead=lead, name=self.change.value, by=self.by) else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return add_tag(lead=lead, name=self.change.value, by=self.by)


class _SetStatus(Kind):
    def do(self, lead: Lead) -> Before | None:
        status, detail, source = lead.status, lead.detail, self.change.public_id
        if not set_status(lead=lead, status=self.change.value, by=self.by, reason=REASON, source=source):
            return None
        entries = _listed_by(self.change, lead)
        return {"status": status, "detail": detail, "history": _last_change(lead), "entries": entries}

    def undo(self, lead: Lead, before: Before) -> bool:
        """The same status may have been set anew since, by a call for one."""
        if lead.status != self.change.value or _last_change(lead) != before["history"]:
            return False
        if _said_again(before["entries"]):
            return False
        # Changes of before this was kept are undone without it.
        detail = before.get("detail", "")
        set_status(lead=lead, status=before["status"], by=self.by, reason=UNDO_REASON, detail=detail)
        _lift(lead, before["entries"], by=self.by)
        return True


def _last_change(lead: Lead) -> int | None:
    return lead.status_changes.order_by("-id").values_list("pk", flat=True).first()


class _Move(Kind):
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


class _DoNotCall(Kind):
    def do(self, lead: Lead) -> Before | None:
        numbers = [(Channel.PHONE, number) for number in lead.numbers()]
        if not numbers:
            raise ValidationError("No number to put on the list.")
        source = self.change.public_id
        made = bar_lead(lead=lead, addresses=numbers, by=self.by, reason=self.change.reason, source=source)
        return {"entries": [entry.pk for entry in made]} if made else None

    def undo(self, lead: Lead, before: Before) -> bool:
        return not _said_again(before["entries"]) and _lift(lead, before["entries"], by=self.by)


def _listed_by(change: BulkChange, lead: Lead) -> list[int]:
    """Its entries bear its name, so nobody else's is taken for one of them."""
    mine = DoNotCall.objects.filter(workspace=lead.workspace_id, source=change.public_id, address__in=lead.numbers())
    return sorted(mine.values_list("pk", flat=True))


def _said_again(entries: list[int]) -> bool:
    """Somebody has said no a second time: that one was not ours to take back."""
    rows = DoNotCall.objects.select_for_update().filter(pk__in=entries)
    return any(confirmed_at is not None for confirmed_at in rows.values_list("confirmed_at", flat=True))


def _lift(lead: Lead, entries: list[int], *, by: Actor) -> bool:
    """Only what the change itself has listed: an entry that somebody made since is another row."""
    rows = list(DoNotCall.objects.filter(pk__in=entries, workspace=lead.workspace_id).select_related("workspace"))
    for entry in rows:
        remove_from_do_not_call(entry=entry, by=by, reason=UNDO_REASON)
    return bool(rows)


KINDS: dict[str, Callable[[BulkChange, Actor], Act]] = {
    BulkChange.Kind.OWNER: _Assign,
    BulkChange.Kind.TAG: _Tag,
    BulkChange.Kind.UNTAG: _Untag,
    BulkChange.Kind.STATUS: _SetStatus,
    BulkChange.Kind.CAMPAIGN: _Move,
    BulkChange.Kind.DNC: _DoNotCall,
}


def register_kind(kind: BulkChange.Kind, act: Callable[[BulkChange, Actor], Act]) -> None:
    """For the apps above, in their apps.py."""
    KINDS[kind] = act


def act_of(change: BulkChange, *, by: Actor) -> Act:
    return KINDS[change.kind](change, by)
