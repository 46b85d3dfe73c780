"""Sets an account up at the sandbox through the provider's own API, and repairs what is missing there.

Never at a real host: there, people decide what their workspace looks like, and Check tells them what is missing.
Creating the same thing twice rings nobody, so a set-up that is broken off is simply repeated.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from calls.providers.base import DATA_KEYS, EVENTS, OUTCOMES, USEFUL_EVENT
from campaigns.accounts import SANDBOX
from campaigns.models import CallerNumber, ProviderAccount, VoiceAgent
from common import http

TIMEOUT = (2.0, 10.0)
HOOK_NAME = "LeadSail"
SUBSCRIBED = [*EVENTS, USEFUL_EVENT]
DATA_COLLECTION: dict[str, dict[str, Any]] = {
    key: {"type": kind, "description": description} for key, (kind, description) in DATA_KEYS.items()
}
DATA_COLLECTION["crm_outcome"]["enum"] = list(OUTCOMES)
OVERRIDES = {"conversation_config_override": {"agent": {"first_message": True, "prompt": {"prompt": True}}}}


class NotConnected(Exception):
    """The message says why, in half a sentence."""


def connect(account: ProviderAccount, *, patience: float) -> list[str]:
    """What had to be made; nothing where all is still there. Raises NotConnected."""
    client = Client(account)
    try:
        agents = client.wait(patience)
        return [*_agents(client, agents), *_numbers(client), *_webhook(client)]
    except (AttributeError, KeyError, TypeError) as error:
        raise NotConnected("what answers there is not the sandbox") from error


def repair_agents(account: ProviderAccount) -> list[str]:
    """Nobody can log in to the sandbox, so agents that were set up there otherwise are set right from here."""
    client = Client(account)
    agents = VoiceAgent.objects.filter(account=account, is_active=True).exclude(provider_agent_id="")
    repaired = [agent.name for agent in agents if _repair(client, agent)]
    return [f"{counted} set right" for counted in _counted(len(repaired), "agent")]


def _repair(client: Client, agent: VoiceAgent) -> bool:
    path = f"/v1/convai/agents/{quote(agent.provider_agent_id, safe='')}"
    platform = client.ask("GET", path).get("platform_settings") or {}
    collected = platform.get("data_collection") or {}
    allowed = ((platform.get("overrides") or {}).get("conversation_config_override") or {}).get("agent") or {}
    takes_texts = allowed.get("first_message") and (allowed.get("prompt") or {}).get("prompt")
    if takes_texts and set(DATA_COLLECTION) <= set(collected):
        return False
    settings = {"overrides": OVERRIDES, "data_collection": {**DATA_COLLECTION, **collected}}
    client.ask("PATCH", path, json={"platform_settings": settings})
    return True


class Client:
    def __init__(self, account: ProviderAccount) -> None:
        if account.host != SANDBOX:
            raise NotConnected("nothing is ever set up at a real provider")
        self.account = account

    def ask(self, method: str, path: str, json: Any = None, params: Any = None) -> Any:
        try:
            answer = http.call(
                method,
                self.account.base_url + path,
                headers={"xi-api-key": self.account.api_key},
                json=json,
                params=params,
                timeout=TIMEOUT,
            )
        except http.NotSent as error:
            raise NotConnected(str(error)) from error
        except http.Lost as error:
            raise NotConnected("its answer did not arrive") from error
        if not answer.ok:
            raise NotConnected(f"it answered {answer.status} to {method} {path}")
        return answer.json

    def wait(self, patience: float) -> set[str]:
        """The first question, asked again while the sandbox is still starting."""
        if not self.account.base_url:
            raise NotConnected("SANDBOX_URL is not set")
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.agent_ids()
            except NotConnected:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def agent_ids(self) -> set[str]:
        found: set[str] = set()
        params: dict[str, Any] = {"page_size": 100}
        while True:
            page = self.ask("GET", "/v1/convai/agents", params=params)
            found |= {agent["agent_id"] for agent in page["agents"]}
            if not page.get("has_more"):
                return found
            params["cursor"] = page["next_cursor"]


def _agents(client: Client, known: set[str]) -> list[str]:
    missing = list(VoiceAgent.objects.filter(account=client.account).exclude(provider_agent_id__in=known))
    for agent in missing:
        answer = client.ask("POST", "/v1/convai/agents/create", json=_agent_body(agent))
        VoiceAgent.objects.filter(pk=agent.pk).update(provider_agent_id=answer["agent_id"])
    return _counted(len(missing), "agent")


def _agent_body(agent: VoiceAgent) -> dict[str, Any]:
    own = {"language": "en", "prompt": {"prompt": "LeadSail sends the prompt of each call."}}
    return {
        "name": agent.name,
        "conversation_config": {"agent": own},
        "platform_settings": {"overrides": OVERRIDES, "data_collection": DATA_COLLECTION},
    }


def _numbers(client: Client) -> list[str]:
    known = {number["phone_number_id"] for number in client.ask("GET", "/v1/convai/phone-numbers")}
    missing = list(CallerNumber.objects.filter(account=client.account).exclude(provider_number_id__in=known))
    for number in missing:
        answer = client.ask("POST", "/v1/convai/phone-numbers", json=_number_body(number))
        CallerNumber.objects.filter(pk=number.pk).update(provider_number_id=answer["phone_number_id"])
    return _counted(len(missing), "caller number")


def _number_body(number: CallerNumber) -> dict[str, Any]:
    body = {"phone_number": number.e164, "label": number.label}
    if number.kind == CallerNumber.Kind.SIP:
        trunk = {"address": "sip.example.com", "transport": "tls"}
        return {**body, "provider": "sip_trunk", "outbound_trunk_config": trunk}
    return {**body, "provider": "twilio", "sid": "AC" + "0" * 32, "token": "sandbox"}


def _webhook(client: Client) -> list[str]:
    hooks = client.ask("GET", "/v1/workspace/webhooks")["webhooks"]
    url, secret = client.account.webhook_url, client.account.webhook_secret
    usable = [hook for hook in hooks if hook["webhook_url"] == url] if secret else []
    if usable:
        hook_id, made = usable[-1]["webhook_id"], _enable(client, usable[-1])
    else:
        hook_id, made = _create_webhook(client), ["the webhook"]
    made += _select(client, hook_id)
    if not usable:
        _forget(client, hooks)
    return made


def _create_webhook(client: Client) -> str:
    settings = {"auth_type": "hmac", "name": HOOK_NAME, "webhook_url": client.account.webhook_url}
    answer = client.ask("POST", "/v1/workspace/webhooks", json={"settings": settings})
    hook_id = str(answer["webhook_id"])
    # The secret is shown this once: kept before anything else can fail.
    client.account.webhook_secret = answer["webhook_secret"]
    client.account.save(update_fields=["webhook_secret"])
    _patch_webhook(client, hook_id)
    return hook_id


def _patch_webhook(client: Client, hook_id: str) -> None:
    body = {"name": HOOK_NAME, "is_disabled": False, "retry_enabled": True}
    client.ask("PATCH", f"/v1/workspace/webhooks/{hook_id}", json=body)


def _enable(client: Client, hook: dict[str, Any]) -> list[str]:
    """The provider switches a webhook off by itself when nobody answered it for long."""
    if not hook.get("is_disabled") and not hook.get("is_auto_disabled"):
        return []
    _patch_webhook(client, hook["webhook_id"])
    return ["the webhook, switched on again"]


def _select(client: Client, hook_id: str) -> list[str]:
    """Without the failure event a call that never connected would not be reported at all."""
    chosen = client.ask("GET", "/v1/convai/settings").get("webhooks") or {}
    if chosen.get("post_call_webhook_id") == hook_id and set(SUBSCRIBED) <= set(chosen.get("events") or []):
        return []
    webhooks = {"post_call_webhook_id": hook_id, "events": SUBSCRIBED, "transcript_format": "json"}
    client.ask("PATCH", "/v1/convai/settings", json={"webhooks": webhooks})
    return ["its events"]


def _forget(client: Client, hooks: list[dict[str, Any]]) -> None:
    """Those of this account at an address it had before; its token is in the path."""
    for hook in hooks:
        if client.account.webhook_token in hook["webhook_url"]:
            client.ask("DELETE", f"/v1/workspace/webhooks/{hook['webhook_id']}")


def _counted(count: int, what: str) -> list[str]:
    return [f"{count} {what}{'' if count == 1 else 's'}"] if count else []
