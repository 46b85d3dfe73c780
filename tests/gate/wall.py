"""An answer to when a number may be called that shares nothing with the engine: it walks minute by minute and looks at
the clock on the wall of every zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Week = tuple[tuple[tuple[int, int], ...], ...]
MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)
ZONES = [
    "America/New_York",
    "Pacific/Honolulu",
    "Europe/London",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
]
# Two days before clocks change somewhere: at midnight, by half an hour, by a whole day, back and forth.
CHANGES = [
    *("2011-12-28", "2018-11-02", "2024-03-08", "2024-04-23", "2024-09-06", "2024-10-29", "2025-03-07", "2025-03-28"),
    *("2025-04-04", "2025-10-03", "2025-10-24", "2025-10-31", "2026-02-13", "2026-03-20", "2026-03-27", "2028-02-27"),
]


@dataclass(frozen=True, kw_only=True)
class Question:
    now: datetime
    hours: Week
    judged: tuple[str, ...]
    """Zones in which hours and holidays must let the call through."""
    holidays: tuple[str, ...] = ()
    last_call_at: datetime | None = None
    min_gap: timedelta = timedelta()
    attempts: tuple[datetime, ...] = ()
    max_per_day: int | None = None
    number_free_at: datetime | None = None
    not_before: datetime | None = None
    part: str = ""
    zones: tuple[str, ...] = ()

    def allows(self, moment: datetime) -> bool:
        return self._limits_allow(moment) and all(self._is_open(moment, zone) for zone in self.judged)

    def _limits_allow(self, moment: datetime) -> bool:
        """Of the calls in the 24 hours that end now, this one with them, there are no more than may be."""
        if self.max_per_day and sum(moment - DAY < call <= moment for call in self.attempts) >= self.max_per_day:
            return False
        if self.last_call_at and moment - self.last_call_at < self.min_gap:
            return False
        return all(moment >= limit for limit in (self.now, self.not_before, self.number_free_at) if limit)

    def _is_open(self, moment: datetime, zone: str) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        if any(local.strftime("%Y-%m-%d").endswith(day) for day in self.holidays):
            return False
        return any(start <= local.hour * 60 + local.minute < end for start, end in self.hours[local.weekday()])

    def prefers(self, moment: datetime) -> bool:
        hours = [moment.astimezone(ZoneInfo(zone)).hour for zone in self.zones]
        wanted = {"morning": range(12), "afternoon": range(12, 17), "evening": range(17, 24)}[self.part]
        return all(hour in wanted for hour in hours)

    def moments(self, start: datetime, days: int, step: timedelta = MINUTE) -> Iterator[datetime]:
        """Every full minute, and every moment at which a limit ends, in order."""
        limits = [self.now, self.not_before, self.number_free_at, *(call + DAY for call in self.attempts)]
        limits += [self.last_call_at + self.min_gap] if self.last_call_at else []
        ends, moment = start + timedelta(days=days), start.replace(minute=0, second=0, microsecond=0)
        between = sorted({limit for limit in limits if limit and start <= limit < ends})
        while moment < ends:
            while between and between[0] <= moment:
                yield between.pop(0)
            if moment >= start:
                yield moment
            moment += step

    def answer(self, days: int, step: timedelta = MINUTE) -> datetime | None:
        earliest = next((moment for moment in self.moments(self.now, days, step) if self.allows(moment)), None)
        if earliest is None or not self.part:
            return earliest
        later = self.moments(earliest, 3, step)
        return next((moment for moment in later if self.allows(moment) and self.prefers(moment)), earliest)


def windows() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Of one day, on quarters of an hour, apart from each other."""
    quarters = st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True).map(sorted)
    return st.one_of(
        quarters.map(lambda q: tuple((q[i] * 15, q[i + 1] * 15) for i in range(0, len(q) - 1, 2))),
        st.just(()),
        st.just(((540, 1020),)),
        st.just(((0, 90), (1320, 1440))),
        st.just(((0, 1440),)),
    )


def weeks() -> st.SearchStrategy[Week]:
    return st.tuples(*[windows() for _ in range(7)])


def moments_near_changes() -> st.SearchStrategy[datetime]:
    days = st.sampled_from(CHANGES).map(lambda day: datetime.fromisoformat(day).replace(tzinfo=UTC))
    anywhere = st.datetimes(datetime(2018, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))
    spans = st.timedeltas(timedelta(), timedelta(days=4))
    return st.one_of(st.builds(lambda day, span: day + span, days, spans), anywhere)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    now = draw(moments_near_changes())
    zones = tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True)))
    fixed = draw(st.sampled_from(["", "", "Europe/London", "Asia/Kathmandu"]))
    days = st.integers(-1, 6).map(lambda days: f"{now + timedelta(days=days):%Y-%m-%d}")
    ago, hence = _spans(now, -3000, 0), _spans(now, -600, 6000)
    return Question(
        now=now,
        hours=draw(weeks()),
        judged=(fixed,) if fixed else zones,
        holidays=tuple(draw(st.lists(days | days.map(lambda day: day[5:]), max_size=3))),
        last_call_at=draw(st.none() | ago),
        min_gap=timedelta(minutes=draw(st.integers(0, 3000))),
        attempts=tuple(draw(st.lists(ago, max_size=5))),
        max_per_day=draw(st.none() | st.integers(1, 4)),
        number_free_at=draw(st.none() | hence),
        not_before=draw(st.none() | hence),
        part=draw(st.sampled_from(["", "morning", "afternoon", "evening"])),
        zones=zones,
    )


def _spans(now: datetime, first: int, last: int) -> st.SearchStrategy[datetime]:
    """In minutes from now, and to the second."""
    minutes, seconds = st.integers(first, last), st.sampled_from([0, 0, 17])
    return st.builds(lambda m, s: now + timedelta(minutes=m, seconds=-s), minutes, seconds)
