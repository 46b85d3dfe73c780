"""The auto-dialer as the API answers it."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from calls.dialer.figures import Count, Live, held_of, is_due
from calls.models import DialerEntry
from campaigns.models import Campaign
from common.shapes import Moment, as_moment, iso

LANES: dict[int, Literal["callback", "submitted", "new", "retry"]] = {
    DialerEntry.Lane.CALLBACK: "callback",
    DialerEntry.Lane.SUBMITTED: "submitted",
    DialerEntry.Lane.NEW: "new",
    DialerEntry.Lane.RETRY: "retry",
}


class CountShape(TypedDict):
    """Counted up to ten thousand."""

    number: int
    isMore: Annotated[bool, "There are more than that."]


class DialerCallsShape(TypedDict):
    """Calls of the campaign that are under way, whoever asked for them."""

    queued: int
    ringing: int
    talking: int


class DialerLeadsShape(TypedDict):
    due: Annotated[CountShape, "Their time has come: they wait for a free line."]
    waiting: Annotated[CountShape, "Their time will come."]
    parked: Annotated[CountShape, "They wait without a time: `why` of each says for what."]
    done: CountShape


class DialerPaceShape(TypedDict):
    """Against the campaign's limits, which count calls of the auto-dialer and first calls of new leads."""

    startedLastMinute: int
    callsPerMinute: int | None
    underWay: Annotated[int, "With those that are queued."]
    concurrency: int | None
    startedToday: int
    dailyCap: int | None


class DialerTodayShape(TypedDict):
    """All calls of the campaign, whoever asked for them, in the day of the workspace's time zone."""

    placed: int
    answered: int
    reached: Annotated[int, "Calls in which a person spoke."]


class DialerShape(TypedDict):
    """A campaign's auto-dialer as it is at this moment."""

    campaignId: str
    state: Literal["off", "on", "paused"]
    heldWhy: Annotated[str | None, "A code: why nobody is dialed although somebody is due."]
    heldText: Annotated[str | None, "The same for people."]
    calls: DialerCallsShape
    leads: DialerLeadsShape
    nextCallTime: Annotated[Moment | None, "When the next lead is due."]
    pace: DialerPaceShape
    today: DialerTodayShape


class DialerLeadShape(TypedDict):
    """A lead in its campaign's auto-dialer."""

    leadId: str
    campaignId: str
    state: Annotated[Literal["waiting", "calling", "done"], "done: it is not called any more, unless it is sent again."]
    lane: Annotated[
        Literal["callback", "submitted", "new", "retry"],
        "Whoever is due in an earlier one goes first: callbacks, who just came in, who was never called, retries.",
    ]
    nextCallTime: Annotated[Moment | None, "The next allowed time, by the rules of now; null: there is none."]
    why: Annotated[str | None, "A code: the rule that gave the time, or why there is none or no call any more."]
    whyText: Annotated[str | None, "The same for people."]
    callbackAt: Annotated[Moment | None, "When the lead asked to be called back."]
    interactionId: Annotated[str | None, "The call that is under way for it."]
    sentAt: Annotated[Moment, "When it was last sent to the auto-dialer."]


class ListedDialerLeadShape(DialerLeadShape):
    """As it was planned when something changed last."""

    updatedAt: Moment


class LeadDialerShape(TypedDict):
    """Whether the auto-dialer of the lead's campaign calls it, and when."""

    inDialer: Annotated[bool, "It waits, or is being called."]
    dialer: Annotated[Literal["off", "on", "paused"], "The state of the campaign's auto-dialer."]
    heldWhy: Annotated[str | None, "A code: why it is not called although its time has come."]
    heldText: Annotated[str | None, "The same for people."]
    entry: Annotated[DialerLeadShape | None, "null: it was never sent there."]


def dialer_json(campaign: Campaign, live: Live) -> DialerShape:
    return {
        "campaignId": campaign.code,
        "state": live.state,  # type: ignore[typeddict-item]
        "heldWhy": live.held_why or None,
        "heldText": live.held_text or None,
        "calls": {"queued": live.queued, "ringing": live.ringing, "talking": live.talking},
        "leads": {
            "due": _count(live.due),
            "waiting": _count(live.waiting),
            "parked": _count(live.parked),
            "done": _count(live.done),
        },
        "nextCallTime": iso(live.next_at),
        "pace": {
            "startedLastMinute": live.started_last_minute,
            "callsPerMinute": live.calls_per_minute,
            "underWay": live.counted_now,
            "concurrency": live.concurrency,
            "startedToday": live.counted_today,
            "dailyCap": live.daily_cap,
        },
        "today": {"placed": live.placed_today, "answered": live.answered_today, "reached": live.reached_today},
    }


def _count(count: Count) -> CountShape:
    return {"number": count.number, "isMore": count.is_more}


def dialer_lead_json(entry: DialerEntry, campaign: Campaign) -> DialerLeadShape:
    """Give the entry with its lead and its call."""
    call = entry.interaction
    return {
        "leadId": entry.lead.public_id,
        "campaignId": campaign.code,
        "state": entry.state,  # type: ignore[typeddict-item]
        "lane": LANES[entry.lane],
        "nextCallTime": iso(entry.due_at) if entry.state == DialerEntry.State.WAITING else None,
        "why": entry.why or None,
        "whyText": entry.why_text or None,
        "callbackAt": iso(entry.callback_at),
        "interactionId": call.public_id if call else None,
        "sentAt": as_moment(entry.sent_at),
    }


def listed_json(entry: DialerEntry, campaign: Campaign) -> ListedDialerLeadShape:
    return {**dialer_lead_json(entry, campaign), "updatedAt": as_moment(entry.updated_at)}


def lead_dialer_json(campaign: Campaign, entry: DialerEntry | None) -> LeadDialerShape:
    held_why, held_text = held_of(campaign) if is_due(entry) else ("", "")
    return {
        "inDialer": entry is not None and entry.state != DialerEntry.State.DONE,
        "dialer": campaign.dialer,  # type: ignore[typeddict-item]
        "heldWhy": held_why or None,
        "heldText": held_text or None,
        "entry": dialer_lead_json(entry, campaign) if entry else None,
    }
