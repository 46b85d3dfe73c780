from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.services import register_custom_fields
from common import clock
from common.phones import normalize_phone
from leads.models import Channel, DoNotCall, Lead, LeadStatus, Note, StatusChange


@transaction.atomic
def create_lead(*, workspace: Workspace, by: Actor, **fields: Any) -> Lead:
    if fields.get("phone"):
        fields["phone"] = normalize_phone(fields["phone"], country=fields.get("country") or workspace.country)
    lead = Lead(workspace=workspace, **fields)
    lead.full_clean()
    lead.save()
    register_custom_fields(workspace=workspace, names=lead.custom_fields)
    record(workspace=workspace, by=by, verb="lead.created", object_type="lead", object_id=lead.public_id)
    return lead


def set_status(*, lead: Lead, status: str, by: Actor, reason: str = "", interaction_public_id: str = "") -> bool:
    """Sets any of the 23 with a history row; False when it already was. `dnc` lists all the lead's numbers: the no is
    the person's, whichever other lead has the number too."""
    status = LeadStatus(status)
    with transaction.atomic():
        before = Lead.objects.select_for_update().values_list("status", flat=True).get(pk=lead.pk)
        changed = before != status
        if changed:
            Lead.objects.filter(pk=lead.pk).update(status=status, updated_at=clock.now())
            if status == LeadStatus.DNC:
                _list_numbers(lead, by=by, reason=reason)
            StatusChange.objects.create(
                lead=lead,
                before=before,
                after=status,
                reason=reason,
                interaction_public_id=interaction_public_id,
                user=by.user,
                api_key=by.api_key,
            )
    lead.status = status
    return changed


def _list_numbers(lead: Lead, *, by: Actor, reason: str) -> None:
    for number in lead.numbers():
        add_to_do_not_call(workspace=lead.workspace, address=number, by=by, reason=reason, source=lead.public_id)


@transaction.atomic
def add_to_do_not_call(
    *, workspace: Workspace, address: str, by: Actor, reason: str = "", channel: str = Channel.PHONE, source: str = ""
) -> DoNotCall:
    """Idempotent: an address that is already listed keeps its first reason."""
    address = normalize_address(address, channel=channel, country=workspace.country)
    entry = DoNotCall(workspace=workspace, channel=channel, address=address, reason=reason, source=source, user=by.user)
    entry.clean()
    entry, created = DoNotCall.objects.get_or_create(
        workspace=workspace,
        channel=channel,
        address=address,
        defaults={"reason": reason, "source": source, "user": by.user},
    )
    if created:
        data = {"channel": channel, "reason": reason}
        record(workspace=workspace, by=by, verb="dnc.added", object_type="dnc", object_id=address[:40], data=data)
    return entry


def normalize_address(address: str, *, channel: str, country: str) -> str:
    """One writing for each address: a list that has it otherwise would not stop the call."""
    if channel == Channel.EMAIL:
        return address.strip().lower()
    return normalize_phone(address, country=country)


@transaction.atomic
def remove_from_do_not_call(*, entry: DoNotCall, by: Actor, reason: str) -> None:
    data = {"channel": entry.channel, "reason": reason, "was": entry.reason}
    record(
        workspace=entry.workspace, by=by, verb="dnc.lifted", object_type="dnc", object_id=entry.address[:40], data=data
    )
    entry.delete()


@transaction.atomic
def add_note(*, lead: Lead, text: str, by: Actor) -> Note:
    note = Note.objects.create(lead=lead, text=text, author=by.user)
    Lead.objects.filter(pk=lead.pk).update(updated_at=clock.now())
    return note
