"""What a simulated week is made of, written down before it begins: campaigns and their rules, leads and where they are,
what happens in between. Standard library only: the checker judges by this page and by the sandbox's book, not by
anything that the product computed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

JSON = dict[str, Any]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKSPACE_ZONE = "America/New_York"
# The first holds the change of the United States in spring, the second those of Europe and of the United States.
WEEKS = {
    "spring": (datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC)),
    "autumn": (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)),
}
UNITED_STATES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix"),
    *("America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"),
)


@dataclass(frozen=True)
class Place:
    """Numbers begin with one of the prefixes and go on for so many digits; `given` is a zone that a person wrote."""

    prefixes: tuple[str, ...]
    digits: int
    zones: tuple[str, ...]
    weight: int
    given: str = ""


def us(*areas: int) -> tuple[str, ...]:
    return tuple(f"+1{area}555" for area in areas)


def given(prefix: str, digits: int, zone: str, weight: int) -> Place:
    return Place((prefix,), digits, (zone,), weight, given=zone)


PLACES = (
    Place(us(212, 617, 404, 215, 202, 412), 4, ("America/New_York",), 18),
    Place(us(312, 214, 713, 512), 4, ("America/Chicago",), 12),
    Place(us(303, 505, 801), 4, ("America/Denver",), 7),
    Place(us(602, 480), 4, ("America/Phoenix",), 5),
    Place(us(213, 415, 206, 619), 4, ("America/Los_Angeles",), 12),
    Place(us(808), 4, ("Pacific/Honolulu",), 3),
    Place(us(709), 4, ("America/Halifax", "America/St_Johns"), 3),
    Place(("+442079",), 6, ("Europe/London",), 8),
    Place(("+493055",), 5, ("Europe/Berlin",), 8),
    Place(("+6125550",), 4, ("Australia/Sydney",), 4),
    Place(("+6185550",), 4, ("Australia/Adelaide", "Australia/Perth"), 3),
    Place(("+9198765",), 5, ("Asia/Kolkata",), 6),
    Place(("+97798412",), 5, ("Asia/Kathmandu",), 4),
    Place(us(800, 855), 4, UNITED_STATES, 3),
    Place(("+88163155",), 4, (), 1),
    # A zone that was given decides alone, whatever the number says.
    given("+1888555", 4, "America/St_Johns", 2),
    given("+6186550", 4, "Australia/Eucla", 2),
    given("+6126550", 4, "Australia/Lord_Howe", 2),
    given("+6421555", 4, "Pacific/Chatham", 2),
)
# The last two digits decide what happens on the line: docs/sandbox.md.
ENDINGS = {
    **{"00": 18, "01": 8, "02": 7, "03": 6, "04": 6, "05": 3, "06": 5, "07": 11, "08": 11, "09": 6, "10": 2, "11": 4},
    **{"12": 2, "14": 2, "15": 2, "16": 2, "17": 2, "18": 3, "39": 1},
}
# Each of these keeps the line waiting for seconds of real time, so there are a few only.
THROTTLED = ("34", "35", "34", "35")
EXCLUDED = ("qualified", "disqualified", "signed", "rejected")


def daily(*windows: tuple[str, str]) -> JSON:
    return {day: [list(window) for window in windows] for day in DAYS}


def campaigns(leads: int) -> list[JSON]:
    """Their shares of the leads are in SHARES. Caps grow with the leads, so that they hold back some, never all."""
    office = daily(("09:00", "12:00"), ("13:30", "18:00"))
    office |= {"sat": [["10:00", "14:00"]], "sun": [["12:00", "17:00"]]}
    common: JSON = {
        **{"hours_zone": "", "holidays": [], "max_attempts_per_day": None, "steps": [], "concurrency": None},
        **{"calls_per_minute": None, "daily_cap": None, "new_first": True, "first_action": "none"},
        **{"retry_outcomes": ["no_answer", "busy", "voicemail"], "excluded_statuses": list(EXCLUDED)},
    }
    offices: JSON = {
        **{"name": "Two windows", "account": 0, "number": "+14155550100", "hours": office, "min_gap_minutes": 240},
        **{"max_attempts": 3, "max_attempts_per_day": 2, "holidays": [{"date": "2026-03-06"}, {"date": "10-30"}]},
        "steps": [step(1, 300, part="afternoon"), step(2, 600, part="morning")],
    }
    nights: JSON = {
        **{"name": "Over midnight", "account": 0, "number": "+14155550101", "min_gap_minutes": 60, "max_attempts": 4},
        **{"hours": daily(("00:00", "03:00"), ("20:00", "24:00")), "max_attempts_per_day": 3, "concurrency": 3},
        **{"calls_per_minute": 900, "retry_outcomes": ["no_answer", "busy", "voicemail", "incomplete"]},
    }
    fixed: JSON = {
        **{"name": "Berlin time", "account": 1, "number": "+14155550102", "hours_zone": "Europe/Berlin"},
        **{"hours": daily(("08:00", "20:00")), "min_gap_minutes": 30, "max_attempts": 4, "concurrency": 2},
        **{"daily_cap": max(leads // 16, 4), "holidays": [{"date": "2026-03-09"}, {"date": "2026-10-28"}]},
        "steps": [
            step(None, 1440, outcomes=["voicemail"], number="+14155550104"),
            step(None, 45, outcomes=["busy"]),
            step(2, 90, part="evening"),
        ],
    }
    speedy: JSON = {
        **{"name": "Speed to lead", "account": 1, "number": "+14155550103", "min_gap_minutes": 15, "max_attempts": 3},
        **{"hours": daily(("08:00", "21:00")), "first_action": "voice_ai", "new_first": False},
        "steps": [step(1, 20), step(2, 480)],
    }
    return [common | each for each in (offices, nights, fixed, speedy)]


SHARES = (35, 22, 23, 20)


def step(
    after: int | None, wait: int | None, *, outcomes: list[str] | None = None, part: str = "", number: str = ""
) -> JSON:
    return {
        **{"after_attempt": after, "wait_minutes": wait, "outcomes": outcomes or []},
        **{"part_of_day": part, "number": number},
    }


def accounts(leads: int) -> list[JSON]:
    first = [{"e164": "+14155550100", "daily_cap": None}, {"e164": "+14155550101", "daily_cap": None}]
    second = [
        {"e164": "+14155550102", "daily_cap": None},
        {"e164": "+14155550103", "daily_cap": None},
        {"e164": "+14155550104", "daily_cap": max(leads // 80, 2)},
    ]
    return [
        {"name": "First", "calls_per_second": 20, "concurrency": 8, "numbers": first},
        {"name": "Second", "calls_per_second": 25, "concurrency": 4, "numbers": second},
    ]


def make_plan(*, week: str, leads: int, seed: int) -> JSON:
    begins, ends = WEEKS[week]
    draw = random.Random(f"{week} {leads} {seed}")
    people = list(_leads(draw, leads, begins, ends))
    return {
        **{"week": week, "begins": begins.timestamp(), "ends": ends.timestamp(), "seed": seed},
        **{"workspace_zone": WORKSPACE_ZONE, "accounts": accounts(leads), "campaigns": campaigns(leads)},
        "leads": people,
        "listed": [lead["phone"] for lead in draw.sample(people, max(leads // 50, 1))],
        "events": sorted(_events(draw, people, begins, ends), key=lambda event: float(event["at"])),
    }


def _leads(draw: random.Random, count: int, begins: datetime, ends: datetime) -> Iterator[JSON]:
    used: Counter[tuple[Place, str]] = Counter()
    made: list[JSON] = []
    for index in range(count):
        campaign = draw.choices(range(len(SHARES)), SHARES)[0]
        # Half of the speedy campaign's leads come in during the week; the last ones early enough to be called.
        submitted = campaign == 3 and draw.random() < 0.5
        at = begins + (ends - begins) * draw.uniform(0.02, 0.85) if submitted else begins
        lead = {"id": index, "campaign": campaign, "submitted": submitted, "enters": at.timestamp(), "status": "new"}
        twin = draw.choice(made) if made and not submitted and draw.random() < 0.02 else None
        if twin and not twin["submitted"]:
            lead |= {name: twin[name] for name in ("phone", "zones", "given")}
        else:
            lead |= _number(draw, used, THROTTLED[index] if index < len(THROTTLED) else "")
        if not submitted and draw.random() < 0.02:
            lead["status"] = "signed"
        made.append(lead)
        yield lead


def _number(draw: random.Random, used: Counter[tuple[Place, str]], ending: str) -> JSON:
    place = draw.choices(PLACES, [place.weight for place in PLACES])[0]
    ending = ending or draw.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    count = used[place, ending]
    used[place, ending] += 1
    body, prefix = divmod(count, len(place.prefixes))
    if body >= 10 ** (place.digits - 2):
        return _number(draw, used, ending)
    phone = f"{place.prefixes[prefix]}{body:0{place.digits - 2}}{ending}"
    return {"phone": phone, "zones": list(place.zones), "given": place.given}


def _events(draw: random.Random, leads: list[JSON], begins: datetime, ends: datetime) -> Iterator[JSON]:
    def moment(low: float, high: float) -> float:
        return (begins + (ends - begins) * draw.uniform(low, high)).timestamp()

    for lead in leads:
        if lead["submitted"]:
            yield {"at": lead["enters"], "do": "submit", "lead": lead["id"]}
    for _ in range(4):
        numbers = [lead["phone"] for lead in draw.sample(leads, max(len(leads) // 100, 1))]
        yield {"at": moment(0.1, 0.9), "do": "list", "numbers": numbers}
    for lead in draw.sample(leads, max(len(leads) // 60, 1)):
        if not lead["submitted"]:
            yield {"at": moment(0.1, 0.9), "do": "status", "lead": lead["id"], "status": "rejected"}
    # An afternoon of the first campaign without calls, while its hours are open.
    paused = (begins + timedelta(days=4, hours=15)).timestamp()
    yield {"at": paused, "do": "pause", "campaign": 0}
    yield {"at": paused + 5 * 3600, "do": "resume", "campaign": 0}
