"""Judges a simulated week: the plan that was written before it and the sandbox's book say everything. Nothing of the
product is imported, and time is walked minute by minute with the wall clock, as a person with a calendar would.

    python tests/simulation/checker.py <folder>
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

JSON = dict[str, Any]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# From the gate's last look to the moment at which the sandbox writes the dial down.
LATENCY = 2.0
# Starts are spaced exactly; the requests take more or less time after them.
JITTER = 1.0
# From the choice of a part of the day to the dial the call may wait for a line.
QUEUE = 60.0
PARTS = {"morning": (0, 720), "afternoon": (720, 1020), "evening": (1020, 1440)}
PREFERENCE = 3 * DAY
FAULT, DEAD, REFUSED = "12", "10", "39"
# The provider asks for patience first: no measure of how quick the dialer is.
THROTTLED = ("34", "35")
MOST_FAULTS = 3
SHOWN = 40
RULES = (
    *("hours", "holidays", "unknown zone", "gap", "attempts in all", "attempts in 24 hours", "Do-Not-Call"),
    *("finished", "left out", "paused", "callback", "wait", "part of the day", "caller number", "pace of the account"),
    *("pace of the campaign", "lines of the account", "lines of the campaign", "daily cap of the campaign"),
    *("daily cap of the number", "each intent once", "forgotten", "wrongly over", "not over"),
)


@dataclass(frozen=True)
class Violation:
    rule: str
    at: float
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {datetime.fromtimestamp(self.at, UTC):%a %m-%d %H:%M:%S} UTC, {self.text}"


@dataclass
class Dial:
    at: float
    ended: float
    to: str
    sender: str
    lead: int
    outcome: str
    callback_at: float | None
    intent: str

    @property
    def ending(self) -> str:
        return self.to[-2:]


@dataclass
class Story:
    """What has happened to one lead so far."""

    ready: float
    attempts: list[Dial] = field(default_factory=list)
    faults: int = 0
    last_dial: float | None = None
    callback_at: float | None = None
    over: str = ""


# --- the wall clock ---
def local(at: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(zone))


@cache
def minutes_of(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def is_open_at(hours: JSON, moment: datetime) -> bool:
    now = moment.hour * 60 + moment.minute
    windows = hours.get(DAYS[moment.weekday()], [])
    return any(minutes_of(opens) <= now < minutes_of(closes) for opens, closes in windows)


def is_holiday(holidays: Iterable[JSON], moment: datetime) -> bool:
    """By its date, of this year or of every one."""
    return any(
        (entry["date"][-5:] == f"{moment.month:02}-{moment.day:02}")
        and (len(entry["date"]) == 5 or entry["date"][:4] == str(moment.year))
        for entry in holidays
    )


def in_part(part: str, moment: datetime) -> bool:
    begins, ends = PARTS[part]
    return begins <= moment.hour * 60 + moment.minute < ends


def judged_zones(campaign: JSON, zones: Sequence[str]) -> tuple[str, ...]:
    return (campaign["hours_zone"],) if campaign["hours_zone"] else tuple(zones)


class Calendar:
    """Every minute of the week and some days more, as 0 or 1: may be dialed or not."""

    def __init__(self, begins: float, ends: float) -> None:
        self.begins = begins
        self.length = int((ends - begins) / MINUTE)
        self._clocks: dict[str, list[datetime]] = {}
        self._maps: dict[tuple[Any, ...], bytes] = {}

    def index(self, at: float) -> int:
        """The first minute that begins at `at` or later."""
        return max(0, int(-(-(at - self.begins) // MINUTE)))

    def moment(self, index: int) -> float:
        return self.begins + index * MINUTE

    def open(self, number: int, campaign: JSON, zones: Sequence[str], part: str = "") -> bytes:
        key = (number, tuple(zones), part)
        if key not in self._maps:
            judged = judged_zones(campaign, zones)
            maps = [self._hours(number, campaign, zone) for zone in judged]
            maps += [self._part(part, zone) for zone in zones if part]
            self._maps[key] = bytes(map(min, zip(*maps, strict=True))) if judged else bytes(self.length)
        return self._maps[key]

    def _hours(self, number: int, campaign: JSON, zone: str) -> bytes:
        def look(clock: datetime) -> bool:
            return is_open_at(campaign["hours"], clock) and not is_holiday(campaign["holidays"], clock)

        return self._each((number, zone), zone, look)

    def _part(self, part: str, zone: str) -> bytes:
        return self._each((part, zone), zone, lambda clock: in_part(part, clock))

    def _each(self, key: tuple[Any, ...], zone: str, look: Callable[[datetime], bool]) -> bytes:
        if zone not in self._clocks:
            self._clocks[zone] = [local(self.moment(index), zone) for index in range(self.length)]
        if key not in self._maps:
            self._maps[key] = bytes(map(look, self._clocks[zone]))
        return self._maps[key]


# --- the checks ---
class Checker:
    def __init__(self, plan: JSON, book: Sequence[JSON], done: Sequence[JSON], left: Sequence[JSON]) -> None:
        self.plan = plan
        self.campaigns: list[JSON] = plan["campaigns"]
        self.leads: dict[int, JSON] = {lead["id"]: lead for lead in plan["leads"]}
        self.done = done
        self.left = {row["lead"]: row for row in left}
        self.ends: float = plan["ends"]
        self.calendar = Calendar(plan["begins"], plan["ends"] + 4 * DAY)
        self.dials = sorted((_dial(line) for line in book), key=lambda dial: dial.at)
        self.found: list[Violation] = []
        self.delays: list[float] = []
        self.listed = self._listings()
        self.excluded = self._exclusions()
        self.held: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self.full: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._free_maps: dict[tuple[Any, ...], bytes] = {}

    def run(self) -> list[Violation]:
        self.check_intents()
        self.check_pauses()
        self.check_paces_and_lines()
        self.check_daily_caps()
        for dial in self.dials:
            self.check_moment(dial)
        self.check_stories()
        return self.found

    def say(self, rule: str, at: float, text: str) -> None:
        assert rule in RULES
        self.found.append(Violation(rule, at, text))

    def campaign_of(self, dial: Dial) -> JSON:
        return self.campaigns[self.leads[dial.lead]["campaign"]]

    def _listings(self) -> dict[str, float]:
        """Since when a number must not be dialed: by the list, or because its owner said no."""
        begins: float = self.plan["begins"]
        since = dict.fromkeys(self.plan["listed"], begins)
        for event in self.done:
            for number in event.get("numbers", ()):
                since[number] = min(event["at"], since.get(number, event["at"]))
        for dial in self.dials:
            if dial.outcome == "dnc":
                since[dial.to] = min(dial.ended, since.get(dial.to, dial.ended))
        return since

    def _exclusions(self) -> dict[int, float]:
        begins: float = self.plan["begins"]
        since = {pk: begins for pk, lead in self.leads.items() if self._is_left_out(lead, lead["status"])}
        for event in self.done:
            if event["do"] == "status" and self._is_left_out(self.leads[event["lead"]], event["status"]):
                since.setdefault(event["lead"], event["at"])
        return since

    def _is_left_out(self, lead: JSON, status: str) -> bool:
        return status in self.campaigns[lead["campaign"]]["excluded_statuses"]

    # each dial by itself
    def check_moment(self, dial: Dial) -> None:
        lead, campaign = self.leads[dial.lead], self.campaign_of(dial)
        zones = judged_zones(campaign, lead["zones"])
        if not zones:
            self.say("unknown zone", dial.at, f"{dial.to} has no zone")
        for zone in zones:
            clocks = [local(at, zone) for at in (dial.at, dial.at - LATENCY)]
            if not any(is_open_at(campaign["hours"], clock) for clock in clocks):
                self.say("hours", dial.at, f"{dial.to} at {clocks[0]:%a %H:%M} in {zone}, {campaign['name']}")
            if all(is_holiday(campaign["holidays"], clock) for clock in clocks):
                self.say("holidays", dial.at, f"{dial.to} on {clocks[0]:%Y-%m-%d} in {zone}")
        if dial.at > self.listed.get(dial.to, float("inf")) + LATENCY:
            self.say("Do-Not-Call", dial.at, f"{dial.to} was listed before")
        if dial.at > self.excluded.get(dial.lead, float("inf")) + LATENCY:
            self.say("left out", dial.at, f"lead {dial.lead} has a status that is left out")

    def check_intents(self) -> None:
        for intent, count in Counter(dial.intent for dial in self.dials).items():
            if count > 1:
                self.say("each intent once", self.plan["begins"], f"{intent} rang {count} times")

    def check_pauses(self) -> None:
        since: dict[int, float] = {}
        for event in self.done:
            if event["do"] == "pause":
                since[event["campaign"]] = event["at"]
            elif event["do"] == "resume":
                self._check_pause(event["campaign"], since.pop(event["campaign"]), event["at"])

    def _check_pause(self, number: int, begins: float, ends: float) -> None:
        self.held[number].append((begins, ends))
        for dial in self.dials:
            if self.leads[dial.lead]["campaign"] == number and begins + LATENCY < dial.at < ends:
                self.say("paused", dial.at, f"{dial.to} while {self.campaigns[number]['name']} was paused")

    # many together
    def check_paces_and_lines(self) -> None:
        for number, account in enumerate(self.plan["accounts"]):
            dials = [dial for dial in self.dials if self.campaign_of(dial)["account"] == number]
            self._pace("pace of the account", dials, 1 / account["calls_per_second"], account["name"])
            self._lines("lines of the account", dials, account["concurrency"], account["name"])
        for number, campaign in enumerate(self.campaigns):
            dials = self._of_campaign(number)
            if campaign["calls_per_minute"]:
                self._pace("pace of the campaign", dials, 60 / campaign["calls_per_minute"], campaign["name"])
            if campaign["concurrency"]:
                self._lines("lines of the campaign", dials, campaign["concurrency"], campaign["name"])

    def _of_campaign(self, number: int) -> list[Dial]:
        return [dial for dial in self.dials if self.leads[dial.lead]["campaign"] == number]

    def _pace(self, rule: str, dials: Sequence[Dial], spacing: float, name: str) -> None:
        if worst := crowding([dial.at for dial in dials], spacing):
            at, count, seconds = worst
            self.say(rule, at, f"{name}: {count} dials in {seconds:.2f} s, which takes {(count - 1) * spacing:.2f} s")

    def _lines(self, rule: str, dials: Sequence[Dial], cap: int, name: str) -> None:
        for at, count in peaks([(dial.at, dial.ended) for dial in dials], cap):
            self.say(rule, at, f"{name}: {count} calls at a time, {cap} allowed")

    def check_daily_caps(self) -> None:
        for number, campaign in enumerate(self.campaigns):
            if campaign["daily_cap"]:
                self._cap("daily cap of the campaign", self._of_campaign(number), campaign["daily_cap"], number)
        for account in self.plan["accounts"]:
            for caller in account["numbers"]:
                if caller["daily_cap"]:
                    dials = [dial for dial in self.dials if dial.sender == caller["e164"]]
                    self._cap("daily cap of the number", dials, caller["daily_cap"], caller["e164"])

    def _cap(self, rule: str, dials: Sequence[Dial], cap: int, whose: int | str) -> None:
        days: dict[str, list[Dial]] = defaultdict(list)
        for dial in dials:
            days[local(dial.at, self.plan["workspace_zone"]).strftime("%Y-%m-%d")].append(dial)
        for day, made in days.items():
            if len(made) > cap:
                self.say(rule, made[cap].at, f"{whose}: {len(made)} on {day}, {cap} allowed")
            if len(made) >= cap:
                held = self.held[whose] if isinstance(whose, int) else self.full[whose]
                held.append((made[cap - 1].at, self._midnight_after(made[cap - 1].at)))

    def _midnight_after(self, at: float) -> float:
        day = local(at, self.plan["workspace_zone"]).date()
        while local(at, self.plan["workspace_zone"]).date() == day:
            at = (at // MINUTE + 1) * MINUTE
        return at

    # each lead from beginning to end
    def check_stories(self) -> None:
        by_number: dict[str, list[Dial]] = defaultdict(list)
        for dial in self.dials:
            by_number[dial.to].append(dial)
        entered: dict[int, float] = {event["lead"]: event["at"] for event in self.done if event["do"] == "submit"}
        for lead in self.leads.values():
            if not lead["submitted"] or lead["id"] in entered:
                story = Story(ready=entered[lead["id"]] if lead["submitted"] else lead["enters"])
                self._check_story(lead, story, by_number[lead["phone"]])

    def _check_story(self, lead: JSON, story: Story, dials: Sequence[Dial]) -> None:
        for dial in dials:
            if story.last_dial is not None and dial.lead == lead["id"]:
                self._check_gap(lead, story, dial)
            self._check_waited(lead, story, dial.at)
            if dial.lead == lead["id"]:
                self._check_next(lead, story, dial)
                self._take_in(lead, story, dial)
            elif dial.ending == DEAD:
                story.over = "its number does not exist"
            story.last_dial = dial.at
        self._check_waited(lead, story, self.ends)
        self._check_left(lead, story)

    def _check_gap(self, lead: JSON, story: Story, dial: Dial) -> None:
        gap = self.campaign_of(dial)["min_gap_minutes"] * MINUTE
        if story.last_dial is not None and dial.at < story.last_dial + gap - LATENCY:
            waited = (dial.at - story.last_dial) / MINUTE
            self.say("gap", dial.at, f"{dial.to} again after {waited:.1f} minutes, {gap / MINUTE:.0f} at least")

    def _check_next(self, lead: JSON, story: Story, dial: Dial) -> None:
        campaign = self.campaigns[lead["campaign"]]
        if story.over:
            self.say("finished", dial.at, f"lead {lead['id']} ({dial.to}) is over: {story.over}")
        if len(story.attempts) >= campaign["max_attempts"]:
            self.say("attempts in all", dial.at, f"lead {lead['id']} was called {len(story.attempts)} times before")
        limit = campaign["max_attempts_per_day"]
        if limit and len(story.attempts) >= limit and dial.at < story.attempts[-limit].at + DAY - LATENCY:
            self.say("attempts in 24 hours", dial.at, f"lead {lead['id']}: more than {limit}")
        if story.callback_at is not None and dial.at < story.callback_at - LATENCY:
            self.say("callback", dial.at, f"lead {lead['id']} asked for {_text(story.callback_at)}")
        step = self._step(lead, story)
        if dial.sender != (step.get("number") or campaign["number"]):
            self.say("caller number", dial.at, f"lead {lead['id']} was called from {dial.sender}")
        if story.callback_at is None:
            self._check_step(lead, story, dial, step)
        is_first = story.last_dial is None and lead["submitted"] and dial.ending not in THROTTLED
        if is_first and self._could_at(lead, story.ready):
            self.delays.append(dial.at - story.ready)

    def _check_step(self, lead: JSON, story: Story, dial: Dial, step: JSON) -> None:
        if dial.at < self._waited_until(story, step) - LATENCY:
            text = f"lead {lead['id']} before its {step['wait_minutes']} minutes were over"
            self.say("wait", dial.at, text)
        part = step.get("part_of_day")
        if part and not self._fits_part(lead, dial.at, part) and not self._fits_part(lead, dial.at - QUEUE, part):
            self.say("part of the day", dial.at, f"lead {lead['id']} not in the {part}")

    def _fits_part(self, lead: JSON, at: float, part: str) -> bool:
        if all(in_part(part, local(at, zone)) for zone in lead["zones"]):
            return True
        chosen = self._map(lead, part).find(1, self.calendar.index(at))
        return chosen < 0 or self.calendar.moment(chosen) - at > PREFERENCE

    def _could_at(self, lead: JSON, at: float) -> bool:
        return bool(self._free(lead, "", "")[max(self.calendar.index(at) - 1, 0)])

    def _step(self, lead: JSON, story: Story) -> JSON:
        """The first that fits the last attempt."""
        campaign = self.campaigns[lead["campaign"]]
        made = len(story.attempts)
        outcome = story.attempts[-1].outcome if made else ""
        for step in campaign["steps"]:
            if made and step["after_attempt"] in (None, made) and (not step["outcomes"] or outcome in step["outcomes"]):
                return dict(step)
        return {}

    def _waited_until(self, story: Story, step: JSON) -> float:
        last = story.attempts[-1] if story.attempts else None
        return last.ended + step["wait_minutes"] * MINUTE if last and step.get("wait_minutes") else story.ready

    def _take_in(self, lead: JSON, story: Story, dial: Dial) -> None:
        campaign = self.campaigns[lead["campaign"]]
        if dial.ending == FAULT:
            story.faults += 1
            story.ready = dial.ended + 15 * MINUTE
            story.over = "three faults in a row" if story.faults >= MOST_FAULTS else ""
            return
        story.faults, story.callback_at = 0, None
        story.attempts.append(dial)
        if len(story.attempts) >= campaign["max_attempts"]:
            story.over = "as many attempts as allowed"
        elif dial.outcome == "scheduled_callback":
            story.callback_at = dial.callback_at
        elif dial.outcome not in campaign["retry_outcomes"]:
            story.over = f"its outcome was {dial.outcome}"

    def _due(self, lead: JSON, story: Story) -> tuple[float, str, str] | None:
        """When it may be dialed next, with the part of the day and the number by which that goes."""
        campaign = self.campaigns[lead["campaign"]]
        step = self._step(lead, story)
        part = step.get("part_of_day", "") if story.callback_at is None else ""
        start = story.ready
        start = max(start, self._waited_until(story, step) if story.callback_at is None else story.callback_at)
        if story.last_dial is not None:
            start = max(start, story.last_dial + campaign["min_gap_minutes"] * MINUTE)
        limit = campaign["max_attempts_per_day"]
        if limit and len(story.attempts) >= limit:
            start = max(start, story.attempts[-limit].at + DAY)
        first = self._map(lead, "").find(1, self.calendar.index(start))
        chosen = self._map(lead, part).find(1, self.calendar.index(start)) if part else first
        if first < 0:
            return None
        is_chosen = chosen >= 0 and (chosen - first) * MINUTE <= PREFERENCE
        return self.calendar.moment(chosen if is_chosen else first), part, step.get("number", "")

    def _map(self, lead: JSON, part: str) -> bytes:
        return self.calendar.open(lead["campaign"], self.campaigns[lead["campaign"]], lead["zones"], part)

    def _free(self, lead: JSON, part: str, number: str) -> bytes:
        """Minutes in which it could be dialed, and neither a cap nor a pause held the campaign."""
        key = (lead["campaign"], tuple(lead["zones"]), part, number)
        if key not in self._free_maps:
            free = bytearray(self._wanted(self._map(lead, ""), self._map(lead, part)) if part else self._map(lead, ""))
            for begins, ends in (*self.held[lead["campaign"]], *self.full[number]):
                first, last = self.calendar.index(begins - MINUTE), min(self.calendar.index(ends), len(free))
                free[first:last] = bytes(max(last - first, 0))
            self._free_maps[key] = bytes(free)
        return self._free_maps[key]

    def _wanted(self, opened: bytes, preferred: bytes) -> bytes:
        """Of the open minutes those of the part of the day, and those from which the next such one is too far: who was
        held by a cap until it came near waits for it."""
        wanted, following = bytearray(opened), float("inf")
        for index in range(len(opened) - 1, -1, -1):
            following = index if preferred[index] else following
            if (following - index) * MINUTE <= PREFERENCE and not preferred[index]:
                wanted[index] = 0
        return bytes(wanted)

    def _slack(self) -> float:
        """How many open minutes a lead may be late: the clock is set on by up to a quarter of an hour, and a queue of
        thousands takes its minutes."""
        return 35 + len(self.leads) / 300

    def _until(self, lead: JSON, until: float) -> float:
        return min(until, self.listed.get(lead["phone"], until), self.excluded.get(lead["id"], until))

    def _check_waited(self, lead: JSON, story: Story, until: float) -> None:
        due = self._due(lead, story) if not story.over and lead["phone"][-2:] != REFUSED else None
        if due is None or due[0] >= self._until(lead, until):
            return
        free = self._free(lead, *due[1:])
        late = free.count(1, self.calendar.index(due[0]), self.calendar.index(self._until(lead, until)))
        if late > self._slack():
            made = len(story.attempts)
            self.say("forgotten", due[0], f"lead {lead['id']} ({lead['phone']}) after {made}: {late} open minutes late")

    def _check_left(self, lead: JSON, story: Story) -> None:
        """What the product says of the lead at the end: over for a reason, or a time that is still to come."""
        row = self.left.get(lead["id"], {"state": "none", "due_at": None})
        gone = lead["phone"] in self.listed or story.over
        if lead["phone"][-2:] == REFUSED:
            return
        if gone and row["state"] == "waiting" and row["due_at"] is not None:
            self.say("not over", self.ends, f"lead {lead['id']}: {story.over or 'listed'}, but has a next time")
        if gone or lead["id"] in self.excluded or self._due(lead, story) is None:
            return
        if row["state"] not in ("waiting", "calling"):
            text = f"lead {lead['id']} ({lead['phone']}) is {row['state']}: {row.get('why', '')}"
            self.say("wrongly over", self.ends, text)
        elif row["state"] == "waiting" and row["due_at"] is None:
            self.say("forgotten", self.ends, f"lead {lead['id']} has no next time: {row.get('why', '')}")


def crowding(times: Sequence[float], spacing: float) -> tuple[float, int, float] | None:
    """The worst stretch in which more dials began than the spacing allows, beyond the jitter of the network."""
    worst, found = -JITTER, None
    highest, first = float("-inf"), 0
    for index, at in enumerate(times):
        lead_in = at - index * spacing
        if lead_in - highest < worst:
            worst, found = lead_in - highest, (at, index - first + 1, at - times[first])
        if lead_in > highest:
            highest, first = lead_in, index
    return found


def peaks(calls: Sequence[tuple[float, float]], cap: int) -> Iterator[tuple[float, int]]:
    """Moments at which more calls were under way than allowed."""
    ends = sorted(end for _, end in calls)
    for index, (begin, _) in enumerate(sorted(calls)):
        under_way = index + 1 - bisect_left(ends, begin)
        if under_way > cap:
            yield begin, under_way


def _dial(line: JSON) -> Dial:
    asked = line.get("callback_at")
    return Dial(
        at=line["accepted_at"],
        ended=line["ended_at"] if line["ended_at"] is not None else float("inf"),
        to=line["to"],
        sender=line["from"],
        lead=line["lead"],
        outcome=line["outcome"] or "",
        callback_at=datetime.fromisoformat(asked).timestamp() if asked else None,
        intent=line["correlation_id"],
    )


def _text(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%m-%d %H:%M} UTC"


def check_folder(folder: Path) -> Checker:
    def lines(name: str) -> list[JSON]:
        return [json.loads(line) for line in (folder / name).read_text().splitlines()]

    plan = json.loads((folder / "plan.json").read_text())
    checker = Checker(plan, lines("book.jsonl"), lines("done.jsonl"), lines("left.jsonl"))
    checker.run()
    return checker


def table(checker: Checker) -> str:
    plan, counts = checker.plan, Counter(each.rule for each in checker.found)
    length = timedelta(seconds=plan["ends"] - plan["begins"])
    zones = {zone for lead in checker.leads.values() for zone in lead["zones"]}
    called = len({dial.lead for dial in checker.dials})
    head = [
        f"{plan['week']}: {length.days} days, {len(checker.leads)} leads in {len(zones)} zones",
        f"{len(checker.dials)} dials to {called} leads, at most {_most(checker.dials)} to one",
    ]
    if delays := sorted(checker.delays):
        prompt = sum(delay <= LATENCY for delay in delays)
        head.append(
            f"{len(delays)} came in while open: {prompt} dialed within 2 s, the slowest after {delays[-1]:.1f} s"
        )
    return "\n".join([*head, *(f"  {rule:<28}{counts[rule]:>6}" for rule in RULES)])


def _most(dials: Iterable[Dial]) -> int:
    return max(Counter(dial.lead for dial in dials).values(), default=0)


def report(checker: Checker) -> str:
    return "\n".join([table(checker), *map(str, checker.found[:SHOWN])])


def main() -> int:
    checker = check_folder(Path(sys.argv[1]))
    sys.stdout.write(report(checker) + "\n")
    return 1 if checker.found else 0


if __name__ == "__main__":
    sys.exit(main())
