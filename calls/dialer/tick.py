"""One beat of the dialer: for every campaign that has somebody due, as many calls as can start in the next moments.

Its cost does not depend on how many wait for later: which campaigns have somebody due, and who, is read by the index
`dialer_due` lane by lane. What is begun here passes the same gate as every call; pace and caps are only guessed here,
so that no more is queued than can start soon, and held exactly where a call gets its line (calls.dispatch.lines). Two
schedulers that both believe that they lead do no harm: an entry is taken under its lock, a line under its account's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.actors import SYSTEM
from accounts.models import OperatorSwitch
from calls import job_names
from calls.dialer.entries import settle
from calls.dialer.planning import FAULT_WAIT, SENTENCES, CampaignRules, Planned, holds_campaign, plan_entries
from calls.dispatch.circuit import blocked
from calls.dispatch.lines import BY_DIALER
from calls.gate.facts import day_of
from calls.models import DialerEntry, DialerState, Dispatch, Interaction
from calls.services import open_calls
from campaigns.models import Campaign, ProviderAccount
from common import clock
from common.patience import OF_THE_DATABASE
from common.queue import enqueue_many_after_commit

log = structlog.get_logger(__name__)
Lane, State = DialerEntry.Lane, DialerEntry.State
# Calls of the next so many seconds are queued ahead, so that no start is lost between two ticks.
AHEAD_SECONDS = 3.0
# At most so many entries of one campaign are looked at in one tick, and so many at a time.
MOST_LOOKED_AT = 600
AT_ONCE = 100
DIALS_A_JOB = 8
RESUME_AFTER = timedelta(seconds=30)
CLASH_WAIT = timedelta(minutes=1)
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
    # Entries whose account has no room in this tick.
    left_out: set[int] = field(default_factory=set)
    resume_at: datetime | None = None


@dataclass
class Room:
    """How many more calls an account can start in the next moments, or why it takes none."""

    lines: int
    starts: int
    stop: str = ""

    @property
    def free(self) -> int:
        return 0 if self.stop else max(min(self.lines, self.starts), 0)

    def take(self) -> None:
        self.lines -= 1
        self.starts -= 1


class Rooms:
    """Of the accounts that are asked about: a step may let another agent call."""

    def __init__(self) -> None:
        self._known: dict[int, Room] = {}

    def of(self, account: ProviderAccount) -> Room:
        if account.pk not in self._known:
            self._known[account.pk] = _room(account)
        return self._known[account.pk]

    @contextmanager
    def kept_by_commit(self) -> Iterator[None]:
        """What was taken in a transaction that fails is given back."""
        before = {pk: (room.lines, room.starts) for pk, room in self._known.items()}
        try:
            yield
        except BaseException:
            for pk, room in self._known.items():
                if pk in before:
                    room.lines, room.starts = before[pk]
            raise


def _room(account: ProviderAccount) -> Room:
    live = Interaction.objects.live().filter(account=account)
    unsent = Q(dispatch__in=[Dispatch.QUEUED, Dispatch.PLACING], sent_at=None)
    counted = live.aggregate(taken=Count("pk"), queued=Count("pk", filter=unsent))
    stop = blocked(account)
    return Room(
        lines=account.concurrency - counted["taken"],
        starts=max(math.ceil(float(account.calls_per_second) * AHEAD_SECONDS), 1) - counted["queued"],
        stop=stop[1] if stop else "",
    )


class BrokenRules(Exception):
    """A campaign's own, not one of its entries'."""


def tick() -> int:
    """How many calls were begun."""
    turns = _turns()
    rooms = Rooms()
    by_account: dict[int, list[Turn]] = defaultdict(list)
    for turn in turns:
        agent = turn.campaign.production_agent
        if agent and _may_begin(turn, agent.account, rooms):
            by_account[agent.account_id].append(turn)
        elif agent is None:
            turn.held = ("AGENT_NOT_CONFIGURED", "The campaign has no voice agent: choose one.")
    for account_id, sharing in by_account.items():
        _share(sharing, account_id, rooms)
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
    now = clock.real_now()
    # One further away than anybody sets it was set before the system's clock was set back.
    waits = Q(dialer_state__resume_at__gt=now, dialer_state__resume_at__lte=now + 2 * RESUME_AFTER)
    stopped = OperatorSwitch.objects.filter(calls_stopped_at__isnull=False)
    rows = Campaign.objects.filter(someone, dials, ~Exists(stopped), status=Campaign.Status.ACTIVE).exclude(waits)
    rows = rows.filter(workspace__calls_stopped_at=None)
    related = rows.select_related("workspace", "dialer_state", "production_agent__account")
    order = (F("dialer_state__served_at").asc(nulls_first=True), "pk")
    return [Turn(row, _state_of(row)) for row in related.order_by(*order)]


def _state_of(campaign: Campaign) -> DialerState:
    state = getattr(campaign, "dialer_state", None)
    return state or DialerState.objects.get_or_create(campaign=campaign)[0]


def _due(campaign: OuterRef | int, lane: int) -> QuerySet[DialerEntry]:
    return DialerEntry.objects.filter(campaign=campaign, lane=lane, state=State.WAITING, due_at__lte=clock.now())


def _may_begin(turn: Turn, account: ProviderAccount, rooms: Rooms) -> bool:
    room = rooms.of(account)
    if room.stop:
        turn.held = ("PROVIDER_DOWN", f"{account} does not take calls at the moment: {room.stop}")
    elif not room.free:
        turn.held = ("WAITING_FOR_LINE", f"Waiting for a free line of {account}.")
    else:
        turn.room = _room_of(turn)
    return turn.room > 0


def _room_of(turn: Turn) -> int:
    """By the campaign's own caps."""
    campaign = turn.campaign
    calls = Interaction.objects.filter(campaign=campaign, origin__in=BY_DIALER)
    unsent = calls.live().filter(dispatch__in=[Dispatch.QUEUED, Dispatch.PLACING], sent_at=None)
    room = AT_ONCE
    if campaign.dialer_concurrency:
        room = min(room, campaign.dialer_concurrency - calls.live().count())
        if room <= 0:
            turn.held = ("WAITING_FOR_LINE", "As many calls as the campaign may make at a time are under way.")
            return 0
    if campaign.daily_cap:
        begins, _ = day_of(campaign.workspace)
        made = calls.made_since(begins).count() + unsent.filter(line_at=None).count()
        room = min(room, campaign.daily_cap - made)
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
    wait = (state.next_start_at - clock.real_now()).total_seconds() if state.next_start_at else 0.0
    # Further away than a start can be: the system's clock was set back, and lines.py plans anew.
    first = max(wait, 0.0) if wait <= AHEAD_SECONDS + 2 * spacing else 0.0
    return 0 if first > AHEAD_SECONDS else int((AHEAD_SECONDS - first) / spacing) + 1


