"""What webhooks are told of leads, in the transaction in which it happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from accounts.models import Workspace
from campaigns.models import Campaign
from leads.models import Channel, DoNotCall, Lead, LeadPhone, LeadStatus, Submission
from leads.shapes import event_payload
from leads.signals import leads_changed, numbers_listed
from webhooks.models import WebhookEndpoint
from webhooks.services import Told, emit_many

# These have an event of their own beside lead.status_changed.
NAMED = (LeadStatus.DELIVERED, LeadStatus.FAILED, LeadStatus.QUEUED, LeadStatus.DISQUALIFIED)
LISTED = "lead.dnc"


def tell_changed(leads: Collection[Lead]) -> None:
    """Once for all of them: whoever plans their calls looks at them anew."""
    if leads:
        leads_changed.send(Lead, lead_ids=[lead.pk for lead in leads])


def tell_numbers(workspace_id: int, entries: Iterable[DoNotCall]) -> None:
    """Of entries that were made or taken away those that decide on calls."""
    numbers = [entry.address for entry in entries if entry.channel == Channel.PHONE]
    if numbers:
        numbers_listed.send(DoNotCall, workspace_id=workspace_id, numbers=numbers)


def tell_statuses(leads: Sequence[Lead], *, before: Mapping[int, str], reason: str, interaction_public_id: str) -> None:
    """Of leads that got the same status, what each had before."""
    if not leads:
        return
    names = ["lead.status_changed", *([f"lead.{leads[0].status}"] if leads[0].status in NAMED else [])]
    heard = _heard(leads[0].workspace, names)
    if heard:
        _ask_along(leads)
    facts = {"reason": reason or None, "interactionId": interaction_public_id or None}
    told = [
        _told(name, lead, partial(event_payload, lead, previousStatus=before[lead.pk], **facts))
        for lead in (leads if heard else ())
        for name in heard
    ]
    emit_many(workspace=leads[0].workspace, told=told)


def _ask_along(leads: Sequence[Lead]) -> None:
    rows = Submission.objects.filter(lead__in=leads).order_by("number").values_list("lead", "public_id")
    latest = dict(rows)
    for lead in leads:
        lead.__dict__["latest_submission"] = latest.get(lead.pk)


def _told(event: str, lead: Lead | None, payload: Callable[[], dict[str, Any]]) -> Told:
    code, object_id = (lead.campaign.code, lead.public_id) if lead else ("", "")
    return Told(event, code, object_id, payload)


def tell_listed(workspace: Workspace, entries: Sequence[DoNotCall]) -> None:
    """Of new entries: once for each lead that has the address, and once without a lead where none has it."""
    tell_numbers(workspace.pk, entries)
    if entries and _heard(workspace, [LISTED]):
        whose = _whose(workspace, entries)
        told = (_told(LISTED, lead, partial(_listing, entry, lead)) for entry, lead in whose)
        emit_many(workspace=workspace, told=told)


def _heard(workspace: Workspace, events: Sequence[str]) -> list[str]:
    """Those that some endpoint takes, asked once: a file of 50,000 numbers costs no more where nobody listens."""
    endpoints = list(WebhookEndpoint.objects.filter(workspace=workspace).only("url", "state", "events"))
    return [event for event in events if any(endpoint.takes(event) for endpoint in endpoints)]


def _listing(entry: DoNotCall, lead: Lead | None) -> dict[str, Any]:
    facts = {"channel": entry.channel, "address": entry.address, "reason": entry.reason or None}
    if lead:
        return event_payload(lead, **facts)
    return {"leadId": None, "submissionId": None, "campaignId": None, "status": None, "data": facts}


def _whose(workspace: Workspace, entries: Sequence[DoNotCall]) -> Iterator[tuple[DoNotCall, Lead | None]]:
    """A fixed number of queries, however many entries."""
    emails = {entry.address for entry in entries if entry.channel == Channel.EMAIL}
    numbers = {entry.address for entry in entries if entry.channel != Channel.EMAIL}
    owners: dict[str, set[int]] = defaultdict(set)
    for address, pk in (*_with_numbers(workspace, numbers), *_with_emails(workspace, emails)):
        owners[address].add(pk)
    known = Lead.objects.select_related("campaign").in_bulk({pk for pks in owners.values() for pk in pks})
    _ask_along(list(known.values()))
    for entry in entries:
        mine: list[Lead | None] = [known[pk] for pk in sorted(owners[entry.address])]
        yield from ((entry, lead) for lead in mine or [None])


def _with_numbers(workspace: Workspace, numbers: Iterable[str]) -> list[tuple[str, int]]:
    main = Lead.objects.filter(workspace=workspace, phone__in=numbers).values_list("phone", "pk")
    further = LeadPhone.objects.filter(lead__workspace=workspace, e164__in=numbers).values_list("e164", "lead")
    return [*main, *further]


def _with_emails(workspace: Workspace, emails: Iterable[str]) -> list[tuple[str, int]]:
    # By campaign, because the index over e-mails is.
    campaigns = Campaign.objects.filter(workspace=workspace).values("pk")
    return list(Lead.objects.filter(campaign__in=campaigns, email__in=emails).values_list("email", "pk"))
