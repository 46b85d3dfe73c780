from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.actors import Actor
from accounts.models import Membership, User, Workspace
from accounts.services import record
from campaigns.models import Campaign
from campaigns.services import register_custom_fields
from common import clock
from common.errors import ProblemError
from common.phones import normalize_phone
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus, Note, StatusChange, Tag

TAG_LENGTH = 50
BULK_SOURCE = "bulk_"
WAS_TOLD = "The lead asked not to be contacted"


def lock_lead(lead: Lead) -> Lead:
    """As it is stored now; inside a transaction it stays so until the end."""
    related = Lead.objects.select_related("workspace", "campaign", "owner")
    return related.select_for_update(of=("self",)).get(pk=lead.pk)


@transaction.atomic
def create_lead(*, workspace: Workspace, by: Actor, **fields: Any) -> Lead:
    if fields.get("phone"):
        fields["phone"] = normalize_phone(fields["phone"], country=fields.get("country") or workspace.country)
    lead = Lead(workspace=workspace, **fields)
    lead.full_clean()
    lead.save()
    register_custom_fields(workspace=workspace, names=lead.custom_fields)
    _list_if_barred(lead, lead.numbers(), by=by)
    record(workspace=workspace, by=by, verb="lead.created", object_type="lead", object_id=lead.public_id)
    return lead


@transaction.atomic
def update_lead(*, lead: Lead, by: Actor, **fields: Any) -> bool:
    """Saves what differs from the stored row and tells of each field what it was; False when nothing does."""
    stored = lock_lead(lead)
    if fields.get("phone"):
        country = fields.get("country", stored.country) or lead.workspace.country
        fields["phone"] = normalize_phone(fields["phone"], country=country)
    changed = {name: value for name, value in fields.items() if getattr(stored, name) != value}
    if not changed:
        return False
    for name, value in changed.items():
        setattr(lead, name, value)
    lead.updated_at = clock.now()
    lead.full_clean(exclude={field.name for field in Lead._meta.fields} - set(changed))
    lead.save(update_fields=[*changed, "updated_at"])
    register_custom_fields(workspace=lead.workspace, names=changed.get("custom_fields", ()))
    _list_if_barred(stored, [changed["phone"]] if changed.get("phone") else [], by=by)
    _record(lead, by=by, verb="lead.updated", changes=_differences(stored, changed))
    return True


def _differences(stored: Lead, changed: Mapping[str, Any]) -> dict[str, list[Any]]:
    found = {name: [_plain(getattr(stored, name)), _plain(value)] for name, value in changed.items()}
    if "custom_fields" in found:
        before, after = found.pop("custom_fields")
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                found[f"custom_fields.{name}"] = [before.get(name), after.get(name)]
    return found


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, models.Model) else value


def _record(lead: Lead, *, by: Actor, verb: str, **data: Any) -> None:
    record(workspace=lead.workspace, by=by, verb=verb, object_type="lead", object_id=lead.public_id, data=data)


def _touch(lead: Lead) -> None:
    lead.updated_at = clock.now()
    Lead.objects.filter(pk=lead.pk).update(updated_at=lead.updated_at)


@transaction.atomic
def set_further_numbers(*, lead: Lead, numbers: Mapping[str, str], by: Actor) -> bool:
    """Exactly these numbers with their labels, beside the main one."""
    stored = lock_lead(lead)
    before = dict(LeadPhone.objects.filter(lead=lead).order_by("id").values_list("e164", "label"))
    if before == dict(numbers):
        return False
    lead.phones.exclude(e164__in=numbers).delete()
    for number, label in numbers.items():
        phone = LeadPhone(lead=lead, e164=number, label=label)
        phone.full_clean(exclude=["lead"], validate_unique=False, validate_constraints=False)
        LeadPhone.objects.update_or_create(lead=lead, e164=number, defaults={"label": label})
    # Numbers that were read along with the lead are not those of now.
    lead.__dict__.get("_prefetched_objects_cache", {}).pop("phones", None)
    _list_if_barred(stored, [number for number in numbers if number not in before], by=by)
    _touch(lead)
    _record(lead, by=by, verb="lead.updated", changes={"further_numbers": [_listing(before), _listing(numbers)]})
    return True


