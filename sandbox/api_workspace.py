from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from sandbox.calls import JSON
from sandbox.clock import Clock
from sandbox.errors import invalid, json_response, not_found
from sandbox.planning import new_id
from sandbox.reading import body_of, flag, optional, require, tenant_of
from sandbox.store import Store

EVENTS = (
    "transcript",
    "audio",
    "call_initiation_failure",
    "answering_machine_detection",
    "unredacted_transcript",
    "unredacted_audio",
)
DEFAULT_WEBHOOKS: JSON = {
    "post_call_webhook_id": None,
    "events": ["transcript"],
    "transcript_format": "json",
    "exclude_transcript": False,
    "send_audio": False,
}
DEFAULT_SETTINGS: JSON = {
    "conversation_initiation_client_data_webhook": None,
    "can_use_mcp_servers": False,
    "rag_retention_period_days": 10,
    "conversation_embedding_retention_days": None,
    "default_livekit_stack": "standard",
}
SHOWN = (
    "name",
    "webhook_id",
    "webhook_url",
    "is_disabled",
    "is_auto_disabled",
    "created_at_unix",
    "auth_type",
    "most_recent_failure_error_code",
    "most_recent_failure_timestamp",
)
SUBSCRIPTION: JSON = {
    "tier": "pro",
    "character_count": 0,
    "character_limit": 500000,
    "max_credit_limit_extension": 0,
    "can_extend_character_limit": False,
    "allowed_to_extend_character_limit": False,
    "voice_slots_used": 0,
    "professional_voice_slots_used": 0,
    "professional_voice_slots_used_in_workspace": 0,
    "voice_add_edit_counter": 0,
    "current_overage": {"amount": "0", "currency": "usd"},
    "voice_limit": 160,
    "professional_voice_limit": 1,
    "can_extend_voice_limit": False,
    "can_use_instant_voice_cloning": True,
    "can_use_professional_voice_cloning": True,
    "currency": "usd",
    "status": "active",
    "billing_period": "monthly_period",
    "character_refresh_period": "monthly_period",
}


def check_events(events: list[Any]) -> None:
    for place, name in enumerate(events):
        if name not in EVENTS:
            expected = ", ".join(f"'{known}'" for known in EVENTS)
            raise invalid(["body", "webhooks", "events", place], f"Input should be {expected}", "enum", name)


