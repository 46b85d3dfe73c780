"""The judge of simulated weeks is judged here: each rule broken once, by hand, and found."""

from __future__ import annotations

import ast
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import checker, plan
from tests.simulation.checker import Checker, crowding, peaks

NEW_YORK, TOKYO = "America/New_York", "Asia/Tokyo"
ANNA, BERT = "+12125550108", "+12125550208"
HOUR = 3600.0


def at(text: str) -> float:
    """In New York, where the clocks go forward on Sunday 8 March 2026 at 2:00."""
    return datetime.fromisoformat(f"2026-03-{text}-05:00").timestamp()


def a_campaign(**changes: Any) -> dict[str, Any]:
    hours = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in plan.DAYS}
    rules: dict[str, Any] = {
        **{
            "name": "Kitchens",
            "account": 0,
            "number": "+14155550100",
            "hours": hours,
            "hours_zone": "",
            "holidays": [],
        },
        **{"min_gap_minutes": 60, "max_attempts": 3, "max_attempts_per_day": None, "steps": [], "concurrency": None},
        **{"calls_per_minute": None, "daily_cap": None, "retry_outcomes": ["no_answer", "busy", "voicemail"]},
        "excluded_statuses": ["signed"],
    }
    return rules | changes


def a_plan(*, leads: Any = None, listed: Any = (), **rules: Any) -> Any:
    numbers = [{"e164": "+14155550100", "daily_cap": rules.pop("number_cap", None)}]
    account = {"name": "First", "calls_per_second": rules.pop("calls_per_second", 10), "concurrency": 2}
    return {
        **{"week": "test", "begins": at("05T00:00"), "ends": at("07T00:00"), "workspace_zone": NEW_YORK},
        **{"accounts": [{**account, "numbers": numbers}], "campaigns": [a_campaign(**rules)], "events": []},
        **{"leads": leads or [a_lead(0, ANNA)], "listed": list(listed)},
    }


def a_lead(number: int, phone: str, **changes: Any) -> dict[str, Any]:
    plain = {"campaign": 0, "phone": phone, "zones": [NEW_YORK], "status": "new", "submitted": False}
    return {"id": number, "enters": at("05T00:00"), **plain, **changes}


def a_dial(when: str | float, to: str = ANNA, lead: Any = 0, **changes: Any) -> dict[str, Any]:
    begins = at(when) if isinstance(when, str) else when
    plain = {"accepted_at": begins, "ended_at": begins + 30, "outcome": "no_answer", "from": "+14155550100"}
    return {"to": to, "lead": lead, "correlation_id": f"{to} {begins}", **plain, **changes}


GOOD = [a_dial("05T09:00"), a_dial("05T10:01"), a_dial("05T11:02")]
CALLBACK = {"outcome": "scheduled_callback", "callback_at": "2026-03-06T15:00-05:00"}
OVER = [{"lead": 0, "state": "done", "due_at": None}]


def rules_broken(
    world: Any, book: list[dict[str, Any]], *, done: list[dict[str, Any]] | None = None, left: Any = OVER
) -> set[str]:
    return {found.rule for found in Checker(world, book, done or [], left).run()}


def test_a_lead_called_by_all_rules_is_no_violation() -> None:
    assert rules_broken(a_plan(), GOOD) == set()


@pytest.mark.parametrize(
    ("rule", "world", "book"),
    [
        ("hours", a_plan(), [a_dial("05T12:00:03"), *GOOD[1:]]),
        ("hours", a_plan(), [a_dial("05T08:59:59")]),
        ("hours", a_plan(leads=[a_lead(0, ANNA, zones=[NEW_YORK, TOKYO])]), [a_dial("05T10:00")]),
        ("hours", a_plan(hours_zone=TOKYO), [a_dial("05T10:00")]),
        ("holidays", a_plan(holidays=[{"date": "2026-03-05"}]), GOOD),
        ("holidays", a_plan(holidays=[{"date": "03-05"}]), GOOD),
        ("unknown zone", a_plan(leads=[a_lead(0, ANNA, zones=[])]), GOOD),
        ("gap", a_plan(), [a_dial("05T09:00"), a_dial("05T09:59"), a_dial("05T11:02")]),
        ("attempts in all", a_plan(), [*GOOD, a_dial("05T14:00")]),
        ("attempts in 24 hours", a_plan(max_attempts_per_day=2), GOOD),
        ("Do-Not-Call", a_plan(listed=[ANNA]), GOOD),
        ("Do-Not-Call", a_plan(), [a_dial("05T09:00", outcome="dnc"), a_dial("05T10:01")]),
        ("finished", a_plan(), [a_dial("05T09:00", outcome="qualified"), a_dial("05T10:01")]),
        ("left out", a_plan(leads=[a_lead(0, ANNA, status="signed")]), GOOD),
        ("caller number", a_plan(), [a_dial("05T09:00", **{"from": "+14155550109"}), *GOOD[1:]]),
        ("wait", a_plan(steps=[plan.step(1, 90)]), GOOD),
        ("part of the day", a_plan(steps=[plan.step(2, None, part="evening")]), GOOD),
        ("each intent once", a_plan(), [*GOOD[:2], {**GOOD[2], "correlation_id": GOOD[1]["correlation_id"]}]),
        ("daily cap of the campaign", a_plan(daily_cap=2), GOOD),
        ("daily cap of the number", a_plan(number_cap=2), GOOD),
        ("forgotten", a_plan(), []),
        ("forgotten", a_plan(), GOOD[:2]),
        ("forgotten", a_plan(), [a_dial("05T09:00"), a_dial("05T11:00"), a_dial("05T13:00")]),
        ("lines of the campaign", a_plan(concurrency=1), [GOOD[0], a_dial("05T09:00:10"), *GOOD[1:]]),
        ("callback", a_plan(), [{**GOOD[0], **CALLBACK}, GOOD[1]]),
    ],
)  # fmt: skip
def test_a_broken_rule_is_found(rule: str, world: Any, book: list[dict[str, Any]]) -> None:
    assert rule in rules_broken(world, book)