def _share(turns: list[Turn], account_id: int, rooms: Rooms) -> None:
    """Each gets the same; what one leaves goes to the others."""
    account = turns[0].campaign.production_agent.account  # type: ignore[union-attr]
    room = rooms.of(account)
    while room.free and turns:
        portion = max(room.free // len(turns), 1)
        for turn in list(turns):
            wanted = min(portion, turn.room - turn.begun, room.free)
            begun = _serve(turn, wanted, rooms) if wanted > 0 else 0
            if turn.is_empty or turn.begun >= turn.room or not begun:
                turns.remove(turn)


def _serve(turn: Turn, wanted: int, rooms: Rooms) -> int:
    """A campaign at which something breaks is left alone for a while, and holds up no other."""
    try:
        return _begin(turn, wanted, rooms)
    except OF_THE_DATABASE as error:
        if not connection.is_usable():
            raise
        log.warning("dialer_blocked", campaign=turn.campaign.code, error=str(error))
        turn.resume_at = clock.real_now() + BLOCKED_WAIT
    except Exception as error:
        log.exception("dialer_fault", campaign=turn.campaign.code, exc_info=error)
        turn.held = ("INTERNAL_ERROR", "Something is wrong with this campaign; the operator finds it in the log.")
        turn.resume_at = clock.real_now() + RESUME_AFTER
    turn.is_empty = True
    return 0


def _begin(turn: Turn, wanted: int, rooms: Rooms) -> int:
    """Looks at the next ones until as many as wanted are begun; the others get the time that the rules of now give."""
    begun, newest_first = 0, False
    while begun < wanted and turn.looked_at < MOST_LOOKED_AT and not turn.held[0] and not turn.is_empty:
        entries = _next(turn, newest_first=newest_first)
        if not entries:
            turn.is_empty = True
            break
        turn.looked_at += len(entries)
        count = _start(turn, entries, wanted - begun, rooms)
        begun += count
        turn.begun += count
        # Where the oldest may not be called any more today, those who became due last may.
        newest_first = not count and not newest_first
    turn.is_empty = turn.is_empty or bool(turn.held[0])
    return begun


def _next(turn: Turn, *, newest_first: bool) -> list[int]:
    campaign = turn.campaign
    lanes = [_lane(turn, Lane.CALLBACK, newest_first), _lane(turn, Lane.SUBMITTED, newest_first)]
    if campaign.dialer != Campaign.Dialer.ON:
        return [pk for _, pk in lanes[1]]
    new, retries = _lane(turn, Lane.NEW, newest_first), _lane(turn, Lane.RETRY, newest_first)
    merged = merge(new, retries, reverse=newest_first)
    rest = [*new, *retries] if campaign.new_first else list(merged)
    return [pk for _, pk in (*lanes[0], *lanes[1], *rest)][:AT_ONCE]


def _lane(turn: Turn, lane: int, newest_first: bool) -> list[tuple[datetime | None, int]]:
    order = ("-due_at", "-id") if newest_first else ("due_at", "id")
    due = _due(turn.campaign.pk, lane).exclude(pk__in=turn.left_out) if turn.left_out else _due(turn.campaign.pk, lane)
    return list(due.order_by(*order).values_list("due_at", "pk")[:AT_ONCE])


def _start(turn: Turn, entries: Sequence[int], wanted: int, rooms: Rooms) -> int:
    """One that cannot be begun keeps none of the others from it."""
    try:
        with rooms.kept_by_commit():
            return _start_all(turn, entries, wanted, rooms)
    except (*OF_THE_DATABASE, BrokenRules):
        raise
    except Exception as error:
        if len(entries) == 1:
            _postpone(entries[0], error)
            return 0
    begun = 0
    for pk in entries:
        begun += _start(turn, [pk], 1, rooms) if begun < wanted else 0
    return begun


def _postpone(pk: int, error: Exception) -> None:
    fields = _waiting("CALL_IN_PROGRESS", CLASH_WAIT)
    # Somebody else has begun a call to this number between the gate's look and ours; all else is a mistake of ours.
    if not isinstance(error, IntegrityError):
        log.exception("entry_fault", entry=pk, exc_info=error)
        fields = _waiting("INTERNAL_ERROR", FAULT_WAIT)
    DialerEntry.objects.filter(pk=pk, state=State.WAITING).update(**fields)


def _waiting(why: str, wait: timedelta, text: str = "") -> dict[str, Any]:
    why_text = (text or SENTENCES[why])[:300]
    return {"due_at": clock.now() + wait, "why": why, "why_text": why_text, "updated_at": clock.now()}


@transaction.atomic
def _start_all(turn: Turn, ids: Sequence[int], wanted: int, rooms: Rooms) -> int:
    # The leads too: whoever changes one at this moment plans its entry, and neither waits for the other.
    rows = DialerEntry.objects.select_for_update(of=("self", "lead"), no_key=True, skip_locked=True)
    waiting = rows.select_related("lead__workspace").filter(pk__in=ids, state=State.WAITING)
    place = {pk: at for at, pk in enumerate(ids)}
    entries = sorted(waiting.order_by("pk"), key=lambda entry: place[entry.pk])
    if not entries:
        # Somebody else has all of them in their hands.
        turn.is_empty = True
        return 0
    planned = plan_entries(_rules(turn), entries)
    if reason := next((reason for each in planned if (reason := holds_campaign(each))), None):
        turn.held = (reason.code, reason.message)
        turn.resume_at = clock.real_now() + BLOCKED_WAIT
        return 0
    ready = [each for each in planned if each.verdict.allowed and each.why == "DUE"]
    chosen = _choose(turn, ready, wanted, rooms)
    _call(chosen)
    _set_aside([each for each in planned if not each.verdict.allowed and each.why == "DUE"])
    settle([each for each in planned if each.why != "DUE"])
    return len(chosen)


def _rules(turn: Turn) -> CampaignRules:
    """Read behind the entries' locks: whoever changes them meanwhile plans these entries anew, after us."""
    rules = CampaignRules(turn.campaign)
    try:
        _ = rules.rules
    except Exception as error:
        raise BrokenRules(str(error)) from error
    return rules


def _choose(turn: Turn, ready: Sequence[Planned], wanted: int, rooms: Rooms) -> list[Planned]:
    """As many as are wanted, as their accounts have room for; one number at a time, also where two leads share it."""
    chosen: dict[str, Planned] = {}
    for each in ready:
        assert each.plan.agent
        room = rooms.of(each.plan.agent.account)
        if len(chosen) == wanted:
            break
        if each.plan.number in chosen:
            continue
        if room.free:
            room.take()
            chosen[each.plan.number] = each
        else:
            _leave_out(turn, each, room)
    return list(chosen.values())


def _leave_out(turn: Turn, planned: Planned, room: Room) -> None:
    """It keeps its time and its place, and the others of this tick are looked at in its stead."""
    turn.left_out.add(planned.entry.pk)
    why, text = ("PROVIDER_DOWN", room.stop) if room.stop else ("WAITING_FOR_LINE", SENTENCES["WAITING_FOR_LINE"])
    same = DialerEntry.objects.filter(pk=planned.entry.pk).exclude(why=why)
    same.update(why=why, why_text=text[:300], updated_at=clock.now())


def _set_aside(refused: Sequence[Planned]) -> None:
    """Those for whom something stands in the way that no time ends, and that is not the whole campaign's."""
    for each in refused:
        fields = _waiting(each.verdict.code, FAULT_WAIT, each.verdict.message)
        DialerEntry.objects.filter(pk=each.entry.pk).update(**fields)


def _call(ready: Sequence[Planned]) -> None:
    if not ready:
        return
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
    if turn.left_out and not turn.held[0]:
        turn.held = ("WAITING_FOR_LINE", SENTENCES["WAITING_FOR_LINE"])
    held = ("", "") if turn.begun else (turn.held[0], turn.held[1][:300])
    fields: dict[str, object] = {"served_at": clock.real_now()} if turn.begun else {}
    if turn.resume_at:
        fields["resume_at"] = turn.resume_at
    if held != (turn.state.held_why, turn.state.held_text):
        fields |= {"held_why": held[0], "held_text": held[1]}
    if fields:
        DialerState.objects.filter(pk=turn.state.pk).update(**fields)
