"""Changing a lead in many ways at once: all of it or nothing, each way by the service that the pages use too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import User, Workspace
from campaigns.models import Campaign
from common.errors import NotFoundError
from common.phones import normalize_phone
from common.shapes import as_moment
from leads.approval import ask_approval, decide_all
from leads.models import Approval, Lead, LeadStatus
from leads.names import readable
from leads.queries import barred, listed_numbers
from leads.services import (
    add_note,
    assign_leads,
    edit_note,
    lock_lead,
    move_leads,
    set_further_numbers,
    set_statuses,
    set_tags,
    update_leads,
)

MOST_ANSWERS = 500
MOST_CHARACTERS = 65_536
SHOWN_IDS = 20
KEY_LENGTH = 120
# What LeadSail itself knows beside the flags that were set.
OWN_FLAGS = {
    "isDnc": "isDnc follows the Do-Not-Call list: POST /leads/{leadId}/dnc puts the lead on it, "
    "DELETE /do-not-call/{entryId} takes an entry off.",
    "isTest": "A lead is a test lead from the start: send isTest with POST /leads/submit.",
}


class Answer(TypedDict):
    """Given, either of key and question may be empty."""

    key: str
    question: str
    answer: Any


class LeadChanges(TypedDict, total=False):
    """What is to become of a lead; what is not in it stays as it is."""

    columns: dict[str, Any]
    # As JSON Merge Patch has it: null takes a name away.
    merged: dict[str, dict[str, Any]]
    # Nobody sets these: they may be sent back as they stand.
    own_flags: dict[str, Any]
    answers: list[Answer]
    forgotten_keys: list[str]
    # With their labels, in any writing.
    further_numbers: dict[str, str]
    tags: list[str]
    # An id of a note of this lead, or none for a new one, and its text.
    notes: list[tuple[str | None, str]]
    campaign: Campaign
    owner: User | None
    status: str
    approval: str
    approval_reason: str


@transaction.atomic
def change_lead(*, lead: Lead, changes: LeadChanges, by: Actor) -> bool:
    """False when it was so already."""
    return bool(_change([lock_lead(lead)], changes, by))


@transaction.atomic
def change_leads(*, workspace: Workspace, public_ids: Sequence[str], changes: LeadChanges, by: Actor) -> int:
    """How many of them really changed. Locked in one order, so that two changes cannot wait for each other."""
    related = Lead.objects.select_related("workspace", "campaign", "owner").prefetch_related("phones")
    named = related.filter(workspace=workspace, public_id__in=public_ids).order_by("id")
    leads = list(named.select_for_update(of=("self",)))
    _check_known(public_ids, leads)
    return _change(leads, changes, by)


def _check_known(public_ids: Sequence[str], leads: Sequence[Lead]) -> None:
    known = {lead.public_id for lead in leads}
    unknown = [public_id for public_id in public_ids if public_id not in known]
    if unknown:
        more = f" and {len(unknown) - SHOWN_IDS} more" if len(unknown) > SHOWN_IDS else ""
        names = ", ".join(unknown[:SHOWN_IDS])
        raise NotFoundError(f"There are no such leads, so nothing was changed: {names}{more}.")


def _change(leads: Sequence[Lead], changes: LeadChanges, by: Actor) -> int:
    if own := changes.get("own_flags"):
        _check_own_flags(leads, own)
    return len({lead.pk for changed in _acts(leads, changes, by) for lead in changed})


def _check_own_flags(leads: Sequence[Lead], given: Mapping[str, Any]) -> None:
    said_no = barred(leads)
    for lead in leads:
        stand = {"isDnc": lead.pk in said_no, "isTest": lead.is_test}
        for name, value in given.items():
            if value is not stand[name]:
                raise ValidationError({"flags": OWN_FLAGS[name]})


def _acts(leads: Sequence[Lead], changes: LeadChanges, by: Actor) -> Iterator[Iterable[Lead]]:
    """The leads that each has changed. The status comes last: whoever is told of it reads the lead as it is then."""
    if "campaign" in changes:
        yield move_leads(leads, campaign=changes["campaign"], by=by)
    yield update_leads(leads, partial(_columns, changes=changes), by=by)
    if "tags" in changes:
        yield set_tags(leads, names=changes["tags"], by=by)
    if "owner" in changes:
        yield assign_leads(leads, owner=changes["owner"], by=by)
    for lead in leads:
        if any(list(_own_acts(lead, changes, by))):
            yield [lead]
    if "approval" in changes:
        yield _approve(leads, changes, by)
    if "status" in changes:
        status, detail = changes["status"], _detail(changes)
        yield set_statuses(_to_tell(leads, status), status=status, by=by, reason=detail[:200], detail=detail)


def _detail(changes: LeadChanges) -> str:
    return str(changes.get("columns", {}).get("detail", ""))


def _to_tell(leads: Sequence[Lead], status: str) -> Sequence[Lead]:
    """Who is `dnc` already is not told again, unless one of its numbers has been taken off the list since."""
    if status != LeadStatus.DNC:
        return leads
    listed = listed_numbers(leads[0].workspace_id, (number for lead in leads for number in lead.numbers()))
    return [lead for lead in leads if lead.status != status or not listed.keys() >= set(lead.numbers())]


def _own_acts(lead: Lead, changes: LeadChanges, by: Actor) -> Iterator[bool]:
    """Whether each has changed the lead; these are done lead by lead."""
    if "further_numbers" in changes:
        yield set_further_numbers(lead=lead, numbers=_numbers(lead, changes["further_numbers"]), by=by)
    yield from _write_notes(lead, changes.get("notes", ()), by)


def _approve(leads: Sequence[Lead], changes: LeadChanges, by: Actor) -> list[Lead]:
    status, reason, detail = changes["approval"], changes["approval_reason"], _detail(changes)
    if status == Approval.PENDING:
        return [lead for lead in leads if ask_approval(lead=lead, by=by, reason=reason, detail=detail)]
    others = [lead for lead in leads if lead.approval_status != status]
    return decide_all(others, status=status, by=by, reason=reason, detail=detail)


def _columns(lead: Lead, changes: LeadChanges) -> dict[str, Any]:
    asked = changes.get("columns", {})
    columns = {name: value for name, value in asked.items() if not _is_shown_as(value, getattr(lead, name))}
    for name, given in changes.get("merged", {}).items():
        columns[name] = _merged(getattr(lead, name), given)
        if len(str(columns[name])) > MOST_CHARACTERS:
            raise ValidationError({name: "With this the lead would have too much here: take some away first (null)."})
    if "answers" in changes or "forgotten_keys" in changes:
        columns["questionnaire"] = with_answers(lead.questionnaire, changes)
    return columns


def _is_shown_as(value: Any, stored: Any) -> bool:
    """Answers have moments to the millisecond: one that is sent back is the one that stands."""
    return isinstance(value, datetime) and isinstance(stored, datetime) and as_moment(value) == as_moment(stored)


def _merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """null takes a name away; one that has null already was read so, and stays."""
    found = dict(stored)
    for name, value in given.items():
        if value is None:
            if found.get(name) is not None:
                del found[name]
        elif isinstance(value, dict):
            before = found.get(name)
            found[name] = _merged(before if isinstance(before, dict) else {}, value)
        else:
            found[name] = value
    return found


def with_answers(stored: Sequence[Answer], changes: LeadChanges) -> list[Answer]:
    """One whose key or, without a key, whose question is there takes its place."""
    forgotten = set(changes.get("forgotten_keys", ()))
    found = {row["key"]: row for row in stored if row["key"] not in forgotten}
    for row in changes.get("answers", ()):
        key = row["key"] or _key_of(row["question"], found)
        question = row["question"] or (found[key]["question"] if key in found else readable(key))
        found[key] = {"key": key, "question": question, "answer": row["answer"]}
    if len(found) > MOST_ANSWERS or len(str(found)) > MOST_CHARACTERS:
        raise ValidationError({"questionnaire": "With these the lead would have too many answers: delete some first."})
    return list(found.values())


def _key_of(question: str, known: Mapping[str, Answer]) -> str:
    """“What is your budget?” is what_is_your_budget, unless it has a key already."""
    asked = next((key for key, row in known.items() if row["question"] == question), None)
    return asked or re.sub(r"\W+", "_", question.lower()).strip("_")[:KEY_LENGTH] or question[:KEY_LENGTH]


def _numbers(lead: Lead, given: Mapping[str, str]) -> dict[str, str]:
    country = lead.country or lead.workspace.country
    try:
        numbers = {normalize_phone(number, country=country): label for number, label in given.items()}
    except ValidationError as error:
        raise ValidationError({"phones": error}) from None
    # Unless it stands there too, and was read so.
    if not lead.phones.filter(e164=lead.phone).exists():
        numbers.pop(lead.phone, None)
    return numbers


def _write_notes(lead: Lead, notes: Sequence[tuple[str | None, str]], by: Actor) -> Iterator[bool]:
    known = {str(note.pk): note for note in lead.notes.all()} if any(note_id for note_id, _ in notes) else {}
    for note_id, text in notes:
        if note_id is None:
            add_note(lead=lead, text=text, by=by)
            yield True
        elif note_id in known:
            yield edit_note(note=known[note_id], text=text, by=by)
        else:
            raise NotFoundError(f"The lead has no note {note_id}: leave the id out to add a new one.")
