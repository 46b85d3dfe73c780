"""What comes after the attempts that were made: the first step that fits, a callback, or the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calls.gate.sequence import Attempt, Course, Rules, Step, next_course

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = Step(after_attempt=0, part="morning", agent_id=1)
BUSY = Step(after_attempt=1, outcomes=frozenset({"busy"}), wait=timedelta(minutes=15), agent_id=2)
ONE = Step(after_attempt=1, wait=2 * HOUR, part="evening")
NOBODY = Step(outcomes=frozenset({"no_answer", "voicemail"}), wait=5 * HOUR, caller_number_id=3)
STEPS = (FIRST, BUSY, ONE, NOBODY)
RETRIED = frozenset({"no_answer", "busy", "voicemail"})


def course(
    *outcomes: str,
    steps: tuple[Step, ...] = STEPS,
    most: int = 4,
    since: datetime = NOON - HOUR,
    callback_at: datetime | None = None,
) -> Course:
    """One attempt an hour from noon, each of ten minutes."""
    attempts = [
        Attempt(at=NOON + i * HOUR, status=outcome, ended_at=NOON + i * HOUR + timedelta(minutes=10))
        for i, outcome in enumerate(outcomes)
    ]
    rules = Rules(max_attempts=most, retry_outcomes=RETRIED, steps=steps)
    return next_course(rules, attempts, since=since, callback_at=callback_at)


@pytest.mark.parametrize(
    ("outcomes", "step", "waited"),
    [
        ((), FIRST, None),
        (("busy",), BUSY, timedelta(minutes=25)),
        (("no_answer",), ONE, timedelta(hours=2, minutes=10)),
        (("busy", "no_answer"), NOBODY, timedelta(hours=6, minutes=10)),
        (("busy", "voicemail", "no_answer"), NOBODY, timedelta(hours=7, minutes=10)),
        (("no_answer", "busy"), Step(), None),
    ],
)
def test_the_first_step_that_fits_decides(outcomes: tuple[str, ...], step: Step, waited: timedelta | None) -> None:
    assert course(*outcomes) == Course(not_before=NOON + waited if waited else None, step=step)


def test_without_steps_it_goes_on_as_soon_as_the_gap_allows() -> None:
    assert course("no_answer", steps=()) == Course()


def test_a_wait_begins_when_the_call_was_placed_where_its_end_is_not_known() -> None:
    rules = Rules(max_attempts=4, retry_outcomes=RETRIED, steps=(ONE,))
    assert next_course(rules, [Attempt(at=NOON, status="busy")], since=NOON).not_before == NOON + 2 * HOUR


@pytest.mark.parametrize("outcome", ["qualified", "disqualified", "dnc", "completed"])
def test_an_outcome_that_is_not_tried_again_ends_it(outcome: str) -> None:
    assert course("no_answer", outcome).stop == "OUTCOME_FINAL"


def test_only_the_last_outcome_counts() -> None:
    assert course("completed", "no_answer").stop == ""


@pytest.mark.parametrize("outcome", ["no_answer", "qualified"])
@pytest.mark.parametrize("callback_at", [None, NOON])
def test_all_attempts_made_ends_it_before_everything(outcome: str, callback_at: datetime | None) -> None:
    assert course(outcome, outcome, most=2, callback_at=callback_at) == Course(stop="MAX_ATTEMPTS_REACHED")


def test_attempts_of_before_it_was_sent_count_but_neither_stop_it_nor_make_it_wait() -> None:
    sent = NOON + 10 * HOUR
    assert course("no_answer", "qualified", since=sent) == Course(step=FIRST)
    assert course("no_answer", "qualified", since=sent, most=2).stop == "MAX_ATTEMPTS_REACHED"


def test_an_attempt_after_it_was_sent_counts_all_of_them_for_the_step() -> None:
    assert course("qualified", "no_answer", since=NOON + HOUR).step == NOBODY


def test_a_callback_goes_before_waiting_and_part_but_keeps_who_calls_from_where() -> None:
    asked = NOON + 30 * HOUR
    found = course("scheduled_callback", steps=(Step(wait=HOUR, part="evening", agent_id=7),), callback_at=asked)
    assert found == Course(not_before=asked, step=Step(agent_id=7))


def test_a_callback_goes_before_a_final_outcome() -> None:
    assert course("qualified", callback_at=NOON + HOUR).stop == ""


@pytest.mark.parametrize("most", [2, 4])
def test_while_a_call_is_under_way_nothing_is_decided(most: int) -> None:
    assert course("no_answer", "in_progress", most=most) == Course()


def test_a_fault_that_is_not_the_leads_stops_nothing() -> None:
    assert course("no_answer", "error") == Course(step=Step())
