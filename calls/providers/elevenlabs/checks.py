"""Reads how a workspace at ElevenLabs is set up; what that means is said in calls/provider_checks.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from calls.providers.base import (
    AgentSetup,
    Inspection,
    ListedNumber,
    ProviderUnreachable,
    Webhook,
    Webhooks,
)
from calls.providers.elevenlabs import wire
from campaigns.models import CallerNumber, ProviderAccount

# Somebody waits for the result.
TIMEOUT = (5.0, 10.0)
MOST_LISTED = 500
PAGE_SIZE = 100
KINDS = {"twilio": CallerNumber.Kind.TWILIO, "sip_trunk": CallerNumber.Kind.SIP}
Part = TypeVar("Part")


def inspect(account: ProviderAccount, agent_ids: Collection[str]) -> Inspection:
    return Inspection(
        agents=dict(_agents(account)),
        numbers=_part(partial(_numbers, account)),
        setups=_setups(account, agent_ids),
        webhooks=_part(partial(_webhooks, account)),
    )


def _part(read: Callable[[], Part]) -> Part | ProviderUnreachable:
    """A key may be allowed to read agents and not webhooks: one refusal must not hide the rest."""
    try:
        return read()
    except ProviderUnreachable as error:
        return error


def _setups(account: ProviderAccount, agent_ids: Collection[str]) -> dict[str, AgentSetup | ProviderUnreachable | None]:
    """A provider that has stopped answering is not asked about every other agent as well."""
    found: dict[str, AgentSetup | ProviderUnreachable | None] = {}
    for agent_id in agent_ids:
        found[agent_id] = failure = _part(partial(_setup, account, agent_id))
        if isinstance(failure, ProviderUnreachable):
            return dict.fromkeys(agent_ids, failure) | found
    return found


def _ask(account: ProviderAccount, path: str, params: Any = None) -> Any:
    answer = wire.ask(account, path, params, timeout=TIMEOUT)
    if answer is None:
        raise ProviderUnreachable(f"it does not know {path}")
    return answer.json


def _agents(account: ProviderAccount) -> Iterator[tuple[str, str]]:
    params: dict[str, Any] = {"page_size": PAGE_SIZE}
    for _ in range(MOST_LISTED // PAGE_SIZE):
        page = _object(_ask(account, "/v1/convai/agents", params))
        for agent in _objects(page.get("agents")):
            yield str(agent.get("agent_id")), str(agent.get("name") or "")
        if not page.get("has_more") or not page.get("next_cursor"):
            return
        params["cursor"] = page["next_cursor"]


def _numbers(account: ProviderAccount) -> tuple[ListedNumber, ...]:
    rows = _objects(_ask(account, "/v1/convai/phone-numbers"))
    return tuple(_number(row) for row in rows[:MOST_LISTED])


def _number(row: dict[str, Any]) -> ListedNumber:
    via = str(row.get("provider") or "")
    return ListedNumber(
        id=str(row.get("phone_number_id")),
        e164=str(row.get("phone_number") or ""),
        kind=KINDS.get(via, via),
        label=str(row.get("label") or ""),
    )


def _setup(account: ProviderAccount, agent_id: str) -> AgentSetup | None:
    answer = wire.ask(account, f"/v1/convai/agents/{quote(agent_id, safe='')}", timeout=TIMEOUT)
    if answer is None:
        return None
    platform = _inside(_object(answer.json), "platform_settings")
    allowed = _inside(platform, "overrides", "conversation_config_override", "agent")
    return AgentSetup(
        allows_prompt=_inside(allowed, "prompt").get("prompt") is True,
        allows_first_message=allowed.get("first_message") is True,
        data_keys=frozenset(_inside(platform, "data_collection")),
        own_webhook_id=str(_inside(platform, "workspace_overrides", "webhooks").get("post_call_webhook_id") or ""),
    )


def _webhooks(account: ProviderAccount) -> Webhooks:
    chosen = _inside(_object(_ask(account, "/v1/convai/settings")), "webhooks")
    known = _objects(_object(_ask(account, "/v1/workspace/webhooks")).get("webhooks"))
    return Webhooks(
        chosen_id=str(chosen.get("post_call_webhook_id") or ""),
        events=frozenset(map(str, chosen.get("events") or ())),
        known=tuple(_webhook(row) for row in known),
    )


def _webhook(row: dict[str, Any]) -> Webhook:
    is_enabled = not row.get("is_disabled") and not row.get("is_auto_disabled")
    return Webhook(id=str(row.get("webhook_id")), url=str(row.get("webhook_url") or ""), is_enabled=is_enabled)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProviderUnreachable("its answer could not be read")
    return value


def _objects(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ProviderUnreachable("its answer could not be read")
    return [row for row in value if isinstance(row, dict)]


def _inside(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Everything on the way may be missing or null."""
    for name in names:
        found = value.get(name)
        value = found if isinstance(found, dict) else {}
    return value
