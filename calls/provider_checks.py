"""Check: whether calls through a provider account can work, in words that say what to do.

A web request never calls a provider: asking writes a moment and enqueues a job; the page looks until there is a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

from calls import job_names
from calls.providers import adapter_for
from calls.providers.base import (
    DATA_KEYS,
    EVENTS,
    USEFUL_EVENT,
    AgentSetup,
    Inspection,
    KeyRefused,
    ListedNumber,
    ProviderBusy,
    ProviderUnreachable,
    Webhooks,
)
from campaigns.models import CallerNumber, ProviderAccount, VoiceAgent
from common import clock
from common.fields import SecretUnreadable
from common.http import Lost
from common.queue import enqueue_after_commit

log = structlog.get_logger(__name__)
SILENT_AFTER = timedelta(seconds=30)
CREATE_WEBHOOK = "Create one with this account’s webhook address, and choose it."
State = Literal["ok", "warn", "missing"]


@dataclass(frozen=True)
class Check:
    name: str
    state: State
    text: str


@dataclass(frozen=True)
class CheckState:
    """What the page shows of the last Check."""

    account: ProviderAccount
    phase: Literal["never", "waiting", "silent", "done"]

    @property
    def is_pending(self) -> bool:
        return self.phase in ("waiting", "silent")

    @property
    def at(self) -> datetime | None:
        """In business time, as all other moments on a page."""
        return clock.business_time(self.account.checked_at) if self.account.checked_at else None

    @property
    def results(self) -> list[dict[str, str]]:
        return list(self.account.check_results)

    @property
    def state(self) -> str:
        states = {result["state"] for result in self.results}
        return next((state for state in ("missing", "warn") if state in states), "ok")

    @property
    def words(self) -> str:
        if self.phase != "done":
            return {"never": "Not checked yet", "waiting": "Checking…", "silent": "Waiting for a worker"}[self.phase]
        count = {state: sum(result["state"] == state for result in self.results) for state in ("ok", "warn", "missing")}
        if count["missing"]:
            return "1 thing is missing" if count["missing"] == 1 else f"{count['missing']} things are missing"
        if not count["ok"]:
            return "Could not be checked"
        if count["warn"]:
            return "Works, with a remark" if count["warn"] == 1 else f"Works, with {count['warn']} remarks"
        return "All in order"


def state_of_check(account: ProviderAccount) -> CheckState:
    asked, checked = account.check_asked_at, account.checked_at
    if asked and (checked is None or checked < asked):
        return CheckState(account, "silent" if clock.real_now() - asked > SILENT_AFTER else "waiting")
    return CheckState(account, "done" if checked else "never")


def ask_for_check(account: ProviderAccount) -> None:
    expect_result(account)
    enqueue_after_commit(job_names.CHECK_ACCOUNT, account.pk)


def expect_result(account: ProviderAccount) -> None:
    """From now on the page waits for a result that is newer than this."""
    account.check_asked_at = clock.real_now()
    ProviderAccount.objects.filter(pk=account.pk).update(check_asked_at=account.check_asked_at)


def store_result(account_id: int, checks: Iterable[Check], *, directory: dict[str, Any] | None = None) -> None:
    changes: dict[str, Any] = {"check_results": [asdict(check) for check in checks], "checked_at": clock.real_now()}
    if directory is not None:
        changes["directory"] = directory
    ProviderAccount.objects.filter(pk=account_id).update(**changes)


def check_account(account_id: int) -> None:
    account = ProviderAccount.objects.filter(pk=account_id).first()
    if account is None or not state_of_check(account).is_pending:
        return
    agents = list(VoiceAgent.objects.filter(account=account, is_active=True).order_by("name"))
    numbers = list(CallerNumber.objects.filter(account=account, is_active=True).order_by("e164"))
    try:
        found = _inspect(account, agents)
    except SecretUnreadable as error:
        store_result(account.pk, [Check("API key", "missing", str(error))])
    except ProviderUnreachable as error:
        log.info("check_failed", account=account.public_id, error=str(error))
        store_result(account.pk, [Check("API key", _state_of(error), _why(error))])
    else:
        store_result(account.pk, judge(account, agents, numbers, found), directory=_directory(found))


def _inspect(account: ProviderAccount, agents: list[VoiceAgent]) -> Inspection:
    if not account.base_url:
        raise ProviderUnreachable("no sandbox runs beside this installation: choose another host")
    return adapter_for(account).inspect(
        account, [agent.provider_agent_id for agent in agents if agent.provider_agent_id]
    )


def _directory(found: Inspection) -> dict[str, Any]:
    numbers = () if isinstance(found.numbers, ProviderUnreachable) else found.numbers
    return {
        "agents": [{"id": agent_id, "name": name} for agent_id, name in found.agents.items()],
        "numbers": [{"id": row.id, "number": row.e164, "kind": row.kind, "label": row.label} for row in numbers],
    }


def judge(
    account: ProviderAccount, agents: list[VoiceAgent], numbers: list[CallerNumber], found: Inspection
) -> list[Check]:
    return [
        Check("API key", "ok", f"It is accepted by {_provider(account)}."),
        *(check for agent in agents for check in _judge_agent(account, agent, found)),
        *(_none("Voice agents", "agent") if not agents else ()),
        *_judge_numbers(account, numbers, found.numbers),
        *_judge_webhooks(account, found.webhooks),
        _judge_secret(account),
    ]


def _none(name: str, what: str) -> list[Check]:
    return [Check(name, "warn", f"No active {what} uses this account yet: add one, then check again.")]


def _judge_agent(account: ProviderAccount, agent: VoiceAgent, found: Inspection) -> Iterator[Check]:
    name = f"Agent {agent.name}"
    setup = found.setups.get(agent.provider_agent_id)
    if isinstance(setup, ProviderUnreachable):
        yield Check(name, "warn", f"Not checked: {_why(setup)}")
    elif setup is None:
        known = f"with the ID “{agent.provider_agent_id}”" if agent.provider_agent_id else "for it"
        text = f"There is no agent {known} at {_provider(account)}. Choose one of those on the page of {agent.name}."
        yield Check(name, "missing", text)
    elif mistakes := list(_mistakes_of(account, setup, found.webhooks)):
        yield from (Check(name, "missing", f"{agent.name} {mistake}") for mistake in mistakes)
    else:
        yield Check(name, "ok", "It exists, takes our prompt and first message, and collects both data keys.")


def _mistakes_of(
    account: ProviderAccount, setup: AgentSetup, webhooks: Webhooks | ProviderUnreachable
) -> Iterator[str]:
    there = f"In {_provider(account)} open this agent"
    if not setup.allows_prompt:
        yield f"does not take our prompt. {there}, Security, Overrides, and switch on “System prompt”."
    if not setup.allows_first_message:
        yield f"does not take our first message. {there}, Security, Overrides, and switch on “First message”."
    for key, (kind, description) in DATA_KEYS.items():
        if key not in setup.data_keys:
            yield (
                f"does not collect “{key}”. {there}, Analysis, Data collection, and add an item: "
                f"identifier {key}, type {kind.capitalize()}, description “{description}”"
            )
    if setup.own_webhook_id and isinstance(webhooks, Webhooks):
        own = webhooks.find(setup.own_webhook_id)
        if own is None or own.url != account.webhook_url:
            yield f"reports its calls to a webhook of its own. {there} and remove that webhook, or point it to ours."


def _judge_numbers(
    account: ProviderAccount, numbers: list[CallerNumber], listed: tuple[ListedNumber, ...] | ProviderUnreachable
) -> list[Check]:
    if isinstance(listed, ProviderUnreachable):
        return [Check("Caller numbers", "warn", f"Not checked: {_why(listed)}")]
    by_id = {row.id: row for row in listed}
    return [_judge_number(account, number, by_id) for number in numbers] or _none("Caller numbers", "caller number")


def _judge_number(account: ProviderAccount, number: CallerNumber, by_id: dict[str, ListedNumber]) -> Check:
    name, found = f"Number {number.e164}", by_id.get(number.provider_number_id)
    if found is None:
        known = f"with the ID “{number.provider_number_id}”" if number.provider_number_id else "for it"
        wrong = f"There is no number {known} at {_provider(account)}."
    elif found.e164 != number.e164:
        wrong = f"At {_provider(account)} this ID belongs to {found.e164}."
    elif found.kind != number.kind:
        wrong = (
            f"At {_provider(account)} it is connected by {dict(CallerNumber.Kind.choices).get(found.kind, found.kind)}."
        )
    else:
        return Check(name, "ok", f"It exists, connected by {number.get_kind_display()}.")
    return Check(name, "missing", f"{wrong} Correct it on the page of {number.e164}.")


def _judge_webhooks(account: ProviderAccount, webhooks: Webhooks | ProviderUnreachable) -> list[Check]:
    name = "Webhook"
    if isinstance(webhooks, ProviderUnreachable):
        return [Check(name, "warn", f"Not checked: {_why(webhooks)}")]
    chosen = webhooks.chosen
    if chosen is None:
        return [Check(name, "missing", f"No post-call webhook is chosen at {_provider(account)}. {CREATE_WEBHOOK}")]
    if chosen.url != account.webhook_url:
        text = f"The chosen post-call webhook goes to {_host(chosen.url)}, not to this account’s address."
        return [Check(name, "missing", f"{text} {CREATE_WEBHOOK}")]
    if not chosen.is_enabled:
        return [
            Check(
                name, "missing", f"The webhook is switched off at {_provider(account)}. Switch it on in its settings."
            )
        ]
    return [Check(name, "ok", "It is chosen, switched on and points to us."), _judge_events(webhooks)]


def _judge_events(webhooks: Webhooks) -> Check:
    missing = [event for event in EVENTS if event not in webhooks.events]
    if missing:
        return Check(
            "Events",
            "missing",
            f"Events are not subscribed: {', '.join(missing)}. Tick them beside the chosen webhook.",
        )
    if USEFUL_EVENT not in webhooks.events:
        text = f"{USEFUL_EVENT} is not subscribed: some voicemails will look like talks. Tick it beside the webhook."
        return Check("Events", "warn", text)
    return Check("Events", "ok", "Ended calls and calls that never connected are both reported.")


def _judge_secret(account: ProviderAccount) -> Check:
    if account.webhook_secret:
        return Check("Webhook secret", "ok", "It is stored here. Events signed with it are believed.")
    text = "No webhook secret is stored here, so no event is believed. It is shown once, when the webhook is created."
    return Check("Webhook secret", "missing", text)


def _state_of(error: ProviderUnreachable) -> State:
    return "missing" if isinstance(error, KeyRefused) else "warn"


def _why(error: ProviderUnreachable) -> str:
    if isinstance(error, KeyRefused) and error.lacks_permission:
        return f"The key lacks a permission for this: {error}. Give it read access to agents, or make another key."
    if isinstance(error, KeyRefused):
        return f"The key is not accepted: {error}. Copy it again from the provider, and mind the host it belongs to."
    if isinstance(error, ProviderBusy):
        return f"The provider asks us to wait: {error}. Check again in a minute."
    # The words of the HTTP library are for the log.
    reason = "its answer did not arrive" if isinstance(error.__cause__, Lost) else str(error)
    return (
        f"The provider could not be asked: {reason}. Check again; if it stays so, look at the network of this server."
    )


def _provider(account: ProviderAccount) -> str:
    return "the sandbox" if account.host == "sandbox" else account.get_provider_display()


def _host(url: str) -> str:
    return urlsplit(url).hostname or "another address"


def is_reachable_from_outside(url: str) -> bool:
    """As far as the address itself tells; a firewall is not seen."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".lan"))
