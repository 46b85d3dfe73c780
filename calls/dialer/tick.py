"""One beat of the dialer: for every campaign that has somebody due, as many calls as can start in the next moments.

Its cost does not depend on how many wait for later: which campaigns have somebody due, and who, is read by the index
`dialer_due` lane by lane. What is begun here passes the same gate as every call; pace and caps are only guessed here,
so that no more is queued than can start soon, and held exactly where a call gets its line (calls.dispatch.lines). Two
schedulers that both believe that they lead do no harm: an entry is taken under its lock, a line under its account's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.actors import SYSTEM
from accounts.models import OperatorSwitch
from calls import job_names
from calls.dialer.entries import settle
from calls.dialer.planning import SENTENCES, CampaignRules, Planned, blocking, plan_entries
from calls.dispatch.circuit import blocked
from calls.gate.facts import day_of
from calls.models import DialerEntry, DialerState, Dispatch, Interaction
from calls.services import open_calls
from campaigns.models import Campaign, ProviderAccount
from common import clock
from common.queue import enqueue_many_after_commit

log = structlog.get_logger(__name__)
Lane, State = DialerEntry.Lane, DialerEntry.State
# Calls of the next so many seconds are queued ahead, so that no start is lost between two ticks.
AHEAD_SECONDS = 3.0
# At most so many entries of one campaign are looked at in one tick, and so many begun at a time.
MOST_LOOKED_AT = 200
AT_ONCE = 50
DIALS_A_JOB = 4
RESUME_AFTER = timedelta(seconds=30)
CLASH_WAIT = timedelta(minutes=1)
FAULT_WAIT = timedelta(minutes=15)
BLOCKED_WAIT = timedelta(seconds=5)


@dataclass
class Turn:
    """One campaign's part of a tick."""

    campaign: Campaign
    state: DialerState
    room: int = 0
    begun: int = 0
    looked_at: int = 0
    is_empty: bool = False
    held: tuple[str, str] = ("", "")
    resume_at: datetime | None = None


@dataclass
class Room:
    """How many more calls an account can start in the next moments."""

    lines: int
    starts: int

    @property
    def free(self) -> int:
        return max(min(self.lines, self.starts), 0)

    def take(self, count: int) -> None:
        self.lines -= count
        self.starts -= count


def tick() -> int:
    """How many calls were begun."""
    turns = _turns()
    rooms = _rooms({turn.campaign.production_agent.account for turn in turns if turn.campaign.production_agent})
    by_account: dict[int, list[Turn]] = defaultdict(list)
    for turn in turns:
        if _may_begin(turn, rooms):
            by_account[turn.campaign.production_agent.account_id].append(turn)  # type: ignore[union-attr]
    for account_id, sharing in by_account.items():
        _share(sharing, rooms[account_id])
    for turn in turns:
        _keep_state(turn)
    return sum(turn.begun for turn in turns)


def _turns() -> list[Turn]:
    """Campaigns with somebody due, the one that was served longest ago first."""
    due = [Exists(_due(OuterRef("pk"), lane)) for lane in Lane]
    someone = Q(due[0]) | Q(due[1]) | Q(due[2]) | Q(due[3])
    dials = Q(dialer=Campaign.Dialer.ON) | Q(
        Q(due[Lane.SUBMITTED]), dialer=Campaign.Dialer.OFF, first_action=Campaign.FirstAction.VOICE_AI
    )
    ready = Q(dialer_state=None) | Q(dialer_state__resume_at=None) | Q(dialer_state__resume_at__lte=clock.real_now())
    stopped = OperatorSwitch.objects.filter(calls_stopped_at__isnull=False)
    rows = Campaign.objects.filter(someone, dials, ready, ~Exists(stopped), status=Campaign.Status.ACTIVE)
    rows = rows.filter(workspace__calls_stopped_at=None)
    related = rows.select_related("workspace", "dialer_state", "production_agent__account")
    order = (F("dialer_state__served_at").asc(nulls_first=True), "pk")
    return [Turn(row, _state_of(row)) for row in related.order_by(*order)]


def _state_of(campaign: Campaign) -> DialerState:
    state = getattr(campaign, "dialer_state", None)
    return state or DialerState.objects.get_or_create(campaign=campaign)[0]


def _due(campaign: OuterRef | int, lane: int) -> QuerySet[DialerEntry]:
    return DialerEntry.objects.filter(campaign=campaign, lane=lane, state=State.WAITING, due_at__lte=clock.now())


