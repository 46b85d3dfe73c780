"""Every reason that has to do with time, as `evaluate` tells it, and the moment from which it lets a call through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from calls.gate.facts import dialer_refusal, make_plan, read_facts
from calls.gate.hours import Opening
from calls.gate.rules import Facts, Reason, evaluate
from calls.gate.timing import Timing
from calls.models import Interaction
from campaigns.models import CallerNumber, Campaign
from common.hours import WeeklyHours
from leads.models import Approval, Lead, LeadStatus
from tests import world
from tests.gate.test_next_call_time import timing_of
from tests.gate.wall import Question, questions
from tests.travel import Clock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
NINE_TO_SIX: WeeklyHours = (((540, 1080),),) * 7
OPEN = (Opening(NINE_TO_SIX, "UTC"),)
DIALER, FIRST = Interaction.Origin.DIALER, Interaction.Origin.FIRST_ACTION


def facts_of(*, openings: tuple[Opening, ...] = OPEN, **timing: Any) -> Facts:
    return Facts(number="+14155550132", timing=Timing(openings=openings, **timing))


def only_reason(facts: Facts, now: datetime = NOON) -> Reason:
    [reason] = evaluate(facts, now).reasons
    return reason


@settings(max_examples=120, deadline=None)
@given(question=questions())
def test_it_allows_from_the_moment_it_tells_and_not_an_instant_before(question: Question) -> None:
    facts = Facts(number="+14155550132", timing=timing_of(question), zones=question.zones)
    verdict = evaluate(facts, question.now)
    assert verdict.allowed == (verdict.next_allowed_at == question.now)
    if verdict.next_allowed_at:
        assert evaluate(facts, verdict.next_allowed_at).allowed
        earlier = verdict.next_allowed_at - INSTANT
        assert earlier < question.now or not evaluate(facts, earlier).allowed


@settings(max_examples=60, deadline=None)
@given(question=questions())
def test_each_reason_is_gone_from_its_own_moment_on(question: Question) -> None:
    facts = Facts(number="+14155550132", timing=timing_of(question), zones=question.zones)
    for reason in evaluate(facts, question.now).reasons:
        if reason.next_allowed_at:
            then = evaluate(facts, reason.next_allowed_at)
            assert reason.code not in [other.code for other in then.reasons]


@pytest.mark.parametrize(("most", "times"), [(1, "once"), (3, "3 times")])
def test_as_many_calls_as_a_day_may_have_refuse_another(most: int, times: str) -> None:
    calls = tuple(NOON - HOUR * ago for ago in (2, 5, 23))[:most]
    reason = only_reason(facts_of(attempts=calls, max_per_day=most))
    assert (reason.code, reason.rule) == ("MAX_ATTEMPTS_PER_DAY", "campaign.max_attempts_per_day")
    assert reason.message == f"The lead was called {times} within 24 hours, and may not be called more often."
    assert reason.next_allowed_at == calls[-1] + 24 * HOUR


def test_calls_of_a_day_ago_do_not_count() -> None:
    assert evaluate(facts_of(attempts=(NOON - 24 * HOUR,), max_per_day=1), NOON).allowed


def test_a_number_that_has_made_its_calls_refuses_until_the_day_ends() -> None:
    facts = facts_of(number_free_at=NOON + 12 * HOUR)
    reason = only_reason(facts)
    assert (reason.code, reason.rule) == ("CALLER_NUMBER_DAILY_CAP", "caller_number.daily_cap")
    assert reason.message.startswith("The number to call from has made all the calls it may make today")
    assert reason.next_allowed_at == NOON + 12 * HOUR
    assert evaluate(facts, NOON).next_allowed_at == NOON + 21 * HOUR


@pytest.mark.parametrize(("gap", "said"), [(1, "1 minute"), (90, "90 minutes"), (240, "4 hours"), (1440, "1 day")])
def test_the_gap_is_told_in_words(gap: int, said: str) -> None:
    reason = only_reason(facts_of(last_call_at=NOON - INSTANT, min_gap=timedelta(minutes=gap)))
    assert (reason.code, reason.message) == ("MIN_GAP_NOT_ELAPSED", f"The last call was less than {said} ago.")


@pytest.mark.parametrize("day", ["2026-06-01", "06-01"])
def test_a_holiday_is_told_by_its_day(day: str) -> None:
    reason = only_reason(facts_of(openings=(Opening(NINE_TO_SIX, "UTC", frozenset({day})),)))
    assert (reason.code, reason.rule) == ("OUTSIDE_OPERATING_HOURS", "campaign.holidays")
    assert reason.message == "The campaign does not call on holidays, and Monday 1 June is one."
    assert reason.next_allowed_at == NOON + 21 * HOUR


@pytest.mark.parametrize(
    ("zones", "where"),
    [
        (("Asia/Tokyo",), "Tokyo"),
        (("UTC", "Asia/Bangkok"), "Bangkok, one of the 2 zones the lead may be in"),
        (("Asia/Tokyo", "Australia/Sydney"), "both zones the lead may be in"),
        (("Asia/Tokyo", "Asia/Seoul", "Australia/Sydney"), "all 3 zones the lead may be in"),
    ],
)
def test_where_it_is_too_early_or_too_late_is_told(zones: tuple[str, ...], where: str) -> None:
    reason = only_reason(facts_of(openings=tuple(Opening(NINE_TO_SIX, zone) for zone in zones)))
    assert (reason.rule, reason.message) == (
        "campaign.hours",
        f"It is outside the campaign's calling hours in {where}.",
    )


@pytest.mark.parametrize(
    ("openings", "message"),
    [
        ((), "It is not known in which time zone the number is: set the lead's time zone."),
        (
            (Opening(((),) * 7, "America/Chicago"),),
            "The campaign's calling hours and holidays leave no time to call in Chicago: change them.",
        ),
        (
            tuple(Opening((((540, 600),),) * 7, zone) for zone in ("UTC", "Asia/Tokyo")),
            "The campaign's calling hours are never open at once in both zones the lead may be in: "
            "set the lead's time zone.",
        ),
    ],
)
def test_hours_that_never_come_are_no_matter_of_waiting(openings: tuple[Opening, ...], message: str) -> None:
    facts = facts_of(openings=openings)
    assert only_reason(facts).message == message
    assert evaluate(facts, NOON).next_allowed_at is None


def test_while_a_reason_stands_that_no_waiting_ends_no_time_is_told() -> None:
    facts = replace(facts_of(last_call_at=NOON, min_gap=HOUR), dialer_refusal=("DIALER_NOT_ON", "It is off."))
    verdict = evaluate(facts, NOON)
    assert [reason.code for reason in verdict.reasons] == ["DIALER_NOT_ON", "MIN_GAP_NOT_ELAPSED"]
    assert (verdict.message, verdict.next_allowed_at) == ("It is off.", None)


@pytest.mark.parametrize(
    ("dialer", "origin", "refused"),
    [
        ("on", DIALER, False),
        ("on", FIRST, False),
        ("off", DIALER, True),
        ("off", FIRST, False),
        ("paused", DIALER, True),
        ("paused", FIRST, True),
        ("paused", Interaction.Origin.MANUAL, False),
        ("paused", Interaction.Origin.API, False),
    ],
)
def test_the_dialers_switch_holds_for_its_own_calls(lead: Lead, dialer: str, origin: str, refused: bool) -> None:
    lead.campaign.dialer = dialer
    refusal = dialer_refusal(make_plan(lead=lead, campaign=lead.campaign, origin=origin))
    said = ("DIALER_NOT_ON", f"The campaign's auto-dialer is {dialer}.")
    assert refusal == (said if refused else None)


@pytest.mark.parametrize(("approval", "refused"), [(Approval.PENDING, True), (Approval.REJECTED, True), ("", False)])
def test_the_dialer_waits_for_approval(lead: Lead, approval: str, refused: bool) -> None:
    lead.campaign.dialer, lead.approval_status = "on", approval
    code, message = dialer_refusal(make_plan(lead=lead, campaign=lead.campaign, origin=DIALER)) or ("", "")
    assert code == ("NOT_APPROVED" if refused else "")
    assert not refused or message.endswith(".")


def test_the_dialer_leaves_out_statuses(lead: Lead) -> None:
    lead.campaign.dialer, lead.campaign.excluded_statuses, lead.status = "on", ["signed"], LeadStatus("signed")
    plan = make_plan(lead=lead, campaign=lead.campaign, origin=DIALER)
    reason = next(reason for reason in evaluate(read_facts(plan), NOON).reasons if reason.rule.startswith("campaign.a"))
    assert (reason.code, reason.next_allowed_at) == ("STATUS_EXCLUDED", None)
    assert reason.message == "The auto-dialer leaves out leads whose status is Signed."
    assert dialer_refusal(replace(plan, origin=Interaction.Origin.MANUAL)) is None


def test_a_numbers_day_is_the_workspaces(lead: Lead, clock: Clock) -> None:
    workspace = lead.workspace
    workspace.timezone = "Asia/Kathmandu"
    workspace.save()
    CallerNumber.objects.update(daily_cap=2)
    clock.at("2026-06-01T18:00:00+05:45")
    for placed_at, made in (("2026-05-31T23:59:00+05:45", 0), ("2026-06-01T00:00:00+05:45", 1)):
        world.make_interaction(lead, status="no_answer", dispatch="placed", placed_at=datetime.fromisoformat(placed_at))
        assert _free_at(lead) is None, made
    other = world.make_lead(lead.campaign, "+14155550188")
    world.make_interaction(other, status="no_answer", dispatch="placed", placed_at=NOON)
    assert _free_at(lead) == datetime.fromisoformat("2026-06-02T00:00:00+05:45")


def _free_at(lead: Lead) -> datetime | None:
    known = Lead.objects.select_related("workspace").get(pk=lead.pk)
    campaign = Campaign.objects.with_calling().get(pk=lead.campaign_id)
    return read_facts(make_plan(lead=known, campaign=campaign)).timing.number_free_at
