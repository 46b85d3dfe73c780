"""The sandbox as a workspace's first provider: everything one call needs, in one go, adding only what is missing."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import SYSTEM, Actor
from accounts.models import Workspace
from accounts.services import record
from calls import job_names
from calls.provider_checks import Check, check_account, expect_result, store_result
from calls.providers.elevenlabs import setup
from campaigns.accounts import SANDBOX, create_account, new_sandbox_key, set_account_active
from campaigns.models import CallerNumber, Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from campaigns.services import create_campaign, save_template
from common.hours import DAYS
from common.queue import enqueue_after_commit

log = structlog.get_logger(__name__)
NAME = "Sandbox"
# Reserved for fiction, like every number the guide suggests.
CALLER = "+14155550100"
PATIENCE_SECONDS = 5
AROUND_THE_CLOCK = {day: [["00:00", "24:00"]] for day in DAYS}
TEMPLATE = "First conversation"
FIRST_MESSAGE = (
    "Hello {{first_name}}, this is {{agent_name}}, an AI assistant of {{workspace_name}}. This call is recorded. "
    "Do you have two minutes?"
)
BODY = """You are {{agent_name}}, an AI assistant of {{workspace_name}}.
This is an {{call_direction}} call to {{full_name}}.

# Goal
Find out whether {{first_name}} is interested in what {{workspace_name}} offers, and agree on the next step.

# How you speak
Short sentences, one question at a time, no pressure.
If they are busy, ask when to call back, and repeat the day and the hour.

# Rules that always hold
- Say in your first sentence that you are an AI assistant and that the call is recorded.
- If they ask whether you are a human, say that you are not.
- If they ask not to be called again, apologise, say that their number will be removed, and end the call at once.
- If a machine answers, leave no message and end the call.
- Never promise a price or a date. Never ask for card or bank details.
"""


@transaction.atomic
def use_sandbox(*, workspace: Workspace, by: Actor) -> ProviderAccount:
    account = _account(workspace, by)
    agent = _agent(account, by, _number(account, by), _template(workspace, by))
    _campaign(workspace, by, agent)
    request_set_up(account)
    return account


def request_set_up(account: ProviderAccount) -> None:
    expect_result(account)
    enqueue_after_commit(job_names.SET_UP_SANDBOX, account.pk)


def sandbox_accounts(workspace: Workspace) -> QuerySet[ProviderAccount]:
    return ProviderAccount.objects.filter(workspace=workspace, host=SANDBOX).order_by("pk")


def _account(workspace: Workspace, by: Actor) -> ProviderAccount:
    # Two clicks at once wait for each other here.
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    account = sandbox_accounts(workspace).first()
    if account is None:
        name = _free_name(NAME, ProviderAccount.objects.filter(workspace=workspace))
        return create_account(
            workspace=workspace, by=by, name=name, host=SANDBOX, api_key=new_sandbox_key(), calls_per_second=10
        )
    set_account_active(account=account, active=True, by=by)
    return account


def _number(account: ProviderAccount, by: Actor) -> CallerNumber:
    numbers = CallerNumber.objects.filter(account=account, is_active=True)
    if found := numbers.order_by("pk").first():
        return found
    number, _ = CallerNumber.objects.update_or_create(
        account=account,
        e164=CALLER,
        defaults={"workspace": account.workspace, "label": NAME, "is_active": True},
    )
    _record(account.workspace, by, "number.saved", "number", number.public_id, name=number.e164)
    return number


def _template(workspace: Workspace, by: Actor) -> PromptTemplate:
    templates = PromptTemplate.objects.filter(workspace=workspace)
    if found := templates.filter(current__isnull=False).order_by("pk").first():
        return found
    return save_template(
        workspace=workspace, name=_free_name(TEMPLATE, templates), body=BODY, first_message=FIRST_MESSAGE, by=by
    )


def _agent(account: ProviderAccount, by: Actor, number: CallerNumber, template: PromptTemplate) -> VoiceAgent:
    agents = VoiceAgent.objects.filter(workspace=account.workspace)
    found = agents.filter(account=account, is_active=True).order_by("pk").first()
    if found is None:
        name = _free_name("Ava", agents)
        found = VoiceAgent(workspace=account.workspace, account=account, name=name)
        found.template, found.caller_number = template, number
        # Its id at the sandbox is only known when the job has made it there.
        found.full_clean(exclude=["provider_agent_id"])
        found.save()
        _record(account.workspace, by, "agent.created", "agent", found.public_id, name=found.name)
    elif not found.template_id or not found.caller_number_id:
        found.template, found.caller_number = found.template or template, found.caller_number or number
        found.save(update_fields=["template", "caller_number"])
        _record(account.workspace, by, "agent.changed", "agent", found.public_id, name=found.name)
    return found


def _campaign(workspace: Workspace, by: Actor, agent: VoiceAgent) -> None:
    """Calls at any hour and again at once: what it is for is trying. A campaign that can call already stays alone."""
    campaigns = Campaign.objects.filter(workspace=workspace)
    if campaigns.filter(status=Campaign.Status.ACTIVE, production_agent__account=agent.account).exists():
        return
    create_campaign(
        workspace=workspace,
        by=by,
        name=_free_name("Try-out", campaigns),
        status=Campaign.Status.ACTIVE,
        is_default=not campaigns.filter(is_default=True).exists(),
        production_agent=agent,
        hours=AROUND_THE_CLOCK,
        min_gap_minutes=0,
        max_attempts=100,
    )


def _free_name(
    wanted: str, rows: QuerySet[ProviderAccount] | QuerySet[Campaign] | QuerySet[PromptTemplate] | QuerySet[VoiceAgent]
) -> str:
    taken = set(rows.values_list("name", flat=True))
    names = [wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _record(workspace: Workspace, by: Actor, verb: str, object_type: str, object_id: str, **data: Any) -> None:
    record(workspace=workspace, by=by, verb=verb, object_type=object_type, object_id=object_id, data=data)


def set_up_sandbox(account_id: int) -> None:
    """The job: make at the sandbox what the account has here, then check it as any other account."""
    account = ProviderAccount.objects.select_related("workspace").filter(pk=account_id, host=SANDBOX).first()
    if account is None:
        return
    try:
        made = [*setup.connect(account, patience=PATIENCE_SECONDS), *setup.repair_agents(account)]
    except setup.NotConnected as reason:
        cause = str(reason.__cause__ or "")
        log.warning("sandbox_not_set_up", account=account.public_id, reason=str(reason), cause=cause)
        store_result(account.pk, [Check("Sandbox", "missing", f"The sandbox could not be set up: {reason}.")])
        return
    if made:
        _record(account.workspace, SYSTEM, "account.set_up", "account", account.public_id, name=account.name, made=made)
    check_account(account.pk)
