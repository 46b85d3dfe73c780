from __future__ import annotations

import re
import uuid
from typing import Any

from sandbox.calls import JSON, Plan

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
DEFAULT_RINGING = 60
DEFAULT_MAX_DURATION = 600


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:28]}"


def new_sid(provider: str) -> str:
    return ("CA" if provider == "twilio" else "SCL_") + uuid.uuid4().hex


def dig(data: Any, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def refused_field(override: JSON, allowed: Any) -> str | None:
    """The first overridden field that the agent's security settings do not allow."""
    for name, value in override.items():
        permission = allowed.get(name) if isinstance(allowed, dict) else None
        if isinstance(value, dict):
            inner = refused_field(value, permission)
            if inner:
                return inner
        elif value is not None and permission is not True:
            return name
    return None


def override_error(agent: JSON, client_data: JSON) -> str:
    allowed = dig(agent, "platform_settings", "overrides") or {}
    override = client_data.get("conversation_config_override") or {}
    field = refused_field(override, allowed.get("conversation_config_override"))
    if field is None and client_data.get("custom_llm_extra_body") and not allowed.get("custom_llm_extra_body"):
        field = "custom_llm_extra_body"
    return f"Override for field '{field}' is not allowed by config." if field else ""


def language_error(agent: JSON, language: str) -> str:
    config = agent["conversation_config"]
    enabled = {dig(config, "agent", "language"), *(config.get("language_presets") or {})}
    return "" if language in enabled else f"Language '{language}' is not enabled for this agent."


def expand(text: str, known: JSON) -> tuple[str, set[str]]:
    """The text with its variables filled in, and the names that nobody supplied."""
    names = {name for name in PLACEHOLDER.findall(text) if not name.startswith("system__")}
    filled = PLACEHOLDER.sub(lambda found: spoken_value(known.get(found[1], "")), text)
    return filled, names - set(known)


def spoken_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def missing_error(missing: set[str], where: str) -> str:
    return f"Missing required dynamic variables in {where}: {missing}" if missing else ""


def opening(agent: JSON, client_data: JSON) -> tuple[str, str, str]:
    """What the agent says first, its language, and why the conversation cannot start, if it cannot."""
    own = dig(agent, "conversation_config", "agent") or {}
    given = dig(client_data, "conversation_config_override", "agent") or {}
    known = {
        **(dig(own, "dynamic_variables", "dynamic_variable_placeholders") or {}),
        **(client_data.get("dynamic_variables") or {}),
    }
    first = given.get("first_message")
    message, absent = expand(first if first is not None else own.get("first_message") or "", known)
    prompt = dig(given, "prompt", "prompt") or dig(own, "prompt", "prompt") or ""
    language = given.get("language") or own.get("language") or "en"
    error = (
        override_error(agent, client_data)
        or language_error(agent, language)
        or missing_error(absent, "first message")
        or missing_error(expand(prompt, known)[1], "prompt")
    )
    return ("" if error else message), language, error


def make_plan(
    *,
    tenant: str,
    provider: str,
    agent: JSON,
    number: JSON,
    body: JSON,
    code: str,
    faults: tuple[str, ...],
    seed: int,
    count: int,
    now: float,
) -> Plan:
    client_data = body.get("conversation_initiation_client_data") or {}
    telephony = body.get("telephony_call_config") or {}
    message, language, error = opening(agent, client_data)
    platform, config = agent.get("platform_settings") or {}, agent["conversation_config"]
    return Plan(
        conversation_id=new_id("conv"),
        tenant=tenant,
        provider=provider,
        agent_id=agent["agent_id"],
        agent_name=agent["name"],
        phone_number_id=number["phone_number_id"],
        from_number=number["phone_number"],
        to_number=body["to_number"],
        sid=new_sid(provider),
        client_data=client_data,
        first_message=message,
        collects=platform.get("data_collection") or {},
        criteria=[rule["id"] for rule in dig(platform, "evaluation", "criteria") or []],
        language=language,
        code=code,
        faults=list(faults),
        seed=seed,
        count=count,
        ringing_timeout=telephony.get("ringing_timeout_secs") or DEFAULT_RINGING,
        max_duration=dig(config, "conversation", "max_duration_seconds") or DEFAULT_MAX_DURATION,
        machine_detection=provider == "twilio" and bool(telephony.get("twilio_machine_detection")),
        start_error=error,
        accepted_at=now,
    )
