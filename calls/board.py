"""What the home page says: today, now, what is due, the last week, and whom to call next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
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
from leads.review import count_waiting

DAYS = 7
# Each one asked costs a look through the gate.
ASKED = 6
SHOWN_NEXT = 4
LIVE_SHOWN = 10

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
class Now:
    """What changes while the page is open."""

    calls_today: int
    live: int
    callbacks_due: int
    to_review: int
    calls: list[Interaction]


@dataclass(frozen=True)
class Week:
    days: list[Column]
    outcomes: list[Bar]

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.outcomes)


def now_of(workspace: Workspace) -> Now:
    live = Interaction.objects.live().filter(workspace=workspace)
    return Now(
        calls_today=calls_of_last_days(workspace, days=1).count(),
        live=live.count(),
        callbacks_due=callbacks_due(workspace).count(),
        to_review=count_waiting(workspace),
        calls=list(live.select_related("lead", "agent").order_by("-id")[:LIVE_SHOWN]),
    )


def week_of(workspace: Workspace) -> Week:
    zone = ZoneInfo(workspace.timezone)
    today = clock.now().astimezone(zone).date()
    from_day = today - timedelta(days=DAYS - 1)
    counts = _counts(workspace, zone)
    return Week(days=_week(counts, from_day), outcomes=_outcomes(counts, from_day, today))


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
    """Somebody to call, and what the gate says to it; nothing yet for those it was not asked about."""

    lead: Lead
    verdict: Verdict | None = None

    @property
    def is_promised(self) -> bool:
        return self.lead.status == LeadStatus.SCHEDULED_CALLBACK

    @property
    def is_allowed(self) -> bool:
        return bool(self.verdict and self.verdict.allowed)


@dataclass(frozen=True)
class Next:
    """Whom to call now; when nobody may be called, who is the first that may be."""

    now: Candidate | None
    later: Candidate | None
    then: list[Candidate]


def next_for(workspace: Workspace, user: User, *, without: int = 0) -> Next:
    """Promised callbacks first, then those nobody has called yet, one's own before everybody's."""
    candidates = [Candidate(lead) for lead in _candidates(workspace, user) if lead.pk != without]
    for place, candidate in enumerate(candidates[:ASKED]):
        candidates[place] = asked = Candidate(candidate.lead, preflight(lead=candidate.lead).verdict)
        if asked.is_allowed:
            return Next(asked, None, _others(candidates, asked))
    waiting = [candidate for candidate in candidates if candidate.verdict and candidate.verdict.next_allowed_at]
    later = min(waiting, key=_when, default=None)
    return Next(None, later, _others(candidates, later))


def _when(candidate: Candidate) -> datetime:
    assert candidate.verdict
    assert candidate.verdict.next_allowed_at
    return candidate.verdict.next_allowed_at


def _others(candidates: list[Candidate], chosen: Candidate | None) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate is not chosen][:SHOWN_NEXT]


def _candidates(workspace: Workspace, user: User) -> list[Lead]:
    promised = _callable(callbacks_due(workspace))
    fresh = _callable(Lead.objects.filter(workspace=workspace, status=LeadStatus.NEW))
    found: list[Lead] = []
    for leads, order in ((promised, "callback_at"), (fresh, "-id")):
        for whose in (Q(owner=user), Q(owner=None), Q(owner__isnull=False) & ~Q(owner=user)):
            found += leads.filter(whose).order_by(order)[: max(0, ASKED + SHOWN_NEXT - len(found))]
    return found


def _callable(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Without those whom no waiting makes callable; the gate has the last word."""
    listed = DoNotCall.objects.filter(workspace=OuterRef("workspace"), channel=Channel.PHONE, address=OuterRef("phone"))
    live = Interaction.objects.live().filter(lead=OuterRef("pk"))
    able = leads.exclude(phone="").filter(campaign__status=Campaign.Status.ACTIVE, is_test=False)
    return able.exclude(Exists(listed)).exclude(Exists(live)).select_related("campaign", "workspace", "owner")
