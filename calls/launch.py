"""Is a campaign fit to call? Everything that a call of it would need, with what to do where something is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import are_calls_stopped
from campaigns.dialing import steps_of
from campaigns.models import CallerNumber, Campaign, ProviderAccount, VoiceAgent
from campaigns.services import set_campaign_status
from common import clock, phones
from common.errors import ProblemError
from common.hours import holidays_or_none, hours_or_closed, place, week_text
from webhooks.models import WebhookEndpoint

OK, MISSING, WARN = "ok", "missing", "warn"
CHECK_HOLDS = timedelta(days=7)
SAYS_AI = re.compile(r"\b(AI|A\.I\.|artificial intelligence)\b|\b(?i:automated|virtual assistant|voice assistant)\b")


@dataclass(frozen=True)
class Item:
    """One line of the checklist; `url_name` and `url_arg` say on which page it is mended."""

    state: str
    text: str
    url_name: str = ""
    url_arg: str = ""


def checklist(campaign: Campaign) -> list[Item]:
    """Reads only. Give the campaign with_calling(), or each of its parts is asked for by itself."""
    agent = campaign.production_agent
    return [
        _agent(campaign, agent),
        *(_agent_parts(campaign, agent) if agent else ()),
        _hours(campaign),
        _test_agent(campaign),
        *_dialer(campaign),
        _stop_switch(campaign.workspace),
        _timezone(campaign.workspace),
    ]


def missing(items: list[Item]) -> list[str]:
    return [item.text for item in items if item.state == MISSING]


def warnings(items: list[Item]) -> list[str]:
    return [item.text for item in items if item.state == WARN]


@transaction.atomic
def launch_campaign(*, campaign: Campaign, by: Actor) -> bool:
    """From now on its leads may be called; refused while something is missing that every call would fail for."""
    fresh = Campaign.objects.with_calling().select_related("workspace").get(pk=campaign.pk)
    if lacks := missing(checklist(fresh)):
        raise ProblemError("CAMPAIGN_NOT_READY", f"It cannot be launched yet. {' '.join(lacks)}", details=lacks)
    return set_campaign_status(campaign=campaign, status=Campaign.Status.ACTIVE, by=by)


def _agent_parts(campaign: Campaign, agent: VoiceAgent) -> Iterator[Item]:
    account = agent.account
    yield _provider_agent(agent)
    yield _account(account)
    yield _webhook_secret(account)
    yield _check_result(account)
    yield _caller_number(campaign, agent)
    yield _prompt(campaign, agent)


def _agent(campaign: Campaign, agent: VoiceAgent | None) -> Item:
    if agent is None:
        return Item(MISSING, "No voice agent is chosen: say who calls.", "campaign_edit", campaign.code)
    if not agent.is_active:
        return Item(
            MISSING, f"The voice agent {agent.name} is deactivated: activate it.", "agent_edit", agent.public_id
        )
    return Item(OK, f"{agent.name} calls its leads.", "agent_edit", agent.public_id)


def _provider_agent(agent: VoiceAgent) -> Item:
    link = ("agent_edit", agent.public_id)
    if not agent.provider_agent_id:
        return Item(MISSING, f"{agent.name} has no agent ID of the provider: enter it.", *link)
    known = {str(entry.get("id")) for entry in agent.account.directory.get("agents", [])}
    if known and agent.provider_agent_id not in known:
        text = f"{agent.account} listed no agent {agent.provider_agent_id} at its last check: compare the ID."
        return Item(WARN, text, *link)
    return Item(OK, f"{agent.name} is the provider's agent {agent.provider_agent_id}.", *link)


def _account(account: ProviderAccount) -> Item:
    link = ("account_edit", account.public_id)
    if not account.is_active:
        return Item(MISSING, f"The provider account {account} is deactivated: activate it.", *link)
    if not account.api_key:
        return Item(MISSING, f"The provider account {account} has no API key: enter it.", *link)
    if not account.base_url:
        text = f"The provider account {account} points to the sandbox, which is not running here: choose another host."
        return Item(MISSING, text, *link)
    return Item(OK, f"The provider account {account} is active and has an API key (host: {account.host}).", *link)


def _webhook_secret(account: ProviderAccount) -> Item:
    link = ("account_edit", account.public_id)
    if not account.webhook_secret:
        text = f"{account} has no webhook secret: without it, what the provider reports about a call is never believed."
        return Item(MISSING, text, *link)
    return Item(OK, "The provider's reports can be verified.", *link)


def _check_result(account: ProviderAccount) -> Item:
    link = ("account_edit", account.public_id)
    if account.checked_at is None:
        return Item(WARN, f"{account} was never checked: run its Check to see whether the key works.", *link)
    for state in (MISSING, WARN):
        texts = [str(result.get("text", "")) for result in account.check_results if result.get("state") == state]
        if texts:
            return Item(state, f"The last Check of {account} found: {texts[0]}", *link)
    if clock.real_now() - account.checked_at > CHECK_HOLDS:
        return Item(WARN, f"{account} was last checked more than a week ago: run its Check again.", *link)
    return Item(OK, f"The last Check of {account} found nothing wrong.", *link)


def _caller_number(campaign: Campaign, agent: VoiceAgent) -> Item:
    number = campaign.caller_number_for(agent)
    if number is None:
        text = f"There is no number to call from: choose one here or for {agent.name}."
        return Item(MISSING, text, "campaign_edit", campaign.code)
    if not number.is_active:
        text = f"The caller number {_shown(number)} is deactivated: activate it."
        return Item(MISSING, text, "number_edit", number.public_id)
    if number.account_id != agent.account_id:
        sentence = f"{_shown(number)} is held by {number.account}, but {agent.name} calls through {agent.account}"
        return Item(MISSING, f"{sentence}: choose another.", "campaign_edit", campaign.code)
    return Item(OK, f"Calls come from {_shown(number)}.", "number_edit", number.public_id)


def _shown(number: CallerNumber) -> str:
    return f"{phones.display(number.e164)} {number.label}".strip()


def _prompt(campaign: Campaign, agent: VoiceAgent) -> Item:
    version = campaign.prompt_version_for(agent)
    template = campaign.template or agent.template
    if version is None or template is None:
        text = f"There is no prompt: choose a template here or for {agent.name}."
        return Item(MISSING, text, "campaign_edit", campaign.code)
    link = ("prompt_edit", template.public_id)
    if not SAYS_AI.search(f"{version.body}\n{version.first_message}"):
        text = (
            f"“{template}” does not say that an AI is calling. Many countries ask for it: say so in the first message."
        )
        return Item(WARN, text, *link)
    return Item(OK, f"“{template}” tells the agent what to say, and that it is an AI.", *link)


def _hours(campaign: Campaign) -> Item:
    link = ("campaign_edit", campaign.code)
    hours = hours_or_closed(campaign.hours)
    if not any(hours):
        return Item(MISSING, "The calling hours are never open: open them on at least one day.", *link)
    where = f"in the time zone of {place(campaign.hours_zone)}" if campaign.hours_zone else "where the lead is"
    return Item(OK, f"Open {week_text(hours)}, {where}.", *link)


def _test_agent(campaign: Campaign) -> Item:
    link = ("campaign_edit", campaign.code)
    agent, number = campaign.test_agent, campaign.caller_number
    if agent is None:
        return Item(WARN, "There is no test agent: test leads are called by the production agent.", *link)
    if number and number.account_id != agent.account_id:
        text = f"The test agent {agent.name} cannot call from {_shown(number)}, which another provider account holds."
        return Item(WARN, text, *link)
    return Item(OK, f"{agent.name} calls test leads.", "agent_edit", agent.public_id)


def _dialer(campaign: Campaign) -> Iterator[Item]:
    """Remarks only: a campaign calls by hand and by API without a dialer."""
    link = ("dialer_settings", campaign.code)
    yield _dialer_state(campaign)
    yield from _first_action(campaign)
    if _all_over(campaign):
        yield Item(WARN, "All its holidays are over: write those of the next year.", *link)
    if campaign.dialer == Campaign.Dialer.OFF:
        return
    if not campaign.retry_outcomes and campaign.max_attempts > 1:
        yield Item(WARN, "The dialer tries again after no outcome: each lead is called once.", *link)
    yield from _concurrency(campaign)
    yield from _steps(campaign)


def _dialer_state(campaign: Campaign) -> Item:
    link = ("campaign", campaign.code)
    if campaign.dialer == Campaign.Dialer.PAUSED:
        return Item(WARN, "The auto-dialer is paused: it dials nobody until somebody resumes it.", *link)
    if campaign.dialer == Campaign.Dialer.ON:
        return Item(OK, "The auto-dialer is on: it calls the leads that are sent to it.", *link)
    return Item(OK, "The auto-dialer is off: leads are called by hand and by API. Start it on this page when you like.")


def _first_action(campaign: Campaign) -> Iterator[Item]:
    """What the chosen action lacks; nothing where none is chosen."""
    link = ("dialer_settings", campaign.code)
    action, endpoint = campaign.first_action, campaign.first_action_endpoint
    if action == Campaign.FirstAction.VOICE_AI and campaign.dialer == Campaign.Dialer.PAUSED:
        yield Item(WARN, "New leads should be called at once, but wait while the auto-dialer is paused.", *link)
    elif action == Campaign.FirstAction.VOICE_AI and campaign.dialer == Campaign.Dialer.OFF:
        yield Item(OK, "New leads are called at once, and only once while the auto-dialer is off.", *link)
    elif action == Campaign.FirstAction.WEBHOOK and endpoint is None:
        yield Item(WARN, "New leads should be reported to a webhook, but no endpoint is chosen.", *link)
    elif action == Campaign.FirstAction.WEBHOOK and endpoint and endpoint.state != WebhookEndpoint.State.ACTIVE:
        text = f"New leads are reported to {endpoint}, which is {endpoint.get_state_display().lower()}: switch it on."
        yield Item(WARN, text, "webhook", endpoint.public_id)


def _all_over(campaign: Campaign) -> bool:
    days = holidays_or_none(campaign.holidays)
    return bool(days) and all(len(day) > len("12-25") and day < clock.now().date().isoformat() for day in days)


def _concurrency(campaign: Campaign) -> Iterator[Item]:
    wanted, agent = campaign.dialer_concurrency, campaign.production_agent
    if wanted and agent and wanted > agent.account.concurrency:
        lines = agent.account.concurrency
        text = f"The dialer may make {wanted} calls at a time, but {agent.account} has {lines}: the rest waits."
        yield Item(WARN, text, "dialer_settings", campaign.code)


def _steps(campaign: Campaign) -> Iterator[Item]:
    for number, step in enumerate(steps_of(campaign), 1):
        account = step.agent.account if step.agent else None
        rows = (step.agent, account, step.caller_number)
        gone = next((row for row in rows if row and not row.is_active), None)
        if gone:
            text = f"Step {number} of the sequence calls with {gone}, which is deactivated: choose another."
            yield Item(WARN, text, "dialer_settings", campaign.code)


def _stop_switch(workspace: Workspace) -> Item:
    if are_calls_stopped(workspace.pk):
        return Item(MISSING, "All calls are stopped by the stop switch: the top of the page says who resumes them.")
    return Item(OK, "The stop switch is off.")


def _timezone(workspace: Workspace) -> Item:
    link = ("settings_workspace",)
    if workspace.timezone == "UTC":
        return Item(WARN, "The workspace's time zone is still UTC: set yours, so that pages show your time.", *link)
    return Item(OK, f"The workspace's time zone is {workspace.timezone}.", *link)
