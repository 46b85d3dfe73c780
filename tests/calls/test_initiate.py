from __future__ import annotations

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.services import set_calls_stopped, set_operator_stop
from calls.gate.rules import Verdict
from calls.models import Dispatch, Interaction, InteractionEvent, Status
from calls.services import CallRefused, initiate_call, preflight
from campaigns.models import CallerNumber, Campaign
from common import clock as business_clock
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import world
from tests.travel import Clock


def call(lead: Lead, **how: object) -> Interaction:
    return initiate_call(lead=lead, by=SYSTEM, origin="manual", **how)  # type: ignore[arg-type]


def refusal(lead: Lead, **how: object) -> Verdict:
    with pytest.raises(CallRefused) as refused:
        call(lead, **how)
    assert not Interaction.objects.filter(lead=lead, status=Status.ERROR).exists()
    return refused.value.verdict


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_an_allowed_call_becomes_one_queued_interaction_in_progress(lead: Lead) -> None:
    interaction = call(lead, additional_instructions="Ask about their timeline")

    interaction.refresh_from_db()
    assert (interaction.status, interaction.dispatch) == (Status.IN_PROGRESS, Dispatch.QUEUED)
    assert interaction.to_number == lead.phone
    assert interaction.from_number == "+14155550100"
    assert interaction.additional_instructions == "Ask about their timeline"
    assert InteractionEvent.objects.get(interaction=interaction).kind == "created"


