"""The rules of a campaign's calls, saved: who is told, what is written down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.actors import SYSTEM
from accounts.models import AuditEvent
from calls.gate.timing import PARTS
from calls.ingest.outcome import LEAD_STATUS
from calls.models import Status
from campaigns.dialing import PARTS_OF_DAY, STATUS_AFTER, StepValues, check_dialing, steps_of
from campaigns.models import RETRYABLE, Campaign
from campaigns.presets import PRESETS
from campaigns.services import set_dialer_state, update_campaign, update_number
from campaigns.signals import rules_changed
from tests import world


@pytest.fixture
def told() -> Iterator[list[Campaign]]:
    heard: list[Campaign] = []

    def hear(sender: Any, campaign: Campaign, **rest: Any) -> None:
        heard.append(campaign)

    rules_changed.connect(hear)
    yield heard
    rules_changed.disconnect(hear)


def change(campaign: Campaign, **fields: Any) -> Campaign:
    return update_campaign(campaign=campaign, by=SYSTEM, **fields)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_contradicts_nothing(campaign: Campaign, name: str) -> None:
    preset = PRESETS[name]
    changed = change(campaign, steps=preset.steps, **preset.columns)
    assert check_dialing(changed, preset.steps) == {}
    assert steps_of(changed) == list(preset.steps)


def test_parts_of_the_day_are_those_of_the_dialer() -> None:
    assert PARTS_OF_DAY == PARTS


@pytest.mark.parametrize(
    "rule",
    [
        {"hours": {"mon": [["09:00", "18:00"]]}},
        {"hours_zone": "Asia/Kathmandu"},
        {"holidays": [{"date": "12-25"}]},
        {"min_gap_minutes": 5},
        {"max_attempts": 2},
        {"max_attempts_per_day": 1},
        {"retry_outcomes": ["busy"]},
        {"excluded_statuses": []},
        {"steps": [StepValues(wait_minutes=60)]},
        {"caller_number": None, "production_agent": None},
        {"days": {"mon": []}},
    ],
)
def test_rules_that_decide_on_times_are_told_of(campaign: Campaign, told: list[Campaign], rule: dict[str, Any]) -> None:
    change(campaign, **rule)
    assert told == [campaign]
    change(campaign, **rule)
    assert told == [campaign]


def test_other_changes_are_not_told_of(campaign: Campaign, told: list[Campaign]) -> None:
    change(campaign, name="Another", dialer_concurrency=3, calls_per_minute=9, voicemail_message="Hello")
    assert told == []


def test_what_is_refused_changes_no_step(campaign: Campaign, told: list[Campaign]) -> None:
    before = steps_of(campaign)
    with pytest.raises(ValidationError) as error:
        change(campaign, name="Another", steps=[StepValues(wait_minutes=1)], min_gap_minutes=2)
    assert list(error.value.message_dict) == ["steps.0.wait_minutes"]
    assert steps_of(campaign) == before
    assert told == []


def test_mistakes_of_all_rules_are_told_together(campaign: Campaign) -> None:
    campaign.first_action = Campaign.FirstAction.WEBHOOK
    campaign.voicemail_action = Campaign.Voicemail.LEAVE_MESSAGE
    campaign.max_attempts = campaign.max_attempts_per_day = 1
    campaign.max_attempts_per_day = 2
    campaign.retry_outcomes = ["no_answer", "qualified"]
    found = check_dialing(campaign, [StepValues(after_attempt=1), StepValues(part_of_day="noon")])
    assert set(found) == {
        *("first_action_endpoint", "voicemail_message", "max_attempts_per_day", "retry_outcomes"),
        *("steps.0.after_attempt", "steps.1.part_of_day"),
    }


@pytest.mark.parametrize("nonsense", ["busy", {"busy": 1}, [1], 5])
def test_what_is_no_list_of_outcomes_is_told(campaign: Campaign, nonsense: Any) -> None:
    campaign.retry_outcomes = nonsense
    assert list(check_dialing(campaign, [StepValues(outcomes=("busy",))])) == ["retry_outcomes"]


def test_agents_numbers_and_endpoints_are_of_the_same_workspace(campaign: Campaign, elsewhere: Campaign) -> None:
    agent = elsewhere.production_agent
    assert agent
    steps = [StepValues(after_attempt=1, agent=agent), StepValues(caller_number=agent.caller_number)]
    assert list(check_dialing(campaign, steps)) == ["steps.0.agent", "steps.1.caller_number"]


def test_statuses_after_outcomes_are_those_that_calls_leave() -> None:
    assert {outcome: str(LEAD_STATUS[Status(outcome)]) for outcome in RETRYABLE} == STATUS_AFTER


@pytest.mark.parametrize(
    ("excluded", "retried", "sentence"),
    [
        (["no_answer"], ["no_answer", "busy"], "After no answer and busy a lead has the status “no answer” and"),
        (["no_answer"], ["busy"], "After busy a lead has the status “no answer” and is to be called again"),
        (["voicemail"], ["voicemail"], "After voicemail a lead has the status “voicemail”"),
        (["contacted"], ["incomplete"], "After incomplete a lead has the status “contacted”"),
        (["scheduled_callback"], [], "Scheduled callbacks would never be made"),
        (["new"], [], "Leads that are new are those to call first"),
        (["dnc"], [], "Leads on Do-Not-Call are never called"),
    ],
)
def test_statuses_of_leads_that_are_to_be_called_cannot_be_left_out(
    campaign: Campaign, excluded: list[str], retried: list[str], sentence: str
) -> None:
    with pytest.raises(ValidationError) as error:
        change(campaign, excluded_statuses=excluded, retry_outcomes=retried)
    assert list(error.value.message_dict) == ["excluded_statuses"]
    assert error.value.message_dict["excluded_statuses"][0].startswith(sentence)


def test_an_outcome_that_is_tried_again_is_judged_against_the_statuses_that_stand(campaign: Campaign) -> None:
    change(campaign, excluded_statuses=["contacted", "no_answer"], retry_outcomes=["voicemail"])
    with pytest.raises(ValidationError, match="After completed a lead has the status “contacted”"):
        change(campaign, retry_outcomes=["completed"])


def test_leads_that_wait_for_their_first_call_cannot_be_left_out(campaign: Campaign) -> None:
    change(campaign, excluded_statuses=["pending_action"])
    with pytest.raises(ValidationError, match="pending action until its first call"):
        change(campaign, first_action="voice_ai")


def test_a_numbers_cap_is_told_to_every_campaign_that_calls_from_it(campaign: Campaign, told: list[Campaign]) -> None:
    agent = campaign.production_agent
    assert agent
    number = agent.caller_number
    assert number
    bare = world.make_agent(agent.account, name="Bare", caller_number=world.make_number(agent.account, "+14155550111"))
    own = world.make_campaign(bare, name="Own", caller_number=number)
    by_step = world.make_campaign(bare, name="Step")
    change(by_step, steps=[StepValues(caller_number=number)])
    by_agent = world.make_campaign(bare, name="Agent")
    change(by_agent, steps=[StepValues(agent=agent)])
    world.make_campaign(bare, name="None")
    world.make_campaign(agent, name="Gone", status="archived")
    told.clear()
    update_number(number=number, by=SYSTEM, daily_cap=10)
    assert told == [campaign, own, by_step, by_agent]
    update_number(number=number, by=SYSTEM, daily_cap=10, label="Office")
    assert len(told) == 4
    update_number(number=number, by=SYSTEM, is_active=False)
    assert len(told) == 8


def test_a_number_of_the_campaign_does_not_fit_an_agent_of_another_account(campaign: Campaign) -> None:
    assert campaign.production_agent
    change(campaign, caller_number=campaign.production_agent.caller_number)
    campaign.refresh_from_db()
    account = world.make_account(campaign.workspace)
    agent = world.make_agent(account, caller_number=world.make_number(account, "+14155550111"))
    assert list(check_dialing(campaign, [StepValues(agent=agent)])) == ["steps.0.caller_number"]


def test_a_part_of_the_lead_s_day_is_not_compared_with_hours_of_a_fixed_zone(campaign: Campaign) -> None:
    campaign.hours, steps = {"mon": [["09:00", "12:00"]]}, [StepValues(part_of_day="evening")]
    assert list(check_dialing(campaign, steps)) == ["steps.0.part_of_day"]
    campaign.hours_zone = "America/Chicago"
    assert check_dialing(campaign, steps) == {}


def test_the_dialer_is_switched_once_and_it_is_written_down(campaign: Campaign) -> None:
    assert set_dialer_state(campaign=campaign, state="on", by=SYSTEM)
    assert campaign.dialer == "on"
    assert not set_dialer_state(campaign=campaign, state="on", by=SYSTEM)
    assert Campaign.objects.get(pk=campaign.pk).dialer == "on"
    event = AuditEvent.objects.get(verb="campaign.dialer")
    assert (event.object_id, event.data) == (campaign.code, {"changes": {"dialer": ["off", "on"]}})