class Workspace:
    """Webhooks, settings and the account itself."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/workspace/webhooks", self.list_webhooks),
            web.post("/v1/workspace/webhooks", self.create_webhook),
            web.patch("/v1/workspace/webhooks/{id}", self.update_webhook),
            web.delete("/v1/workspace/webhooks/{id}", self.delete_webhook),
            web.get("/v1/convai/settings", self.show_settings),
            web.patch("/v1/convai/settings", self.update_settings),
            web.get("/v1/user", self.user),
        ]

    def _webhook(self, request: web.Request) -> JSON:
        key = request.match_info["id"]
        hook = self.store.get(tenant_of(request), "webhook", key)
        if hook is None:
            raise not_found(key)
        return hook

    def _webhook_settings(self, tenant: str) -> JSON:
        return self.store.get(tenant, "settings", "webhooks") or DEFAULT_WEBHOOKS

    def _usage(self, tenant: str, hook_id: str) -> list[JSON]:
        usage = []
        if self._webhook_settings(tenant)["post_call_webhook_id"] == hook_id:
            usage.append({"usage_type": "ConvAI Settings"})
        for agent in self.store.all(tenant, "agent"):
            own = (agent["platform_settings"].get("workspace_overrides") or {}).get("webhooks") or {}
            if own.get("post_call_webhook_id") == hook_id:
                usage.append({"usage_type": "ConvAI Agent Settings"})
        return usage

    async def list_webhooks(self, request: web.Request) -> web.Response:
        tenant, hooks = tenant_of(request), []
        for hook in self.store.all(tenant, "webhook"):
            shown = {name: hook[name] for name in SHOWN}
            if flag(request, "include_usages"):
                shown.update(usage=self._usage(tenant, hook["webhook_id"]), events=[])
            hooks.append(shown)
        return json_response({"webhooks": hooks})

    async def create_webhook(self, request: web.Request) -> web.Response:
        tenant, body = tenant_of(request), await body_of(request)
        require(body, {"settings": "object"})
        settings = body["settings"]
        require(settings, {"name": "string", "webhook_url": "string"}, "settings")
        if not settings["webhook_url"].startswith(("http://", "https://")):
            where: list[str | int] = ["body", "settings", "webhook_url"]
            raise invalid(where, "Input should be a valid URL", "url_parsing", settings["webhook_url"])
        hook = self._new_webhook(settings)
        self.store.put(tenant, "webhook", hook["webhook_id"], hook)
        return json_response({"webhook_id": hook["webhook_id"], "webhook_secret": hook["secret"]})

    def _new_webhook(self, settings: JSON) -> JSON:
        return {
            "webhook_id": new_id("wh"),
            "secret": "wsec_" + secrets.token_hex(32),
            "name": settings["name"],
            "webhook_url": settings["webhook_url"],
            "request_headers": settings.get("request_headers"),
            "auth_type": "hmac",
            "is_disabled": False,
            "is_auto_disabled": False,
            "retry_enabled": False,
            "created_at_unix": int(self.clock.now()),
            "most_recent_failure_error_code": None,
            "most_recent_failure_timestamp": None,
            "failures": 0,
            "last_success": 0.0,
        }

    async def update_webhook(self, request: web.Request) -> web.Response:
        hook, body = self._webhook(request), await body_of(request)
        require(body, {"is_disabled": "boolean", "name": "string"})
        optional(body, {"retry_enabled": "boolean", "request_headers": "object"})
        given = {name: body[name] for name in ("retry_enabled", "request_headers") if body.get(name) is not None}
        hook.update(given, is_disabled=body["is_disabled"], name=body["name"])
        if not body["is_disabled"]:
            hook.update(is_auto_disabled=False, failures=0)
        self.store.put(tenant_of(request), "webhook", hook["webhook_id"], hook)
        return json_response({"status": "ok"})

    async def delete_webhook(self, request: web.Request) -> web.Response:
        hook = self._webhook(request)
        self.store.drop(tenant_of(request), "webhook", hook["webhook_id"])
        return json_response({"status": "ok"})

    def _settings(self, tenant: str) -> JSON:
        own = self.store.get(tenant, "settings", "convai") or {}
        return {**DEFAULT_SETTINGS, **own, "webhooks": self._webhook_settings(tenant)}

    async def show_settings(self, request: web.Request) -> web.Response:
        return json_response(self._settings(tenant_of(request)))

    async def update_settings(self, request: web.Request) -> web.Response:
        tenant, body = tenant_of(request), await body_of(request)
        optional(body, {"webhooks": "object"})
        if body.get("webhooks") is not None:
            self._update_webhooks(tenant, body["webhooks"])
        own = self.store.get(tenant, "settings", "convai") or {}
        given = {name: body[name] for name in DEFAULT_SETTINGS if name in body}
        self.store.put(tenant, "settings", "convai", {**own, **given})
        return json_response(self._settings(tenant))

    def _update_webhooks(self, tenant: str, webhooks: JSON) -> None:
        """The object is replaced as a whole: what is not sent goes back to its default."""
        optional(webhooks, {"post_call_webhook_id": "string", "events": "list"}, "webhooks")
        check_events(webhooks.get("events") or [])
        hook_id = webhooks.get("post_call_webhook_id")
        if hook_id and self.store.get(tenant, "webhook", hook_id) is None:
            raise not_found(hook_id)
        known = {name: value for name, value in webhooks.items() if name in DEFAULT_WEBHOOKS and value is not None}
        self.store.put(tenant, "settings", "webhooks", {**DEFAULT_WEBHOOKS, **known})

    async def user(self, request: web.Request) -> web.Response:
        key = tenant_of(request)
        return json_response(account(key))


def account(key: str) -> JSON:
    name = key.removeprefix("sk_sandbox_")
    return {
        "user_id": f"user_{name}",
        "workspace_id": f"workspace_{name}",
        "subscription": SUBSCRIPTION,
        "is_new_user": False,
        "can_use_delayed_payment_methods": False,
        "is_onboarding_completed": True,
        "is_onboarding_checklist_completed": True,
        "first_name": "Sandbox",
        "is_api_key_hashed": True,
        "xi_api_key_preview": f"***{key[-4:]}",
        "created_at": 0,
        "seat_type": "workspace_admin",
    }