def test_a_lead_without_a_phone_is_refused(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(phone="")
    lead.refresh_from_db()
    assert codes(refusal(lead)) == ["INVALID_PHONE_NUMBER"]


@pytest.mark.parametrize("number", ["+1", "+1415555013", "+9991234567", "+141555501321", "+0044", "abc"])
def test_an_impossible_number_is_refused(lead: Lead, number: str) -> None:
    assert "INVALID_PHONE_NUMBER" in codes(refusal(lead, number=number))


def test_a_possible_number_that_nobody_has_is_called_with_a_warning(lead: Lead) -> None:
    checked = preflight(lead=lead, number="+15551234567")
    assert checked.verdict.allowed
    assert checked.verdict.warnings


@pytest.mark.parametrize("status", [Campaign.Status.INACTIVE, Campaign.Status.ARCHIVED])
def test_a_campaign_that_is_not_active_is_refused(lead: Lead, campaign: Campaign, status: str) -> None:
    Campaign.objects.update(status=status)
    assert codes(refusal(lead)) == ["CAMPAIGN_INACTIVE"]


def test_a_test_call_skips_only_the_active_check(lead: Lead, campaign: Campaign) -> None:
    Campaign.objects.update(status=Campaign.Status.INACTIVE)
    assert call(lead, is_test=True).is_test


def test_a_campaign_without_an_agent_is_refused(lead: Lead) -> None:
    Campaign.objects.update(production_agent=None)
    assert codes(refusal(lead)) == ["AGENT_NOT_CONFIGURED"]


def test_without_a_caller_number_the_call_is_refused(lead: Lead, campaign: Campaign) -> None:
    assert campaign.production_agent
    campaign.production_agent.caller_number = None
    campaign.production_agent.save()
    assert codes(refusal(lead)) == ["MISSING_PHONE_NUMBER"]


def test_a_caller_number_of_another_account_is_refused(lead: Lead, campaign: Campaign) -> None:
    stranger = world.make_number(world.make_account(campaign.workspace), "+14155550199")
    assert codes(refusal(lead, caller_number=stranger)) == ["MISSING_PHONE_NUMBER"]


def test_the_campaigns_number_comes_before_the_agents(lead: Lead, campaign: Campaign) -> None:
    assert campaign.production_agent
    number = world.make_number(campaign.production_agent.account, "+14155550177")
    Campaign.objects.update(caller_number=number)
    assert call(lead).from_number == "+14155550177"


def test_without_a_template_the_call_is_refused(lead: Lead, campaign: Campaign) -> None:
    assert campaign.production_agent
    campaign.production_agent.template = None
    campaign.production_agent.save()
    assert codes(refusal(lead)) == ["PROMPT_NOT_CONFIGURED"]


def test_a_listed_number_is_refused_for_every_lead_that_has_it(lead: Lead, campaign: Campaign) -> None:
    add_to_do_not_call(workspace=campaign.workspace, address=lead.phone, by=SYSTEM, reason="Asked by letter")
    other = world.make_lead(campaign, lead.phone, first_name="Olga")

    verdict = refusal(other)
    assert codes(verdict) == ["DO_NOT_CALL"]
    assert "Asked by letter" in verdict.message
    assert verdict.next_allowed_at is None


def test_another_workspaces_list_does_not_count(lead: Lead, elsewhere: Campaign) -> None:
    add_to_do_not_call(workspace=elsewhere.workspace, address=lead.phone, by=SYSTEM)
    assert call(lead)


def test_a_lead_of_status_dnc_is_refused_on_every_number(lead: Lead) -> None:
    Lead.objects.update(status="dnc")
    lead.refresh_from_db()
    assert codes(refusal(lead, number="+14155550188")) == ["DO_NOT_CALL"]


def test_outside_the_hours_the_refusal_names_the_next_opening(lead: Lead, clock: Clock) -> None:
    Campaign.objects.update(hours={"fri": [["09:00", "17:00"]]})
    clock.at("2026-11-20T08:00:00-08:00")

    verdict = refusal(lead)
    assert codes(verdict) == ["OUTSIDE_OPERATING_HOURS"]
    assert verdict.next_allowed_at is not None
    assert verdict.next_allowed_at.isoformat() == "2026-11-20T17:00:00+00:00"


def test_within_the_gap_the_refusal_names_its_end(lead: Lead, clock: Clock) -> None:
    now = clock.at("2026-11-20T12:00:00-08:00")
    Campaign.objects.update(min_gap_minutes=60)
    world.make_interaction(lead, status=Status.NO_ANSWER, dispatch=Dispatch.PLACED, placed_at=now)
    clock.move(minutes=59)

    verdict = refusal(lead)
    assert codes(verdict) == ["MIN_GAP_NOT_ELAPSED"]
    clock.at(verdict.next_allowed_at or now)
    assert call(lead)


def test_the_gap_counts_for_the_number_whichever_lead_has_it(lead: Lead, campaign: Campaign) -> None:
    Campaign.objects.update(min_gap_minutes=60)
    same_person = world.make_lead(campaign, lead.phone)
    world.make_interaction(same_person, status=Status.BUSY, dispatch=Dispatch.PLACED, placed_at=business_clock.now())
    assert codes(refusal(lead)) == ["MIN_GAP_NOT_ELAPSED"]


@pytest.mark.parametrize(("most", "words"), [(1, "called once"), (2, "called 2 times")])
def test_after_the_last_attempt_no_further_call_is_made(lead: Lead, most: int, words: str) -> None:
    Campaign.objects.update(max_attempts=most)
    for _ in range(most):
        world.make_interaction(lead, status=Status.NO_ANSWER, dispatch=Dispatch.PLACED, placed_at=business_clock.now())
    verdict = refusal(lead)
    assert codes(verdict) == ["MAX_ATTEMPTS_REACHED"]
    assert words in verdict.reasons[0].message


@pytest.mark.parametrize(
    "fields",
    [
        {"is_test": True},
        {"placed_at": None, "dispatch": Dispatch.WITHDRAWN, "status": Status.ERROR},
        {"status": Status.ERROR, "error_code": "PROVIDER_FAULT"},
    ],
)
def test_tests_withdrawn_calls_and_provider_faults_are_no_attempts(lead: Lead, fields: dict[str, object]) -> None:
    Campaign.objects.update(max_attempts=1)
    placed = {"status": Status.COMPLETED, "dispatch": Dispatch.PLACED, "placed_at": business_clock.now()}
    world.make_interaction(lead, **{**placed, **fields})
    assert call(lead)


def test_a_second_call_to_a_live_number_is_refused_with_the_first_ones_id(lead: Lead, campaign: Campaign) -> None:
    first = call(lead)
    same_person = world.make_lead(campaign, lead.phone, first_name="Ann")

    with pytest.raises(CallRefused) as refused:
        call(same_person)
    assert refused.value.code == "CALL_IN_PROGRESS"
    assert refused.value.live_interaction_id == first.public_id


def test_when_the_gate_saw_nothing_the_constraint_still_refuses(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    first = call(lead)
    monkeypatch.setattr("calls.gate.facts.live_call_id", lambda *_: "")

    with pytest.raises(CallRefused) as refused:
        call(lead)
    assert refused.value.code == "CALL_IN_PROGRESS"
    assert refused.value.live_interaction_id == first.public_id
    assert Interaction.objects.count() == 1


def test_two_workspaces_may_call_the_same_number_at_once(lead: Lead, elsewhere: Campaign) -> None:
    assert call(lead)
    assert call(world.make_lead(elsewhere, lead.phone))


def test_the_workspaces_stop_switch_refuses_and_its_release_allows(lead: Lead) -> None:
    set_calls_stopped(workspace=lead.workspace, stopped=True, by=SYSTEM)
    assert codes(refusal(lead)) == ["CALLS_STOPPED"]
    set_calls_stopped(workspace=lead.workspace, stopped=False, by=SYSTEM)
    assert call(lead)


def test_the_operators_stop_switch_refuses_every_workspace(lead: Lead, elsewhere: Campaign) -> None:
    set_operator_stop(stopped=True)
    assert codes(refusal(lead)) == ["CALLS_STOPPED"]
    assert codes(refusal(world.make_lead(elsewhere))) == ["CALLS_STOPPED"]


def test_every_reason_is_told_at_once_the_weightiest_first(lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T03:00:00-08:00")
    Campaign.objects.update(status="inactive", hours={"fri": [["09:00", "17:00"]]})
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    assert codes(refusal(lead)) == ["DO_NOT_CALL", "CAMPAIGN_INACTIVE", "OUTSIDE_OPERATING_HOURS"]


def test_a_test_lead_is_called_by_the_test_agent(lead: Lead, campaign: Campaign) -> None:
    number = CallerNumber.objects.get()
    agent = world.make_agent(number.account, caller_number=number, template=world.make_template(campaign.workspace))
    Campaign.objects.update(test_agent=agent)
    Lead.objects.update(is_test=True)
    lead.refresh_from_db()
    assert call(lead).agent == agent


def test_a_test_lead_without_a_test_agent_is_called_by_the_production_agent(lead: Lead, campaign: Campaign) -> None:
    Lead.objects.update(is_test=True)
    lead.refresh_from_db()
    assert call(lead).agent == campaign.production_agent


def test_by_the_api_a_refusal_carries_codes_and_times(api: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T08:00:00-08:00")
    Campaign.objects.update(hours={"fri": [["09:00", "17:00"]]})
    response = api.post("/api/v1/voice/calls/initiate", {"leadId": lead.public_id}, content_type="application/json")
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["code"] == "OUTSIDE_OPERATING_HOURS"
    assert error["reasons"][0]["nextAllowedAt"] == "2026-11-20T17:00:00.000Z"


def test_by_the_api_a_call_answers_with_its_four_ids(api: Client, lead: Lead, campaign: Campaign) -> None:
    response = api.post("/api/v1/voice/calls/initiate", {"leadId": lead.public_id}, content_type="application/json")
    data = response.json()["data"]
    assert response.status_code == 200
    assert data["leadId"] == lead.public_id
    assert data["campaignId"] == campaign.code
    assert Interaction.objects.get().public_id == data["interactionId"]


def test_by_the_api_a_foreign_lead_is_as_unknown_as_none(api: Client, elsewhere: Campaign) -> None:
    foreign = world.make_lead(elsewhere)
    for lead_id in (foreign.public_id, "lead_nobody"):
        response = api.post("/api/v1/voice/calls/initiate", {"leadId": lead_id}, content_type="application/json")
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "NOT_FOUND"


def test_a_number_that_does_not_exist_is_not_tried_again(lead: Lead, campaign: Campaign) -> None:
    found_dead = {"status": Status.ERROR, "error_code": "INVALID_NUMBER", "dispatch": Dispatch.PLACED}
    world.make_interaction(lead, placed_at=business_clock.now(), **found_dead)
    same_number = world.make_lead(campaign, lead.phone)
    with pytest.raises(CallRefused) as refused:
        call(same_number)
    assert refused.value.code == "INVALID_PHONE_NUMBER"
    assert call(lead, number="+14155550188")
