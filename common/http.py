"""The one seam through which the product speaks HTTP to the outside."""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

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
        _local.session = _new_session()
    session: requests.Session = _local.session
    return session


def _new_session(*, linger: bool = True) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    # One tenant's cookies must not travel with another's key.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if not linger:
        session.mount("https://", _Prompt())
        session.mount("http://", _Prompt())
    return session


class _Prompt(HTTPAdapter):
    """After the socket is closed the kernel would go on sending for minutes what the other end has not confirmed."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        unconfirmed = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 15_000)
        discard_on_close = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        options = [*HTTPConnection.default_socket_options, unconfirmed, discard_on_close]
        super().init_poolmanager(*args, **kwargs, socket_options=options)


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    json: Any = None,
    params: Any = None,
    timeout: tuple[float, float],
    max_bytes: int = MAX_JSON_BYTES,
    once: bool = False,
) -> Answer:
    """One request, never repeated, redirects not followed. Raises NotSent or Lost when there is no whole answer.

    `once`: what it asks for must not happen after we have given up. It has a connection of its own, and what the
    network has not delivered by then is thrown away instead of being sent later.
    """
    session = _new_session(linger=False) if once else _session()
    try:
        request = session.prepare_request(requests.Request(method, url, headers=headers, json=json, params=params))
        for value in request.headers.values():
            value.encode("latin-1") if isinstance(value, str) else value
    except (requests.RequestException, ValueError) as error:
        # An API key with a line break, for one: nothing has left this machine.
        raise NotSent(f"the request cannot be made: {type(error).__name__}") from error
    try:
        response = session.send(request, timeout=timeout, allow_redirects=False, stream=True)
        with response:
            body = _read(response, max_bytes, until=time.monotonic() + timeout[1])
    except requests.ConnectTimeout as error:
        raise NotSent(f"no connection within {timeout[0]:g} s") from error
    except requests.ConnectionError as error:
        raise _classify(error) from error
    except (requests.RequestException, HTTPError) as error:
        raise Lost(f"{type(error).__name__}: {error}") from error
    finally:
        if once:
            session.close()
    return Answer(status=response.status_code, body=body, headers=dict(response.headers), json=_parse(response, body))


def _read(response: requests.Response, max_bytes: int, *, until: float) -> bytes:
    """As it arrives: iter_content would wait until a whole chunk is there, for as long as the other end likes."""
    body = bytearray()
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if time.monotonic() > until:
            raise requests.exceptions.ReadTimeout("the answer did not end in time")
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
    except (ValueError, RecursionError):
        return None
