"""Sets the demo's account up at the sandbox through the provider's own API, and repairs what is missing there.

Only accounts whose key the demo made are touched. Creating the same thing twice rings nobody, so a start that is
broken off is simply repeated.
"""

from __future__ import annotations

import time
from typing import Any

from campaigns.models import CallerNumber, ProviderAccount, VoiceAgent
from common import http
from leadsail.demo.company import KEY_PREFIX

TIMEOUT = (2.0, 10.0)
EVENTS = ["transcript", "call_initiation_failure", "answering_machine_detection"]
HOOK_NAME = "LeadSail"
DATA_COLLECTION = {
    "crm_outcome": {
        "type": "string",
        "description": "How the call ended: dnc, callback, qualified, disqualified, follow_up or none.",
        "enum": ["dnc", "callback", "qualified", "disqualified", "follow_up", "none"],
    },
    "callback_at": {
        "type": "string",
        "description": "When the person wants to be called back, in ISO 8601 with their offset; empty if they do not.",
    },
}
OVERRIDES = {"conversation_config_override": {"agent": {"first_message": True, "prompt": {"prompt": True}}}}


class NotConnected(Exception):
    """The message says why, in half a sentence."""


def demo_account() -> ProviderAccount | None:
    accounts = ProviderAccount.objects.select_related("workspace").filter(host="sandbox").order_by("pk")
    return next((account for account in accounts if account.api_key.startswith(KEY_PREFIX)), None)


def connect(account: ProviderAccount, *, patience: float) -> list[str]:
    """What had to be made; nothing at a start where all is still there. Raises NotConnected."""
    client = Client(account)
    try:
        agents = client.wait(patience)
        return [*_agents(client, agents), *_numbers(client), *_webhook(client)]
    except (AttributeError, KeyError, TypeError) as error:
        raise NotConnected("what answers there is not the sandbox") from error


class Client:
    def __init__(self, account: ProviderAccount) -> None:
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
            raise NotConnected(f"its answer was lost: {error}") from error
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
    return [f"{len(missing)} agents"] if missing else []


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
    return [f"{len(missing)} caller numbers"] if missing else []


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
    if chosen.get("post_call_webhook_id") == hook_id and set(EVENTS) <= set(chosen.get("events") or []):
        return []
    webhooks = {"post_call_webhook_id": hook_id, "events": EVENTS, "transcript_format": "json"}
    client.ask("PATCH", "/v1/convai/settings", json={"webhooks": webhooks})
    return ["its events"]


def _forget(client: Client, hooks: list[dict[str, Any]]) -> None:
    """Those of this account at an address it had before; its token is in the path."""
    for hook in hooks:
        if client.account.webhook_token in hook["webhook_url"]:
            client.ask("DELETE", f"/v1/workspace/webhooks/{hook['webhook_id']}")
