"""What the home page says: today, now, what is due, the last week, and whom to call next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.urls import reverse

from accounts.models import User, Workspace
from calls.figures import calls_of_last_days
from calls.gate.rules import Verdict
from calls.models import Interaction, Status
from calls.services import preflight
from campaigns.models import Campaign
from common import clock
from common.charts import Bar, Column, Segment, share, stack
from leads.callbacks import callbacks_due
from leads.models import Channel, DoNotCall, Lead, LeadStatus

DAYS = 7
# Each one asked costs a look through the gate.
ASKED = 6
SHOWN_NEXT = 4

# From what one hopes for to what one does not, as the bars are stacked.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("won", "Qualified", (Status.QUALIFIED,)),
    ("reached", "Reached", (Status.COMPLETED, Status.INCOMPLETE)),
    ("work", "To go on with", (Status.SCHEDULED_CALLBACK, Status.FOLLOW_UP)),
    ("quiet", "Not reached", (Status.VOICEMAIL, Status.NO_ANSWER, Status.BUSY, Status.NO_CONTACT)),
    ("stopped", "Said no", (Status.DISQUALIFIED, Status.DNC)),
    ("fault", "Error", (Status.ERROR,)),
    ("new", "Under way", (Status.IN_PROGRESS,)),
)
FAMILY = {status: family for family, _, statuses in GROUPS for status in statuses}


@dataclass(frozen=True)
class Board:
    today: date
    calls_today: int
    live: int
    callbacks_due: int
    new_leads: bool
    week: list[Column]
    outcomes: list[Bar]
    from_day: date

    @property
    def week_total(self) -> int:
        return sum(outcome.count for outcome in self.outcomes)


def board_of(workspace: Workspace) -> Board:
    zone = ZoneInfo(workspace.timezone)
    today = clock.now().astimezone(zone).date()
    from_day = today - timedelta(days=DAYS - 1)
    counts = _counts(workspace, zone)
    live = Interaction.objects.live().filter(workspace=workspace).count()
    return Board(
        today=today,
        calls_today=calls_of_last_days(workspace, days=1).count(),
        live=live,
        callbacks_due=callbacks_due(workspace).count(),
        new_leads=Lead.objects.filter(workspace=workspace, status=LeadStatus.NEW).exists(),
        week=_week(counts, from_day),
        outcomes=_outcomes(counts, from_day, today),
        from_day=from_day,
    )


def _counts(workspace: Workspace, zone: ZoneInfo) -> dict[tuple[date, str], int]:
    calls = calls_of_last_days(workspace, days=DAYS)
    rows = calls.annotate(day=TruncDate("created_at", tzinfo=zone)).values_list("day", "status").order_by()
    return {(day, status): count for day, status, count in rows.annotate(count=Count("pk"))}


def _week(counts: dict[tuple[date, str], int], from_day: date) -> list[Column]:
    days = [from_day + timedelta(days=i) for i in range(DAYS)]
    columns = []
    for day in days:
        segments = tuple(
            Segment(family, label, sum(counts.get((day, status), 0) for status in statuses))
            for family, label, statuses in GROUPS
        )
        columns.append(Column(f"{day:%a} {day.day}", _list_url(day, day), segments))
    return stack(columns)


def _outcomes(counts: dict[tuple[date, str], int], from_day: date, today: date) -> list[Bar]:
    totals = {status: sum(n for (_, found), n in counts.items() if found == status) for status in FAMILY}
    most = max(totals.values(), default=0)
    return [
        Bar(
            Status(status).label,
            totals[status],
            family,
            share(totals[status], most),
            _list_url(from_day, today, status),
        )
        for status, family in FAMILY.items()
        if totals[status]
    ]


def _list_url(first: date, last: date, status: str = "") -> str:
    asked = {"from": first.isoformat(), "to": last.isoformat()} | ({"status": status} if status else {})
    return f"{reverse('conversation_list')}?{urlencode(asked)}"


@dataclass(frozen=True)
class Candidate:
    lead: Lead
    why: str
    verdict: Verdict
    callback_at: datetime | None = None


@dataclass(frozen=True)
class Next:
    """Whom to call now; when nobody may be called, who is the first that may be."""

    now: Candidate | None
    later: Candidate | None
    then: list[Lead]


def next_for(workspace: Workspace, user: User) -> Next:
    """Promised callbacks first, then those nobody has called yet, one's own before everybody's."""
    candidates = _candidates(workspace, user)
    asked: list[Candidate] = []
    for lead in candidates[:ASKED]:
        candidate = _ask(lead)
        if candidate.verdict.allowed:
            return Next(candidate, None, _without(candidates, lead))
        asked.append(candidate)
    waiting = [candidate for candidate in asked if candidate.verdict.next_allowed_at]
    later = min(waiting, key=_when, default=None)
    return Next(None, later, _without(candidates, later.lead) if later else candidates[:SHOWN_NEXT])


def _when(candidate: Candidate) -> datetime:
    assert candidate.verdict.next_allowed_at
    return candidate.verdict.next_allowed_at


def _without(leads: list[Lead], chosen: Lead) -> list[Lead]:
    return [lead for lead in leads if lead.pk != chosen.pk][:SHOWN_NEXT]


def _ask(lead: Lead) -> Candidate:
    callback_at = getattr(lead, "callback_at", None)
    why = "Asked to be called back" if callback_at else "New, nobody has called yet"
    return Candidate(lead, why, preflight(lead=lead).verdict, callback_at)


def _candidates(workspace: Workspace, user: User) -> list[Lead]:
    promised = _callable(callbacks_due(workspace), user).order_by("whose", "callback_at")
    fresh = Lead.objects.filter(workspace=workspace, status=LeadStatus.NEW)
    newest = _callable(fresh, user).order_by("whose", "-id")
    size = ASKED + SHOWN_NEXT
    found = list(promised[:size])
    return found + list(newest[: size - len(found)])


def _callable(leads: QuerySet[Lead], user: User) -> QuerySet[Any]:
    """Without those whom no waiting makes callable; the gate has the last word."""
    listed = DoNotCall.objects.filter(workspace=OuterRef("workspace"), channel=Channel.PHONE, address=OuterRef("phone"))
    live = Interaction.objects.live().filter(lead=OuterRef("pk"))
    mine = When(owner=user, then=Value(0))
    nobodys = When(owner=None, then=Value(1))
    whose = Case(mine, nobodys, default=Value(2), output_field=IntegerField())
    able = leads.exclude(phone="").filter(campaign__status=Campaign.Status.ACTIVE, is_test=False)
    found = able.exclude(Exists(listed)).exclude(Exists(live)).annotate(whose=whose)
    return found.select_related("campaign", "workspace", "owner")


def live_calls(workspace: Workspace) -> list[Interaction]:
    calls = Interaction.objects.live().filter(workspace=workspace).select_related("lead", "agent")
    return list(calls.order_by("-id")[:10])