def _listing(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{number} {label}".strip() for number, label in numbers.items())


@transaction.atomic
def assign_owner(*, lead: Lead, owner: User | None, by: Actor) -> bool:
    stored = lock_lead(lead)
    if stored.owner == owner:
        return False
    if owner and not Membership.objects.filter(workspace=lead.workspace_id, user=owner).exists():
        raise ProblemError("NOT_A_MEMBER", f"{owner} is not a member of this workspace: invite them first.")
    lead.owner, lead.updated_at = owner, clock.now()
    lead.save(update_fields=["owner", "updated_at"])
    _record(lead, by=by, verb="lead.assigned", before=str(stored.owner or ""), after=str(owner or ""))
    return True


@transaction.atomic
def move_campaign(*, lead: Lead, campaign: Campaign, by: Actor) -> bool:
    if campaign.workspace_id != lead.workspace_id:
        raise ProblemError("UNKNOWN_CAMPAIGN", "This campaign is not of the lead's workspace.")
    stored = lock_lead(lead)
    if stored.campaign == campaign:
        return False
    lead.campaign, lead.updated_at = campaign, clock.now()
    lead.save(update_fields=["campaign", "updated_at"])
    _record(lead, by=by, verb="lead.moved", before=stored.campaign.name, after=campaign.name)
    return True


@transaction.atomic
def add_tag(*, lead: Lead, name: str, by: Actor) -> bool:
    """A tag that differs only in capitals is the same one, as it was first written."""
    tag = _find_or_create_tag(lead.workspace, " ".join(name.split()))
    _, created = Lead.tags.through.objects.get_or_create(lead_id=lead.pk, tag_id=tag.pk)
    if created:
        _touch(lead)
        _record(lead, by=by, verb="lead.tagged", before="", after=tag.name)
    return created


def _find_or_create_tag(workspace: Workspace, name: str) -> Tag:
    if not name or len(name) > TAG_LENGTH or "\0" in name:
        raise ValidationError(f"A tag has 1 to {TAG_LENGTH} characters: shorten it or write one.")
    found = Tag.objects.filter(workspace=workspace, name__iexact=name).order_by("id").first()
    return found or Tag.objects.get_or_create(workspace=workspace, name=name)[0]


@transaction.atomic
def remove_tag(*, lead: Lead, name: str, by: Actor) -> bool:
    named = Lead.tags.through.objects.filter(lead=lead, tag__name__iexact=" ".join(name.split()))
    names = list(named.values_list("tag__name", flat=True))
    named.delete()
    for found in names:
        _record(lead, by=by, verb="lead.untagged", before=found, after="")
    if names:
        _touch(lead)
    return bool(names)


def set_status(
    *, lead: Lead, status: str, by: Actor, reason: str = "", interaction_public_id: str = "", source: str = ""
) -> bool:
    """Sets any of the 23 with a history row; False when it already was. `dnc` lists all the lead's numbers: the no is
    the person's, whichever other lead has the number too."""
    status = LeadStatus(status)
    with transaction.atomic():
        stored = lock_lead(lead)
        before, changed = stored.status, stored.status != status
        if status == LeadStatus.DNC:
            bar_lead(lead=lead, addresses=_as_phones(stored.numbers()), by=by, reason=reason, source=source)
        if changed:
            Lead.objects.filter(pk=lead.pk).update(status=status, updated_at=clock.now())
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


def _list_if_barred(lead: Lead, numbers: Iterable[str], *, by: Actor) -> None:
    """A new number of somebody who said no."""
    if lead.status == LeadStatus.DNC:
        bar_lead(lead=lead, addresses=_as_phones(numbers), by=by, reason=WAS_TOLD)


def _as_phones(numbers: Iterable[str]) -> list[tuple[str, str]]:
    return [(Channel.PHONE, number) for number in numbers]


def add_to_do_not_call(
    *, workspace: Workspace, address: str, by: Actor, reason: str = "", channel: str = Channel.PHONE, source: str = ""
) -> DoNotCall:
    """Idempotent: an address that is already listed keeps its first reason, and that it was said again is kept too."""
    return _list_address(workspace, channel, address, by=by, reason=reason, source=source)[0]


@transaction.atomic
def _list_address(
    workspace: Workspace, channel: str, address: str, *, by: Actor, reason: str, source: str
) -> tuple[DoNotCall, bool]:
    address = normalize_address(address, channel=channel, country=workspace.country)
    entry = DoNotCall(workspace=workspace, channel=channel, address=address, reason=reason, source=source, user=by.user)
    entry.clean()
    entry, created = DoNotCall.objects.get_or_create(
        workspace=workspace,
        channel=channel,
        address=address,
        defaults={"reason": reason, "source": source, "user": by.user},
    )
    # A change to many leads meets a number as often as leads share it, and says its no once.
    is_same_act = source.startswith(BULK_SOURCE) and entry.source == source
    if created or not is_same_act:
        if not created and not DoNotCall.objects.filter(pk=entry.pk).update(confirmed_at=clock.now()):
            # Taken off between the look and this: the no holds all the same.
            return _list_address(workspace, channel, address, by=by, reason=reason, source=source)
        data = {"channel": channel, "address": address, "reason": reason}
        verb = "dnc.added" if created else "dnc.confirmed"
        record(workspace=workspace, by=by, verb=verb, object_type="dnc", object_id=address[:40], data=data)
    return entry, created


@transaction.atomic
def bar_lead(
    *, lead: Lead, addresses: Iterable[tuple[str, str]], by: Actor, reason: str = "", source: str = ""
) -> list[DoNotCall]:
    """Puts addresses of the lead, as (channel, address), on the list and gives back the entries that are new."""
    listed = [
        _list_address(lead.workspace, channel, address, by=by, reason=reason, source=source or lead.public_id)
        for channel, address in addresses
    ]
    made = [entry for entry, created in listed if created]
    if made:
        _touch(lead)
    return made


def normalize_address(address: str, *, channel: str, country: str) -> str:
    """One writing for each address: a list that has it otherwise would not stop the call."""
    if channel == Channel.EMAIL:
        return address.strip().lower()
    return normalize_phone(address, country=country)


@transaction.atomic
def remove_from_do_not_call(*, entry: DoNotCall, by: Actor, reason: str) -> None:
    data = {"channel": entry.channel, "address": entry.address, "reason": reason, "was": entry.reason}
    record(
        workspace=entry.workspace, by=by, verb="dnc.lifted", object_type="dnc", object_id=entry.address[:40], data=data
    )
    entry.delete()


@transaction.atomic
def add_note(*, lead: Lead, text: str, by: Actor) -> Note:
    note = Note.objects.create(lead=lead, text=text, author=by.user)
    _touch(lead)
    _record(lead, by=by, verb="note.added", note=note.pk)
    return note


@transaction.atomic
def delete_note(*, note: Note, by: Actor) -> None:
    """Its text goes with it: who deletes a note may have a right to have it forgotten."""
    _record(note.lead, by=by, verb="note.deleted", note=note.pk, author=str(note.author or ""))
    _touch(note.lead)
    note.delete()