def _rooms(accounts: Iterable[ProviderAccount]) -> dict[int, Room]:
    accounts = list(accounts)
    ids = [account.pk for account in accounts]
    live = Interaction.objects.live().filter(account__in=ids)
    taken = dict(live.values_list("account").annotate(Count("pk")).order_by())
    unsent = live.filter(dispatch__in=[Dispatch.QUEUED, Dispatch.PLACING], sent_at=None)
    queued = dict(unsent.values_list("account").annotate(Count("pk")).order_by())
    return {
        account.pk: Room(
            lines=account.concurrency - taken.get(account.pk, 0),
            starts=_ahead(float(account.calls_per_second)) - queued.get(account.pk, 0),
        )
        for account in accounts
    }


def _ahead(per_second: float) -> int:
    return max(math.ceil(per_second * AHEAD_SECONDS), 1)


def _may_begin(turn: Turn, rooms: dict[int, Room]) -> bool:
    campaign = turn.campaign
    agent = campaign.production_agent
    if agent is None:
        turn.held = ("AGENT_NOT_CONFIGURED", "The campaign has no voice agent: choose one.")
        return False
    if stop := blocked(agent.account):
        turn.held = ("PROVIDER_DOWN", f"{agent.account} does not take calls at the moment: {stop[1]}")
        return False
    if not rooms[agent.account_id].free:
        turn.held = ("WAITING_FOR_LINE", f"Waiting for a free line of {agent.account}.")
        return False
    turn.room = _room_of(turn)
    return turn.room > 0


def _room_of(turn: Turn) -> int:
    """By the campaign's own caps."""
    campaign = turn.campaign
    live = Interaction.objects.live().filter(campaign=campaign)
    room = AT_ONCE
    if campaign.dialer_concurrency:
        room = min(room, campaign.dialer_concurrency - live.count())
        if room <= 0:
            turn.held = ("WAITING_FOR_LINE", "As many calls as the campaign may make at a time are under way.")
            return 0
    unsent = live.filter(dispatch__in=[Dispatch.QUEUED, Dispatch.PLACING], sent_at=None)
    if campaign.daily_cap:
        begins, _ = day_of(campaign.workspace)
        made = Interaction.objects.filter(campaign=campaign).made_since(begins).count()
        waiting = unsent.filter(line_at=None).count()
        room = min(room, campaign.daily_cap - made - waiting)
        if room <= 0:
            turn.held = ("DAILY_CAP_REACHED", "As many calls as the campaign may make in a day are made.")
            return 0
    if campaign.calls_per_minute:
        room = min(room, _starts_ahead(turn.state, campaign.calls_per_minute) - unsent.count())
        if room <= 0:
            turn.held = ("PACE", "The next call starts when the pace allows it.")
    return max(room, 0)


def _starts_ahead(state: DialerState, per_minute: int) -> int:
    """How many of the campaign's starts lie within the next moments."""
    spacing = 60 / per_minute
    now = clock.real_now()
    first = max((state.next_start_at - now).total_seconds(), 0) if state.next_start_at else 0.0
    return 0 if first > AHEAD_SECONDS else int((AHEAD_SECONDS - first) / spacing) + 1