def test_more_calls_than_lines_are_found() -> None:
    leads = [a_lead(number, f"+1212555{number:02}08") for number in range(3)]
    book = [a_dial(at("05T09:00") + lead["id"], lead["phone"], lead["id"]) for lead in leads]
    assert "lines of the account" in rules_broken(a_plan(leads=leads), book)


def test_a_pace_above_the_cap_is_found() -> None:
    leads = [a_lead(number, f"+1212555{number:02}08") for number in range(30)]
    dials = [a_dial(at("05T09:00") + lead["id"] / 20, lead["phone"], lead["id"]) for lead in leads]
    for rule, caps in (
        ("pace of the account", {"calls_per_second": 5}),
        ("pace of the campaign", {"calls_per_minute": 300}),
    ):
        assert rule in rules_broken(a_plan(leads=leads, **caps), dials)


def test_a_dial_during_a_pause_is_found() -> None:
    pause = [
        {"do": "pause", "campaign": 0, "at": at("05T10:00")},
        {"do": "resume", "campaign": 0, "at": at("05T11:00")},
    ]
    assert "paused" in rules_broken(a_plan(), GOOD, done=pause)


def test_a_dial_after_the_number_was_listed_is_found() -> None:
    listed = [{"do": "list", "numbers": [ANNA], "at": at("05T10:00")}]
    assert rules_broken(a_plan(), GOOD, done=listed) == {"Do-Not-Call"}


def test_the_gap_protects_the_number_whichever_lead_has_it() -> None:
    leads = [a_lead(0, ANNA), a_lead(1, ANNA)]
    assert "gap" in rules_broken(a_plan(leads=leads), [a_dial("05T09:00"), a_dial("05T09:30", lead=1)])


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("wrongly over", {"state": "done", "due_at": None}),
        ("forgotten", {"state": "waiting", "due_at": None}),
    ],
)
def test_a_lead_that_is_not_over_must_have_a_next_time(rule: str, row: dict[str, Any]) -> None:
    world = a_plan(steps=[plan.step(1, 3 * 1440)])
    assert rules_broken(world, GOOD[:1], left=[{"lead": 0, **row}]) == {rule}


def test_a_lead_that_is_over_must_not_have_one() -> None:
    left = [{"lead": 0, "state": "waiting", "due_at": at("08T09:00")}]
    assert rules_broken(a_plan(), GOOD, left=left) == {"not over"}


def test_a_lead_held_by_a_cap_or_a_pause_is_not_forgotten() -> None:
    leads = [a_lead(0, ANNA), a_lead(1, BERT)]
    outcome = {"outcome": "qualified"}
    book = [a_dial("05T09:00", **outcome), a_dial("06T09:00", BERT, 1, **outcome)]
    left = [{"lead": number, "state": "done", "due_at": None} for number in (0, 1)]
    assert rules_broken(a_plan(leads=leads, daily_cap=1), book, left=left) == set()
    assert rules_broken(a_plan(leads=leads), book, left=left) == {"forgotten"}


def test_a_lead_that_a_cap_held_until_its_part_of_the_day_came_near_waits_for_it() -> None:
    """Called on Thursday, with evenings open on Monday only: from Friday on Monday is near enough."""
    hours = {day: [["09:00", "12:00"]] for day in plan.DAYS} | {"mon": [["17:00", "18:00"]]}
    rules: dict[str, Any] = {"hours": hours, "steps": [plan.step(1, None, part="evening")], "max_attempts": 2}
    world = a_plan(**rules) | {"ends": at("11T00:00")}
    book = [a_dial("05T09:00"), a_dial("09T16:00", outcome="busy")]
    assert rules_broken(world, book) == {"forgotten"}
    paused = [
        {"do": "pause", "campaign": 0, "at": at("05T09:30")},
        {"do": "resume", "campaign": 0, "at": at("06T18:00")},
    ]
    assert rules_broken(world, book, done=paused) == set()


def test_hours_are_those_of_the_wall_clock_after_a_change() -> None:
    """At 9:00 summer time it is 8:00 by the clock of the day before."""
    calendar = checker.Calendar(at("08T00:00"), at("09T00:00"))
    opened = calendar.open(0, a_campaign(), [NEW_YORK]).find(1)
    assert calendar.moment(opened) == at("08T08:00")


def test_crowding_is_told_by_the_worst_stretch() -> None:
    assert crowding([0, 1, 2, 3], 1) is None
    assert crowding([0, 0.5, 1, 1.5, 2, 10], 1) == (2, 5, 2)


def test_calls_that_follow_each_other_are_no_peak() -> None:
    assert list(peaks([(0, 1), (1.5, 3), (2, 4)], 2)) == []
    assert list(peaks([(0, 5), (1, 5), (2, 5)], 2)) == [(2, 3)]


@pytest.mark.parametrize("module", [checker, plan])
def test_the_judge_shares_nothing_with_the_engine(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text())
    named = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in named} <= set(sys.stdlib_module_names)
