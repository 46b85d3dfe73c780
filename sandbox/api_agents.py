from __future__ import annotations

from aiohttp import web

from sandbox.calls import JSON
from sandbox.clock import Clock
from sandbox.errors import invalid, json_response, not_found
from sandbox.planning import new_id
from sandbox.reading import body_of, merge, optional, require, tenant_of, whole_number
from sandbox.store import Store

DEFAULT_CONFIG: JSON = {
    "agent": {
        "first_message": "",
        "language": "en",
        "dynamic_variables": {"dynamic_variable_placeholders": {}},
        "prompt": {"prompt": "", "llm": "gemini-2.0-flash", "temperature": 0.0, "tools": []},
    },
    "tts": {"voice_id": "cjVigY5qzO86Huf0OWal", "speed": 1.0},
    "conversation": {"text_only": False, "max_duration_seconds": 600},
    "language_presets": {},
}
DEFAULT_PLATFORM: JSON = {
    "evaluation": {"criteria": []},
    "data_collection": {},
    "overrides": {
        "conversation_config_override": {
            "agent": {"first_message": False, "language": False, "prompt": {"prompt": False, "llm": False}},
            "tts": {"voice_id": False, "speed": False},
            "conversation": {"text_only": False},
        },
        "custom_llm_extra_body": False,
        "enable_conversation_initiation_client_data_from_webhook": False,
    },
    "workspace_overrides": {"conversation_initiation_client_data_webhook": None, "webhooks": None},
    "archived": False,
}
# Their keys are the customer's own, so a PATCH replaces them whole.
DATA_KEYS = ("data_collection", "dynamic_variable_placeholders", "language_presets", "webhooks")
ACCESS: JSON = {
    "is_creator": True,
    "creator_name": "Sandbox",
    "creator_email": "sandbox@example.com",
    "role": "admin",
}
CHANGEABLE = {"conversation_config": "object", "platform_settings": "object", "name": "string", "tags": "list"}
NUMBER_FIELDS = {"phone_number": "string", "label": "string"}
TWILIO_FIELDS = {**NUMBER_FIELDS, "sid": "string", "token": "string"}