def _share(turns: list[Turn], room: Room) -> None:
    """Each gets the same; what one leaves goes to the others."""
    while room.free and turns:
        portion = max(room.free // len(turns), 1)
        for turn in list(turns):
            wanted = min(portion, turn.room - turn.begun, room.free)
            begun = _serve(turn, wanted) if wanted > 0 else 0
            room.take(begun)
            if turn.is_empty or turn.begun >= turn.room or not begun:
                turns.remove(turn)


def _serve(turn: Turn, wanted: int) -> int:
    """A campaign at which something breaks is left alone for a while, and holds up no other."""
    try:
        return _begin(turn, wanted)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("dialer_fault", campaign=turn.campaign.code, exc_info=error)
        turn.is_empty = True
        turn.held = ("INTERNAL_ERROR", "Something is wrong with this campaign; the operator finds it in the log.")
        turn.resume_at = clock.real_now() + RESUME_AFTER
        return 0


def _begin(turn: Turn, wanted: int) -> int:
    """Looks at the next ones until as many as wanted are begun; the others get the time that the rules of now give."""
    begun = 0
    rules = CampaignRules(turn.campaign)
    # Here, so that a mistake in the rules is the campaign's and not each entry's.
    _ = rules.rules
    while begun < wanted and turn.looked_at < MOST_LOOKED_AT:
        entries = _next(turn, min(wanted - begun, AT_ONCE))
        if not entries:
            turn.is_empty = True
            break
        turn.looked_at += len(entries)
        count = _start(turn, rules, entries)
        begun += count
        turn.begun += count
        if turn.held[0]:
            turn.is_empty = True
            break
    return begun


def _next(turn: Turn, count: int) -> list[int]:
    campaign = turn.campaign
    lanes = [_lane(turn, Lane.CALLBACK, count), _lane(turn, Lane.SUBMITTED, count)]
    if campaign.dialer != Campaign.Dialer.ON:
        return [pk for _, pk in lanes[1]][:count]
    new, retries = _lane(turn, Lane.NEW, count), _lane(turn, Lane.RETRY, count)
    rest = [*new, *retries] if campaign.new_first else list(merge(new, retries))
    return [pk for _, pk in (*lanes[0], *lanes[1], *rest)][:count]


def _lane(turn: Turn, lane: int, count: int) -> list[tuple[object, int]]:
    return list(_due(turn.campaign.pk, lane).order_by("due_at", "id").values_list("due_at", "pk")[:count])


def _start(turn: Turn, rules: CampaignRules, entries: Sequence[int]) -> int:
    """One that cannot be begun keeps none of the others from it."""
    try:
        return _start_all(turn, rules, entries)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(entries) > 1:
            return sum(_start(turn, rules, [pk]) for pk in entries)
        _postpone(entries[0], error)
        return 0


def _postpone(pk: int, error: Exception) -> None:
    fields = {"due_at": clock.now() + CLASH_WAIT, "why": "CALL_IN_PROGRESS", "why_text": SENTENCES["CALL_IN_PROGRESS"]}
    # Somebody else has begun a call to this number between the gate's look and ours; all else is a mistake of ours.
    if not isinstance(error, IntegrityError):
        log.exception("entry_fault", entry=pk, exc_info=error)
        fields = {"due_at": clock.now() + FAULT_WAIT, "why": "INTERNAL_ERROR", "why_text": SENTENCES["INTERNAL_ERROR"]}
    DialerEntry.objects.filter(pk=pk, state=State.WAITING).update(**fields, updated_at=clock.now())


@transaction.atomic
def _start_all(turn: Turn, rules: CampaignRules, ids: Sequence[int]) -> int:
    # The leads too: whoever changes one at this moment plans its entry, and neither waits for the other.
    rows = DialerEntry.objects.select_for_update(of=("self", "lead"), no_key=True, skip_locked=True)
    waiting = rows.select_related("lead__workspace").filter(pk__in=ids, state=State.WAITING)
    entries = list(waiting.order_by("pk"))
    place = {pk: at for at, pk in enumerate(ids)}
    planned = plan_entries(rules, sorted(entries, key=lambda entry: place[entry.pk]))
    if reason := next((blocking(each.verdict) for each in planned if blocking(each.verdict)), None):
        turn.held = (reason.code, reason.message)
        turn.resume_at = clock.real_now() + BLOCKED_WAIT
        return 0
    ready = _apart([each for each in planned if each.verdict.allowed and each.why == "DUE"])
    chosen = {each.entry.pk for each in ready}
    settle([each for each in planned if each.entry.pk not in chosen])
    _call(ready)
    return len(ready)


def _apart(ready: Sequence[Planned]) -> list[Planned]:
    """One number at a time, also where two leads share it."""
    return list({each.plan.number: each for each in reversed(ready)}.values())[::-1]


def _call(ready: Sequence[Planned]) -> None:
    calls = open_calls([each.plan for each in ready], by=SYSTEM)
    for each, call in zip(ready, calls, strict=True):
        entry = each.entry
        entry.state, entry.interaction, entry.updated_at = State.CALLING, call, clock.now()
        entry.why, entry.why_text = "CALLING", "It is being called."
    names = ["state", "interaction", "updated_at", "why", "why_text"]
    DialerEntry.objects.bulk_update([each.entry for each in ready], names)
    enqueue_many_after_commit(job_names.DIAL, [call.pk for call in calls], queue="dial", each=DIALS_A_JOB)


def _keep_state(turn: Turn) -> None:
    """Written only where it says something else than before."""
    held = ("", "") if turn.begun else (turn.held[0], turn.held[1][:300])
    fields: dict[str, object] = {"served_at": clock.real_now()} if turn.begun else {}
    if turn.resume_at:
        fields["resume_at"] = turn.resume_at
    if held != (turn.state.held_why, turn.state.held_text):
        fields |= {"held_why": held[0], "held_text": held[1]}
    if fields:
        DialerState.objects.filter(pk=turn.state.pk).update(**fields)
