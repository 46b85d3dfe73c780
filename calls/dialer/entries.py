"""Leads in the auto-dialer: sent to it, taken out, and asked when they are called next.

Whoever locks several of these does so in this order, or nobody would get on: a call, its lead, its entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actors import SYSTEM, Actor
from accounts.models import AuditEvent
from accounts.services import record
from calls.dialer.planning import PLANNED_FIELDS, CampaignRules, Planned, done_fields, plan_entries, save_planned
from calls.models import DialerEntry, Dispatch, Interaction
from calls.services import cancel_call
from campaigns.models import Campaign
from common import clock
from leads.models import Lead, LeadStatus
from leads.services import leave_pending_action

Lane, State = DialerEntry.Lane, DialerEntry.State
CHUNK = 200
NO_DIALER = "The auto-dialer of {campaign} is off: start it first."
NOT_ACTIVE = "The campaign {campaign} is archived: restore it, or move the lead."
BEING_CALLED = "The lead is being called at this moment."


@dataclass(frozen=True)
class Sent:
    """What became of one lead; `code` is empty where it is in the dialer now."""

    lead: Lead
    next_call_time: datetime | None = None
    code: str = ""
    message: str = ""


def send_to_dialer(*, leads: Sequence[Lead], by: Actor) -> list[Sent]:
    """One answer for each, in their order; a lead that is in already keeps its place and gets its time told. In chunks
    of their own: what was sent stays sent when a later one fails."""
    found: dict[int, Sent] = {}
    by_campaign: dict[int, list[Lead]] = defaultdict(list)
    for lead in leads:
        by_campaign[lead.campaign_id].append(lead)
    for rows in by_campaign.values():
        for start in range(0, len(rows), CHUNK):
            found |= _send(rows[start : start + CHUNK], by)
    return [found[lead.pk] for lead in leads]


def submit_to_dialer(*, lead: Lead, by: Actor) -> Sent:
    """The first action of a Voice AI campaign: at once where that is allowed, also while the dialer is off."""
    return _send([lead], by, lane=Lane.SUBMITTED)[lead.pk]


@transaction.atomic
def _send(leads: Sequence[Lead], by: Actor, lane: int = Lane.NEW) -> dict[int, Sent]:
    rows = {lead.pk: lead for lead in leads}
    # The rules behind the locks: whoever changes lead or rules meanwhile plans these entries anew, after us.
    lock_leads(rows)
    rules = CampaignRules(leads[0].campaign)
    if refusal := _refusal(rules.campaign, lane):
        return {lead.pk: Sent(lead, None, *refusal) for lead in leads}
    known = _locked(DialerEntry.objects.filter(campaign=rules.campaign, lead__in=rows))
    entries = {entry.lead_id: entry for entry in known}
    new = [pk for pk in rows if pk not in entries]
    again = [pk for pk, entry in entries.items() if entry.state == State.DONE]
    for pk in new:
        entries[pk] = DialerEntry(workspace=rules.campaign.workspace, campaign=rules.campaign, lead_id=pk)
    for lead in Lead.objects.select_related("workspace").filter(pk__in=rows):
        entries[lead.pk].lead = lead
    for pk in (*new, *again):
        _begin_anew(entries[pk], lane)
    open_ones = [entry for entry in entries.values() if entry.state != State.CALLING]
    planned = {each.entry.lead_id: each for each in plan_entries(rules, open_ones)}
    begun = [planned[pk] for pk in (*new, *again) if not _is_refused(planned[pk])]
    _keep(begun, [planned[pk] for pk in planned if pk not in {*new, *again}])
    _record([rows[each.entry.lead_id] for each in begun], rules.campaign, by)
    return {pk: _sent(lead, planned.get(pk)) for pk, lead in rows.items()}


def _refusal(campaign: Campaign, lane: int) -> tuple[str, str] | None:
    if campaign.status == Campaign.Status.ARCHIVED:
        return "CAMPAIGN_ARCHIVED", NOT_ACTIVE.format(campaign=campaign)
    if campaign.dialer == Campaign.Dialer.OFF and lane != Lane.SUBMITTED:
        return "DIALER_OFF", NO_DIALER.format(campaign=campaign)
    return None


def _locked(entries: QuerySet[DialerEntry]) -> list[DialerEntry]:
    return list(entries.select_for_update(of=("self",)).order_by("pk"))


def _begin_anew(entry: DialerEntry, lane: int) -> None:
    """Sent by somebody who knows what the calls before came to: they are no reason to stop, and faults are forgiven.
    But who asked to be called another day is not called today."""
    entry.state, entry.lane, entry.sent_at, entry.due_at = State.WAITING, lane, clock.now(), None
    entry.faults, entry.not_before, entry.interaction = 0, None, None
    lead = entry.lead
    is_promised = lead.status == LeadStatus.SCHEDULED_CALLBACK and lead.callback_at and lead.callback_at > clock.now()
    entry.callback_at = lead.callback_at if is_promised else None


def keep_promises(campaign: Campaign) -> None:
    """When the dialer is started: who asked to be called back at a time that is still to come is in it, except those
    whom somebody has taken out."""
    out = DialerEntry.objects.filter(campaign=campaign, lead=OuterRef("pk"), why__in=("TAKEN_OUT", "CANCELLED"))
    promised = Lead.objects.filter(
        ~Exists(out),
        campaign=campaign,
        status=LeadStatus.SCHEDULED_CALLBACK,
        callback_at__gt=clock.now(),
        is_test=False,
    )
    after = 0
    while leads := list(promised.select_related("workspace", "campaign").filter(pk__gt=after).order_by("pk")[:CHUNK]):
        send_to_dialer(leads=leads, by=SYSTEM)
        after = leads[-1].pk


def _is_refused(planned: Planned) -> bool:
    """Who sends a lead is told at once where it could only wait for a change; one that came in by itself waits."""
    return planned.is_over or (planned.at is None and planned.lane != Lane.SUBMITTED)


def _keep(begun: Sequence[Planned], known: Sequence[Planned]) -> None:
    """One that is refused is no entry, and one that was done before stays as it was."""
    entries = [each.carry() for each in begun]
    DialerEntry.objects.bulk_create([entry for entry in entries if not entry.pk], ignore_conflicts=True)
    DialerEntry.objects.bulk_update([entry for entry in entries if entry.pk], (*FRESH_FIELDS, *PLANNED_FIELDS))
    save_planned(known)


FRESH_FIELDS = ("sent_at", "faults", "not_before", "callback_at", "interaction")


def _sent(lead: Lead, planned: Planned | None) -> Sent:
    if planned is None or (planned.at is None and _is_being_called(planned)):
        return Sent(lead, None, "CALL_IN_PROGRESS", BEING_CALLED)
    if _is_refused(planned):
        return Sent(lead, None, planned.why, planned.why_text)
    return Sent(lead, planned.at)


def _is_being_called(planned: Planned) -> bool:
    return any(reason.code == "CALL_IN_PROGRESS" for reason in planned.verdict.reasons)


def _record(leads: Sequence[Lead], campaign: Campaign, by: Actor) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            workspace=campaign.workspace,
            user=by.user,
            api_key=by.api_key,
            verb="lead.sent_to_dialer",
            object_type="lead",
            object_id=lead.public_id,
            data={"campaign": campaign.code},
        )
        for lead in leads
    )


@transaction.atomic
def take_out(*, lead: Lead, by: Actor, reason: str = "") -> bool:
    """Out of its campaign's dialer, a queued call with it; False when it was not in. A call that is just being begun,
    or that a worker has in its hands, is refused by the gate at the dial."""
    entries = DialerEntry.objects.filter(lead=lead, campaign=lead.campaign_id).exclude(state=State.DONE)
    queued = Interaction.objects.live().filter(dialer_entry__in=entries, dispatch=Dispatch.QUEUED).first()
    if queued:
        cancel_call(interaction=queued, by=by)
    lock_leads([lead.pk])
    text = f"Taken out by {by}" + (f": {reason}" if reason else ".")
    cancelled = DialerEntry.objects.filter(lead=lead, campaign=lead.campaign_id, why="CANCELLED") if queued else None
    if not (cancelled or entries).update(**done_fields("TAKEN_OUT", text)):
        return False
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.taken_out_of_dialer",
        object_type="lead",
        object_id=lead.public_id,
        data={"reason": reason},
    )
    leave_pending_action(lead=lead, by=by, reason="Taken out of the auto-dialer")
    return True


def lock_leads(leads: Iterable[int]) -> None:
    """In one order, here and wherever several are locked."""
    rows = Lead.objects.filter(pk__in=list(leads)).select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk"))


def entry_of(lead: Lead) -> DialerEntry | None:
    """In its campaign's dialer, planned by the rules of now (not saved)."""
    rows = DialerEntry.objects.select_related("lead__workspace", "interaction", "campaign")
    entry = rows.filter(lead=lead, campaign=lead.campaign_id).first()
    if entry is None or entry.state != State.WAITING:
        return entry
    return plan_entries(entry.campaign, [entry])[0].carry()


def replan(entries: QuerySet[DialerEntry]) -> None:
    """By the rules and the history of now. One that ended because its number was none may go on with another."""
    open_ones = entries.filter(Q(state=State.WAITING) | Q(state=State.DONE, why="INVALID_PHONE_NUMBER"))
    found = dict(open_ones.values_list("pk", "lead"))
    if not found:
        return
    lock_leads(found.values())
    by_campaign: dict[int, list[DialerEntry]] = defaultdict(list)
    related = open_ones.filter(pk__in=found).select_related("lead__workspace", "campaign")
    for entry in _locked(related):
        by_campaign[entry.campaign_id].append(entry)
    for rows in by_campaign.values():
        settle(plan_entries(rows[0].campaign, rows))


def settle(planned: Sequence[Planned]) -> None:
    """Saves them, and lets leads go that waited for a call that is not made any more."""
    save_planned(planned)
    for each in planned:
        if each.is_over:
            leave_pending_action(lead=each.plan.lead, by=SYSTEM, reason=each.why_text[:200])