class Agents:
    """Agents and the phone numbers they call from."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/convai/agents/create", self.create_agent),
            web.get("/v1/convai/agents", self.list_agents),
            web.get("/v1/convai/agents/{id}", self.show_agent),
            web.patch("/v1/convai/agents/{id}", self.update_agent),
            web.post("/v1/convai/phone-numbers", self.create_number),
            web.get("/v1/convai/phone-numbers", self.list_numbers),
            web.get("/v1/convai/phone-numbers/{id}", self.show_number),
        ]

    def _find(self, request: web.Request, kind: str) -> JSON:
        key = request.match_info["id"]
        found = self.store.get(tenant_of(request), kind, key)
        if found is None:
            raise not_found(key)
        return found

    async def create_agent(self, request: web.Request) -> web.Response:
        tenant, body = tenant_of(request), await body_of(request)
        require(body, {"conversation_config": "object"})
        optional(body, CHANGEABLE)
        now = int(self.clock.now())
        agent: JSON = {
            "agent_id": new_id("agent"),
            "name": body.get("name") or "",
            "conversation_config": merge(DEFAULT_CONFIG, body["conversation_config"], DATA_KEYS),
            "platform_settings": merge(DEFAULT_PLATFORM, body.get("platform_settings") or {}, DATA_KEYS),
            "metadata": {"created_at_unix_secs": now, "updated_at_unix_secs": now},
            "workflow": body.get("workflow"),
            "tags": body.get("tags") or [],
        }
        self.store.put(tenant, "agent", agent["agent_id"], agent)
        return json_response({"agent_id": agent["agent_id"]})

    def _shown(self, tenant: str, agent: JSON) -> JSON:
        numbers = [
            self._shown_number(tenant, number)
            for number in self.store.all(tenant, "number")
            if number.get("agent_id") == agent["agent_id"]
        ]
        extra = {"phone_numbers": numbers, "whatsapp_accounts": [], "access_info": ACCESS}
        return {**agent, **extra, "version_id": None, "branch_id": None, "main_branch_id": None}

    async def show_agent(self, request: web.Request) -> web.Response:
        return json_response(self._shown(tenant_of(request), self._find(request, "agent")))

    async def update_agent(self, request: web.Request) -> web.Response:
        tenant, agent, body = tenant_of(request), self._find(request, "agent"), await body_of(request)
        optional(body, CHANGEABLE)
        changes = {name: body[name] for name in CHANGEABLE if body.get(name) is not None}
        changed = merge(agent, changes, DATA_KEYS)
        changed["metadata"] = {**agent["metadata"], "updated_at_unix_secs": int(self.clock.now())}
        self.store.put(tenant, "agent", agent["agent_id"], changed)
        return json_response(self._shown(tenant, changed))

    async def list_agents(self, request: web.Request) -> web.Response:
        tenant = tenant_of(request)
        size = whole_number(request, "page_size", 30, 1, 100) or 30
        start = whole_number(request, "cursor", 0, 0, 2**31) or 0
        search = request.query.get("search", "").lower()
        found = [agent for agent in self.store.all(tenant, "agent") if search in agent["name"].lower()]
        more = len(found) > start + size
        page = [agent_line(agent) for agent in found[start : start + size]]
        cursor = str(start + size) if more else None
        return json_response({"agents": page, "next_cursor": cursor, "has_more": more})

    async def create_number(self, request: web.Request) -> web.Response:
        tenant, body = tenant_of(request), await body_of(request)
        provider = body.get("provider", "twilio")
        if provider not in ("twilio", "sip_trunk"):
            tags = "Input tag should be one of: 'twilio', 'exotel', 'sip_trunk'"
            raise invalid(["body", "provider"], tags, "union_tag_invalid", provider)
        require(body, TWILIO_FIELDS if provider == "twilio" else NUMBER_FIELDS)
        optional(body, {"agent_id": "string", "outbound_trunk_config": "object", "inbound_trunk_config": "object"})
        kept = ("phone_number", "label", "agent_id", "outbound_trunk_config", "inbound_trunk_config")
        number = {"phone_number_id": new_id("phnum"), "provider": provider, **{name: body.get(name) for name in kept}}
        self.store.put(tenant, "number", number["phone_number_id"], number)
        return json_response({"phone_number_id": number["phone_number_id"]})

    def _assigned(self, tenant: str, number: JSON) -> JSON | None:
        agent = self.store.get(tenant, "agent", number.get("agent_id") or "")
        return {"agent_id": agent["agent_id"], "agent_name": agent["name"]} if agent else None

    def _shown_number(self, tenant: str, number: JSON) -> JSON:
        shown: JSON = {
            "provider": number["provider"],
            "phone_number": number["phone_number"],
            "label": number["label"],
            "supports_inbound": True,
            "supports_outbound": True,
            "phone_number_id": number["phone_number_id"],
            "assigned_agent": self._assigned(tenant, number),
        }
        return shown if number["provider"] == "twilio" else {**shown, **trunk(number)}

    async def list_numbers(self, request: web.Request) -> web.Response:
        tenant = tenant_of(request)
        return json_response([self._shown_number(tenant, number) for number in self.store.all(tenant, "number")])

    async def show_number(self, request: web.Request) -> web.Response:
        return json_response(self._shown_number(tenant_of(request), self._find(request, "number")))


def trunk(number: JSON) -> JSON:
    given = number.get("outbound_trunk_config")
    outbound = given and {
        "address": given.get("address", ""),
        "transport": given.get("transport", "auto"),
        "media_encryption": given.get("media_encryption", "allowed"),
        "headers": given.get("headers") or {},
        "has_auth_credentials": bool(given.get("credentials")),
        "username": (given.get("credentials") or {}).get("username"),
        "has_outbound_trunk": True,
    }
    return {
        "provider_config": outbound,
        "outbound_trunk": outbound,
        "inbound_trunk": None,
        "livekit_stack": "standard",
        "store_sip_messages": False,
    }


def agent_line(agent: JSON) -> JSON:
    return {
        "agent_id": agent["agent_id"],
        "name": agent["name"],
        "voice_id": agent["conversation_config"]["tts"]["voice_id"],
        "tags": agent["tags"],
        **agent["metadata"],
        "access_info": ACCESS,
        "last_call_time_unix_secs": None,
        "archived": agent["platform_settings"]["archived"],
    }
