from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.actors import Actor
from accounts.models import AuditEvent, Membership, User, Workspace
from accounts.services import record
from campaigns.models import Campaign
from campaigns.services import register_custom_fields
from common import clock
from common.errors import ProblemError
from common.phones import normalize_phone
from leads.events import tell_changed, tell_listed, tell_numbers, tell_statuses
from leads.models import (
    Approval,
    Channel,
    DoNotCall,
    Lead,
    LeadPhone,
    LeadStatus,
    Note,
    StatusChange,
    Submission,
    Tag,
)

TAG_LENGTH = 50
BULK_SOURCE = "bulk_"
WAS_TOLD = "The lead asked not to be contacted"
# Integrators' own objects: the audit trail tells of each as one change, and only what differs.
FREE_FORM = ("questionnaire", "attribution", "compliance", "flags")
_ALL_FIELDS = {field.name for field in Lead._meta.fields}
# What calls go by: whom they reach, and when it is day there.
DECIDES_ON_CALLS = frozenset(("phone", "timezone", "timezone_source", "country", "state", "is_test"))


def lock_lead(lead: Lead) -> Lead:
    """As it is stored now; inside a transaction it stays so until the end."""
    related = Lead.objects.select_related("workspace", "campaign", "owner")
    # Not against rows that only point to it: a call that is just begun, say.
    return related.select_for_update(of=("self",), no_key=True).get(pk=lead.pk)


@transaction.atomic
def create_lead(*, workspace: Workspace, by: Actor, **fields: Any) -> Lead:
    fields = _normalized(fields, country=fields.get("country") or workspace.country)
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
    changed = update_leads([stored], lambda _: fields, by=by)
    if changed:
        _adopt(lead, stored, *fields)
    return bool(changed)


def _adopt(lead: Lead, stored: Lead, *names: str) -> None:
    """The caller's own object gets what the locked one has become."""
    for name in (*names, "updated_at"):
        setattr(lead, name, getattr(stored, name))


def update_leads(leads: Sequence[Lead], fields_of: Callable[[Lead], Mapping[str, Any]], *, by: Actor) -> list[Lead]:
    """Of leads that are locked those that have changed. Equal changes are one query, however many leads."""
    changes = [(lead, fields) for lead in leads if (fields := _differing_fields(lead, fields_of(lead)))]
    told = {lead.public_id: {"changes": _differences(lead, fields)} for lead, fields in changes}
    alike: dict[str, list[tuple[Lead, dict[str, Any]]]] = defaultdict(list)
    for lead, fields in changes:
        for name, value in fields.items():
            setattr(lead, name, value)
        lead.full_clean(exclude=_ALL_FIELDS - set(fields))
        alike[json.dumps(fields, default=repr, sort_keys=True)].append((lead, fields))
    for same in alike.values():
        _save([lead for lead, _ in same], **same[0][1])
    if changes:
        names = {name for _, fields in changes for name in fields.get("custom_fields", ())}
        register_custom_fields(workspace=leads[0].workspace, names=names)
    for lead, fields in changes:
        _list_if_barred(lead, [lead.phone] if fields.get("phone") else [], by=by)
    _record_all([lead for lead, _ in changes], by=by, verb="lead.updated", data=told)
    tell_changed([lead for lead, fields in changes if not DECIDES_ON_CALLS.isdisjoint(fields)])
    return [lead for lead, _ in changes]


def _differing_fields(lead: Lead, fields: Mapping[str, Any]) -> dict[str, Any]:
    wanted = _normalized(fields, country=fields.get("country", lead.country) or lead.workspace.country)
    return {name: value for name, value in wanted.items() if getattr(lead, name) != value}


def _save(leads: Sequence[Lead], **fields: Any) -> None:
    now = clock.now()
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(**fields, updated_at=now)
    for lead in leads:
        lead.updated_at = now


def _normalized(fields: Mapping[str, Any], *, country: str) -> dict[str, Any]:
    """As the Do-Not-Call list and the search for duplicates write numbers and e-mails."""
    found = dict(fields)
    if found.get("phone"):
        try:
            found["phone"] = normalize_phone(found["phone"], country=country)
        except ValidationError as error:
            raise ValidationError({"phone": error}) from None
    if found.get("email"):
        found["email"] = found["email"].strip().lower()
    return found


def _differences(stored: Lead, changed: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in changed.items():
        before = getattr(stored, name)
        if name == "custom_fields":
            found |= {f"{name}.{key}": pair for key, pair in _differing(before, value).items()}
        elif name in FREE_FORM:
            pairs = _differing(_by_name(before), _by_name(value))
            found[name] = [_in_words({key: pair[side] for key, pair in pairs.items()}) for side in (0, 1)]
        else:
            found[name] = [_plain(before), _plain(value)]
    return found


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return {name: [before.get(name), after.get(name)] for name in names}


def _by_name(value: Any) -> dict[str, Any]:
    """A questionnaire is a list, the others have names already."""
    return {row["key"]: row["answer"] for row in value} if isinstance(value, list) else value


def _in_words(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, models.Model) else value


def _record(lead: Lead, *, by: Actor, verb: str, **data: Any) -> None:
    _record_all([lead], by=by, verb=verb, data={lead.public_id: data})


def _record_all(leads: Iterable[Lead], *, by: Actor, verb: str, data: Mapping[str, dict[str, Any]]) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            workspace=lead.workspace,
            user=by.user,
            api_key=by.api_key,
            verb=verb,
            object_type="lead",
            object_id=lead.public_id,
            data=data[lead.public_id],
        )
        for lead in leads
    )


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
    tell_changed([lead])
    return True


