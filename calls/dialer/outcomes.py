"""What the end of a call means for its lead's entry: again by rule, a callback, or over."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from django.db.models import Q

from calls.dialer.entries import lock_leads, settle
from calls.dialer.planning import FAULT_WAIT, MOST_FAULTS, done_fields, plan_entries
from calls.dispatch.lines import BY_DIALER
from calls.models import UNPLACED, DialerEntry, Dispatch, ErrorCode, Interaction, Status
from campaigns.models import Campaign
from common import clock

Lane, State = DialerEntry.Lane, DialerEntry.State
# Not the lead's fault, and no attempt: it is tried again after a while, a few times in a row.
FAULT_CODES = (
    *(ErrorCode.PROVIDER_FAULT, ErrorCode.PROVIDER_REJECTED, ErrorCode.NOT_PLACED),
    *(ErrorCode.NO_REPORT, ErrorCode.INTERNAL),
)
# Over by these, and opened again when a better report or a person's correction makes something else of the call.
OF_THE_OUTCOME = ("OUTCOME_FINAL", "MAX_ATTEMPTS_REACHED", "FAULTS", "INVALID_PHONE_NUMBER")
NOBODY_REACHED = (Status.NO_ANSWER, Status.BUSY, Status.VOICEMAIL, Status.NO_CONTACT)
BY_A_PERSON = ("TAKEN_OUT", "STOPPED", "CANCELLED")


def on_call_ended(*, interaction: Interaction, **_: Any) -> None:
    """In the transaction in which the call ended, or its outcome became another."""
    if interaction.is_test and not interaction.lead.is_test:
        return
    lock_leads([interaction.lead_id])
    entry = _entry_of(interaction) or _promised(interaction)
    if entry is None or not _concerns(entry, interaction):
        return
    go_on(entry, interaction)


def go_on(entry: DialerEntry, interaction: Interaction | None) -> None:
    """What the call came to decides; without one it is planned as if it had not been made."""
    if interaction and interaction.error_code == ErrorCode.CANCELLED:
        fields = done_fields("CANCELLED", interaction.error_message)
        DialerEntry.objects.filter(pk=entry.pk).update(**fields, interaction=None)
        return
    if interaction:
        _take_in(entry, interaction)
    entry.state, entry.interaction, entry.due_at = State.WAITING, None, None
    entry.save(update_fields=["state", "interaction", "faults", "not_before", "callback_at"])
    settle(plan_entries(entry.campaign, [entry]))


def _entry_of(interaction: Interaction) -> DialerEntry | None:
    rows = DialerEntry.objects.select_for_update(of=("self",)).select_related("lead__workspace", "campaign")
    return rows.filter(lead=interaction.lead_id, campaign=interaction.campaign_id).first()


def _promised(interaction: Interaction) -> DialerEntry | None:
    """Whoever made the call, the dialer keeps what was promised on it."""
    is_promise = interaction.status == Status.SCHEDULED_CALLBACK and interaction.callback_at
    if not is_promise or interaction.campaign.dialer == Campaign.Dialer.OFF or not _is_newest(interaction):
        return None
    DialerEntry.objects.get_or_create(
        lead=interaction.lead,
        campaign=interaction.campaign,
        defaults={"workspace": interaction.workspace, "lane": Lane.CALLBACK, "sent_at": interaction.created_at},
    )
    return _entry_of(interaction)


def _concerns(entry: DialerEntry, interaction: Interaction) -> bool:
    """The call it waits for, or the newest that rang at its lead; an older one says nothing any more."""
    if entry.state == State.CALLING and entry.interaction_id in (None, interaction.pk):
        return True
    if interaction.placed_at is None or not _is_newest(interaction):
        return False
    if entry.state == State.CALLING:
        # Its next call was begun before this was known, and is refused by the gate, unless it may ring already.
        return Interaction.objects.filter(dialer_entry=entry, sent_at=None).exists()
    if entry.state == State.WAITING or _promises_anew(entry, interaction):
        return True
    # A better report of what ended it, or a correction; a call that was made since is no reason to begin again.
    return entry.why in OF_THE_OUTCOME and interaction.created_at <= entry.updated_at


def _is_newest(interaction: Interaction) -> bool:
    """Of the calls of its campaign that rang at the lead; tests of a real lead are none."""
    newer = Interaction.objects.placed().filter(lead=interaction.lead_id, campaign=interaction.campaign_id)
    if not interaction.lead.is_test:
        newer = newer.filter(is_test=False)
    return not newer.filter(pk__gt=interaction.pk).exists()


def _promises_anew(entry: DialerEntry, interaction: Interaction) -> bool:
    """Who took it out knew nothing of a promise made on a later call."""
    return interaction.callback_at is not None and (
        entry.why not in BY_A_PERSON or interaction.created_at > entry.updated_at
    )


def _take_in(entry: DialerEntry, interaction: Interaction) -> None:
    entry.faults = _faults_in_a_row(entry)
    ended_at = interaction.ended_at or clock.now()
    if interaction.error_code in FAULT_CODES:
        entry.not_before = ended_at + FAULT_WAIT * 2 ** max(entry.faults - 1, 0)
        return
    # Of one that was withdrawn nothing is learned.
    if interaction.dispatch in UNPLACED:
        return
    entry.not_before = None
    is_still_promised = entry.callback_at is not None and entry.callback_at > ended_at
    if interaction.status == Status.SCHEDULED_CALLBACK:
        entry.callback_at = interaction.callback_at
    elif not (is_still_promised and interaction.status in NOBODY_REACHED):
        entry.callback_at = None


def _faults_in_a_row(entry: DialerEntry) -> int:
    """Of the dialer's own, counted from the calls and not one by one: what one came to may be told more than once."""
    calls = Interaction.objects.filter(lead=entry.lead_id, campaign=entry.campaign_id, created_at__gte=entry.sent_at)
    calls = calls.filter(origin__in=BY_DIALER)
    over = calls.exclude(status=Status.IN_PROGRESS)
    # What the gate has withdrawn, or what waited too long, says nothing of the way to the provider.
    over = over.filter(~Q(dispatch=Dispatch.WITHDRAWN) | Q(error_code=ErrorCode.INTERNAL))
    codes = over.order_by("-id").values_list("error_code", flat=True)[:MOST_FAULTS]
    return len(list(takewhile(lambda code: code in FAULT_CODES, codes)))
