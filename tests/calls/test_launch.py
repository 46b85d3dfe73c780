"""A campaign is launched from its checklist: what every call would fail for stops it, what is only unwise does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, OperatorSwitch, Workspace
from accounts.services import set_calls_stopped
from calls.launch import MISSING, OK, WARN, checklist, launch_campaign
from campaigns.dialing import StepValues
from campaigns.models import CallerNumber, Campaign, ProviderAccount, VoiceAgent
from campaigns.services import save_template, update_campaign
from common import clock
from common.errors import ProblemError
from tests import world
from webhooks.models import WebhookEndpoint

Lines = Callable[[str], list[str]]


@pytest.fixture
def lines(campaign: Campaign) -> Lines:
    def found(state: str) -> list[str]:
        fresh = Campaign.objects.with_calling().select_related("workspace").get(pk=campaign.pk)
        return [item.text for item in checklist(fresh) if item.state == state]

    return found


def test_a_whole_campaign_misses_nothing_and_is_told_what_is_unwise(lines: Lines) -> None:
    assert lines(MISSING) == []
    never_checked, no_test_agent, utc = lines(WARN)
    assert "never checked" in never_checked
    assert "no test agent" in no_test_agent
    assert "UTC" in utc


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda: Campaign.objects.update(production_agent=None), "No voice agent is chosen"),
        (lambda: VoiceAgent.objects.update(is_active=False), "is deactivated"),
        (lambda: VoiceAgent.objects.update(provider_agent_id=""), "no agent ID of the provider"),
        (lambda: VoiceAgent.objects.update(caller_number=None), "no number to call from"),
        (lambda: VoiceAgent.objects.update(template=None), "There is no prompt"),
        (lambda: ProviderAccount.objects.update(is_active=False), "is deactivated"),
        (lambda: ProviderAccount.objects.update(api_key=""), "has no API key"),
        (lambda: ProviderAccount.objects.update(webhook_secret=""), "has no webhook secret"),
        (lambda: ProviderAccount.objects.update(host="sandbox"), "points to the sandbox"),
        (lambda: CallerNumber.objects.update(is_active=False), "is deactivated"),
        (lambda: Campaign.objects.update(hours={}), "never open"),
        (lambda: Campaign.objects.update(hours={"mon": "x"}), "never open"),
        (lambda: OperatorSwitch.objects.create(id=1, calls_stopped_at=clock.now()), "stopped by the stop switch"),
    ],
)
def test_what_every_call_would_fail_for_is_missing(
    lines: Lines, campaign: Campaign, break_it: Callable[[], object], sentence: str
) -> None:
    break_it()
    assert [sentence in text for text in lines(MISSING)] == [True]
    Campaign.objects.update(status="inactive")
    with pytest.raises(ProblemError, match=sentence) as refused:
        launch_campaign(campaign=campaign, by=SYSTEM)
    assert refused.value.details == lines(MISSING)
    campaign.refresh_from_db()
    assert campaign.status == "inactive"


def test_a_number_that_another_account_holds_is_missing(lines: Lines, campaign: Campaign) -> None:
    foreign = world.make_number(world.make_account(campaign.workspace, name="Second"), "+14155550111")
    Campaign.objects.update(caller_number=foreign)
    assert "is held by Second" in lines(MISSING)[0]


def test_the_workspaces_stop_switch_is_missing(lines: Lines, campaign: Campaign) -> None:
    set_calls_stopped(workspace=campaign.workspace, stopped=True, by=SYSTEM)
    assert "stop switch" in lines(MISSING)[0]


@pytest.mark.parametrize(
    ("results", "age", "state", "sentence"),
    [
        ([{"name": "key", "state": "ok", "text": "The key works."}], 1, OK, "found nothing wrong"),
        ([{"name": "key", "state": "ok", "text": "The key works."}], 8, WARN, "more than a week ago"),
        ([{"name": "key", "state": "missing", "text": "The key is refused."}], 1, MISSING, "The key is refused."),
        ([{"name": "data", "state": "warn", "text": "No crm_outcome."}], 1, WARN, "No crm_outcome."),
    ],
)
def test_the_accounts_last_check_counts(
    lines: Lines, account: ProviderAccount, results: list[dict[str, str]], age: int, state: str, sentence: str
) -> None:
    checked = clock.real_now() - timedelta(days=age)
    ProviderAccount.objects.filter(pk=account.pk).update(checked_at=checked, check_results=results)
    assert any(sentence in text for text in lines(state))


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("You are an AI that calls.", OK),
        ("You are a virtual assistant.", OK),
        ("Say that this is an Automated call.", OK),
        ("You are Nora. Aim high, and wait on the line.", WARN),
    ],
)
def test_a_prompt_says_that_an_ai_calls(lines: Lines, campaign: Campaign, body: str, state: str) -> None:
    template = VoiceAgent.objects.get().template
    assert template
    save_template(
        workspace=campaign.workspace, name="Hello", body=body, first_message="Hi!", by=SYSTEM, template=template
    )
    assert any("“Hello”" in text for text in lines(state))


def test_an_agent_that_the_provider_did_not_list_is_told(lines: Lines, account: ProviderAccount) -> None:
    listed = {"agents": [{"id": "agent_other", "name": "Other"}]}
    ProviderAccount.objects.filter(pk=account.pk).update(directory=listed)
    assert any("compare the ID" in text for text in lines(WARN))


def test_what_the_dialer_lacks_is_a_remark_and_stops_no_launch(lines: Lines, campaign: Campaign) -> None:
    agent = world.make_agent(VoiceAgent.objects.get().account, name="Gone")
    steps = [StepValues(after_attempt=1), StepValues(after_attempt=2, agent=agent)]
    rules: dict[str, Any] = {"min_gap_minutes": 0, "retry_outcomes": ["busy"], "dialer_concurrency": 500}
    update_campaign(campaign=campaign, by=SYSTEM, steps=steps, holidays=[{"date": "2020-12-25", "name": ""}], **rules)
    quiet = lines(WARN)
    assert any("holidays are over" in text for text in quiet)
    assert any("auto-dialer is off" in text for text in lines(OK))
    VoiceAgent.objects.filter(pk=agent.pk).update(is_active=False)
    Campaign.objects.update(dialer="on")
    told = set(lines(WARN)) - set(quiet)
    assert len(told) == 2
    assert any("500 calls at a time, but" in text and "has 100" in text for text in told)
    assert any("Step 2 of the sequence calls with Gone" in text for text in told)
    Campaign.objects.update(dialer="paused", retry_outcomes=[], dialer_concurrency=None)
    told = set(lines(WARN)) - set(quiet)
    assert any("is paused" in text for text in told)
    assert any("tries again after no outcome" in text for text in told)
    assert lines(MISSING) == []


@pytest.mark.parametrize(
    ("action", "dialer", "state", "sentence"),
    [
        ("voice_ai", "paused", WARN, "wait while the auto-dialer is paused"),
        ("voice_ai", "off", OK, "only once while the auto-dialer is off"),
        ("webhook", "off", WARN, "no endpoint is chosen"),
    ],
)
def test_what_the_first_action_needs_is_told(
    lines: Lines, campaign: Campaign, action: str, dialer: str, state: str, sentence: str
) -> None:
    Campaign.objects.update(first_action=action, dialer=dialer)
    assert any(sentence in text for text in lines(state))


def test_an_endpoint_that_is_switched_off_is_told(lines: Lines, campaign: Campaign) -> None:
    hook = WebhookEndpoint.objects.create(
        workspace=campaign.workspace, url="https://crm.example.com/", description="CRM", state="paused"
    )
    Campaign.objects.update(first_action="webhook", first_action_endpoint=hook)
    assert any("CRM, which is paused: switch it on" in text for text in lines(WARN))


def test_launching_makes_it_active_and_is_on_record_once(campaign: Campaign, workspace: Workspace) -> None:
    Campaign.objects.update(status="inactive")
    campaign.refresh_from_db()
    assert launch_campaign(campaign=campaign, by=SYSTEM)
    assert not launch_campaign(campaign=campaign, by=SYSTEM)
    campaign.refresh_from_db()
    assert campaign.status == "active"
    event = AuditEvent.objects.get(workspace=workspace, verb="campaign.status")
    assert event.data == {"changes": {"status": ["inactive", "active"]}}


def test_an_archived_campaign_is_restored_before_it_is_launched(campaign: Campaign) -> None:
    Campaign.objects.update(status="archived")
    with pytest.raises(ProblemError, match="Restore it first"):
        launch_campaign(campaign=campaign, by=SYSTEM)


def test_the_checklist_asks_little(campaign: Campaign) -> None:
    fresh = Campaign.objects.with_calling().select_related("workspace").get(pk=campaign.pk)
    with CaptureQueriesContext(connection) as captured:
        checklist(fresh)
    assert len(captured) <= 2