def _listing(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{number} {label}".strip() for number, label in numbers.items())


@transaction.atomic
def assign_owner(*, lead: Lead, owner: User | None, by: Actor) -> bool:
    stored = lock_lead(lead)
    changed = assign_leads([stored], owner=owner, by=by)
    if changed:
        _adopt(lead, stored, "owner")
    return bool(changed)


def assign_leads(leads: Sequence[Lead], *, owner: User | None, by: Actor) -> list[Lead]:
    """Of leads that are locked those that had another owner."""
    changing = [lead for lead in leads if lead.owner != owner]
    if not changing:
        return []
    if owner and not Membership.objects.filter(workspace=changing[0].workspace_id, user=owner).exists():
        raise ProblemError("NOT_A_MEMBER", f"{owner} is not a member of this workspace: invite them first.")
    told = {lead.public_id: {"before": str(lead.owner or ""), "after": str(owner or "")} for lead in changing}
    _save(changing, owner=owner)
    for lead in changing:
        lead.owner = owner
    _record_all(changing, by=by, verb="lead.assigned", data=told)
    return changing


@transaction.atomic
def move_campaign(*, lead: Lead, campaign: Campaign, by: Actor) -> bool:
    stored = lock_lead(lead)
    changed = move_leads([stored], campaign=campaign, by=by)
    if changed:
        _adopt(lead, stored, "campaign")
    return bool(changed)


def move_leads(leads: Sequence[Lead], *, campaign: Campaign, by: Actor) -> list[Lead]:
    """Of leads that are locked those that were in another campaign."""
    if any(lead.workspace_id != campaign.workspace_id for lead in leads):
        raise ProblemError("UNKNOWN_CAMPAIGN", "This campaign is not of the lead's workspace.")
    changing = [lead for lead in leads if lead.campaign != campaign]
    told = {lead.public_id: {"before": lead.campaign.name, "after": campaign.name} for lead in changing}
    _save(changing, campaign=campaign)
    for lead in changing:
        lead.campaign = campaign
    _record_all(changing, by=by, verb="lead.moved", data=told)
    tell_changed(changing)
    return changing


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


def set_tags(leads: Sequence[Lead], *, names: Iterable[str], by: Actor) -> list[Lead]:
    """Of leads that are locked: each gets exactly these. Those that had others are given back."""
    wanted = {name.casefold(): name for name in (" ".join(name.split()) for name in names)}
    # In one order, here and wherever rows of many are made: two who make the same ones must not wait for each other.
    tags = {key: _find_or_create_tag(leads[0].workspace, name) for key, name in sorted(wanted.items())}
    links = list(Lead.tags.through.objects.filter(lead__in=leads).select_related("tag"))
    before = {(link.lead_id, link.tag.name.casefold()) for link in links}
    gone = [link for link in links if link.tag.name.casefold() not in tags]
    new = [(lead, tag) for lead in leads for key, tag in tags.items() if (lead.pk, key) not in before]
    Lead.tags.through.objects.filter(pk__in=[link.pk for link in gone]).delete()
    rows = [Lead.tags.through(lead_id=lead.pk, tag_id=tag.pk) for lead, tag in new]
    Lead.tags.through.objects.bulk_create(rows, ignore_conflicts=True)
    known = {lead.pk: lead for lead in leads}
    for tag in {link.tag_id: link.tag for link in gone}.values():
        were = [known[link.lead_id] for link in gone if link.tag_id == tag.pk]
        told = {lead.public_id: {"before": tag.name, "after": ""} for lead in were}
        _record_all(were, by=by, verb="lead.untagged", data=told)
    for tag in tags.values():
        are = [lead for lead, its in new if its == tag]
        told = {lead.public_id: {"before": "", "after": tag.name} for lead in are}
        _record_all(are, by=by, verb="lead.tagged", data=told)
    changed = {link.lead_id for link in gone} | {lead.pk for lead, _ in new}
    _save([lead for lead in leads if lead.pk in changed])
    return [lead for lead in leads if lead.pk in changed]


def set_status(
    *,
    lead: Lead,
    status: str,
    by: Actor,
    reason: str = "",
    detail: str = "",
    interaction_public_id: str = "",
    source: str = "",
) -> bool:
    """Sets any of the 23 with a history row; False when it already was. `dnc` lists all the lead's numbers: the no is
    the person's, whichever other lead has the number too."""
    with transaction.atomic():
        changed = set_statuses(
            [lock_lead(lead)],
            status=status,
            by=by,
            reason=reason,
            detail=detail,
            interaction_public_id=interaction_public_id,
            source=source,
        )
    lead.status = LeadStatus(status)
    lead.detail = detail if changed else lead.detail
    return bool(changed)


def set_statuses(
    leads: Sequence[Lead],
    *,
    status: str,
    by: Actor,
    reason: str = "",
    detail: str = "",
    interaction_public_id: str = "",
    source: str = "",
    is_listed: bool = False,
) -> list[Lead]:
    """Of leads that are locked those that had another status. What was said of that one goes with it. `is_listed`: the
    numbers of those that become `dnc` are on the list already, and nobody has said no again."""
    status = LeadStatus(status)
    changing = [lead for lead in leads if lead.status != status]
    before = {lead.pk: lead.status for lead in changing}
    StatusChange.objects.bulk_create(
        StatusChange(
            lead=lead,
            before=lead.status,
            after=status,
            reason=reason,
            interaction_public_id=interaction_public_id,
            user=by.user,
            api_key=by.api_key,
        )
        for lead in changing
    )
    _save(changing, status=status, detail=detail)
    for lead in changing:
        lead.status, lead.detail = status, detail
    resting = [pk for pk, was in before.items() if was == LeadStatus.PENDING_ACTION]
    if resting:
        # What came in rests with its lead, and goes on with it.
        Submission.objects.filter(lead__in=resting, status=LeadStatus.PENDING_ACTION).update(status=status)
    tell_statuses(changing, before=before, reason=reason, interaction_public_id=interaction_public_id)
    if status == LeadStatus.DNC and not is_listed:
        _bar_all(leads, by=by, reason=reason, source=source)
    tell_changed(changing)
    return changing


def _bar_all(leads: Sequence[Lead], *, by: Actor, reason: str, source: str) -> None:
    numbers = sorted(((number, lead) for lead in leads for number in lead.numbers()), key=itemgetter(0))
    listed = [_bar(lead, _as_phones([number]), by, reason, source) for number, lead in numbers]
    if made := [entry for entries in listed for entry in entries]:
        tell_listed(leads[0].workspace, made)


def leave_pending_action(*, lead: Lead, by: Actor, reason: str) -> bool:
    """What the lead rested for will not happen; False when it did not rest, or waits for a decision."""
    if lead.status != LeadStatus.PENDING_ACTION:
        return False
    with transaction.atomic():
        stored = lock_lead(lead)
        rests = stored.status == LeadStatus.PENDING_ACTION and stored.approval_status != Approval.PENDING
        changed = rests and set_statuses([stored], status=LeadStatus.NEW, by=by, reason=reason[:200])
    lead.status = stored.status
    return bool(changed)


def _list_if_barred(lead: Lead, numbers: Iterable[str], *, by: Actor) -> None:
    """A new number of somebody who said no."""
    if lead.status == LeadStatus.DNC:
        bar_lead(lead=lead, addresses=_as_phones(numbers), by=by, reason=WAS_TOLD)


def _as_phones(numbers: Iterable[str]) -> list[tuple[str, str]]:
    return [(Channel.PHONE, number) for number in numbers]


@transaction.atomic
def add_to_do_not_call(
    *, workspace: Workspace, address: str, by: Actor, reason: str = "", channel: str = Channel.PHONE, source: str = ""
) -> DoNotCall:
    """Idempotent: an address that is already listed keeps its first reason, and that it was said again is kept too."""
    entry, created = _list_address(workspace, channel, address, by=by, reason=reason, source=source)
    tell_listed(workspace, [entry] if created else [])
    return entry


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
        if not created:
            entry.confirmed_at = clock.now()
            if not DoNotCall.objects.filter(pk=entry.pk).update(confirmed_at=entry.confirmed_at):
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
    made = _bar(lead, addresses, by, reason, source)
    tell_listed(lead.workspace, made)
    return made


def _bar(lead: Lead, addresses: Iterable[tuple[str, str]], by: Actor, reason: str, source: str) -> list[DoNotCall]:
    listed = [
        _list_address(lead.workspace, channel, address, by=by, reason=reason, source=source or lead.public_id)
        for channel, address in sorted(addresses)
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
    tell_numbers(entry.workspace_id, [entry])


@transaction.atomic
def add_note(*, lead: Lead, text: str, by: Actor) -> Note:
    note = Note.objects.create(lead=lead, text=text, author=by.user)
    _touch(lead)
    _record(lead, by=by, verb="note.added", note=note.pk)
    return note


@transaction.atomic
def edit_note(*, note: Note, text: str, by: Actor) -> bool:
    """Without the words in the audit trail: a note that is deleted must be gone."""
    if note.text == text:
        return False
    note.text = text
    note.save(update_fields=["text"])
    _touch(note.lead)
    _record(note.lead, by=by, verb="note.changed", note=note.pk)
    return True


@transaction.atomic
def delete_note(*, note: Note, by: Actor) -> None:
    """Its text goes with it: who deletes a note may have a right to have it forgotten."""
    _record(note.lead, by=by, verb="note.deleted", note=note.pk, author=str(note.author or ""))
    _touch(note.lead)
    note.delete()
