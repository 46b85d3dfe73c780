"""What every question to ElevenLabs shares: its headers, how it says no, and which no means what."""

from __future__ import annotations

from typing import Any

from calls.providers.base import KeyRefused, ProviderBusy, ProviderUnreachable
from campaigns.models import ProviderAccount
from common import http

ASK_TIMEOUT = (5.0, 20.0)


def headers(account: ProviderAccount) -> dict[str, str]:
    return {"xi-api-key": account.api_key, "Accept": "application/json"}


def ask(
    account: ProviderAccount,
    path: str,
    params: Any = None,
    *,
    max_bytes: int = http.MAX_JSON_BYTES,
    timeout: tuple[float, float] = ASK_TIMEOUT,
) -> http.Answer | None:
    """A question, safe to repeat. None when the provider says that there is no such thing."""
    try:
        url = account.base_url + path
        answer = http.call("GET", url, headers=headers(account), params=params, timeout=timeout, max_bytes=max_bytes)
    except (http.NotSent, http.Lost) as error:
        raise ProviderUnreachable(str(error)) from error
    if answer.status == 404:
        return None
    if answer.ok:
        return answer
    if is_refused(answer):
        lacks_permission = answer.status == 403 or "permission" in detail_status(answer)
        raise KeyRefused(detail(answer), lacks_permission=lacks_permission)
    if answer.status == 429:
        raise ProviderBusy(detail(answer))
    raise ProviderUnreachable(f"HTTP {answer.status}: {detail(answer)}")


def is_refused(answer: http.Answer) -> bool:
    return answer.status in (401, 403) or detail_status(answer) == "invalid_api_key"


def detail_status(answer: http.Answer) -> str:
    body = answer.json if isinstance(answer.json, dict) else {}
    found = body.get("detail")
    return str(found.get("status") or "") if isinstance(found, dict) else ""


def detail(answer: http.Answer) -> str:
    """`detail` is a list (422), an object or a string; a 200 with success:false has `message`."""
    body = answer.json if isinstance(answer.json, dict) else {}
    found = body.get("detail", body.get("message"))
    if isinstance(found, list):
        return "; ".join(_field_error(item) for item in found)[:300]
    if isinstance(found, dict):
        return str(found.get("message") or found.get("status") or found)[:300]
    return str(found)[:300] if found else f"HTTP {answer.status} without a readable body"


def _field_error(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    where = item.get("loc")
    path = ".".join(str(part) for part in where[1:]) if isinstance(where, list) else ""
    return f"{path}: {item.get('msg', '')}"
