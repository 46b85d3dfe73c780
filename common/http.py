"""The one seam through which the product speaks HTTP to the outside."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

MAX_JSON_BYTES = 20 * 1024 * 1024
_local = threading.local()


class NotSent(Exception):
    """The request never left: nothing can have happened at the other end."""


class Lost(Exception):
    """The request was sent and its result is not known."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def _session() -> requests.Session:
    # One per thread: requests does not promise that a session may be shared. Its adapters do not retry.
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    session: requests.Session = _local.session
    return session


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    json: Any = None,
    params: Any = None,
    timeout: tuple[float, float],
    max_bytes: int = MAX_JSON_BYTES,
) -> Answer:
    """One request, never repeated, redirects not followed. Raises NotSent or Lost when there is no whole answer."""
    try:
        response = _session().request(
            method, url, headers=headers, json=json, params=params, timeout=timeout, allow_redirects=False, stream=True
        )
        with response:
            body = _read(response, max_bytes)
    except requests.ConnectTimeout as error:
        raise NotSent(f"no connection within {timeout[0]:g} s") from error
    except requests.ConnectionError as error:
        raise _classify(error) from error
    except requests.RequestException as error:
        raise Lost(f"{type(error).__name__}: {error}") from error
    return Answer(status=response.status_code, body=body, headers=dict(response.headers), json=_parse(response, body))


def _read(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > max_bytes:
            raise requests.exceptions.ContentDecodingError(f"the answer is larger than {max_bytes} bytes")
    return bytes(body)


def _classify(error: requests.ConnectionError) -> NotSent | Lost:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError):
        return NotSent("the host did not accept the connection")
    return Lost(f"the connection broke: {type(error).__name__}")


def _parse(response: requests.Response, body: bytes) -> Any:
    response._content = body
    try:
        return response.json()
    except ValueError:
        return None
