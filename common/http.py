"""The one seam through which the product speaks HTTP to the outside."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from common.guard import Guard, GuardedAdapter, Refused

MAX_JSON_BYTES = 20 * 1024 * 1024
# What OpenSSL says when the other end speaks plain HTTP, or hangs up on what it does not understand.
NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING"}
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


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None, wherever it leads. Also of a redirect that is not to be followed, requests would make the next request,
        and for that read and unpack this answer's whole body, however large."""
        return None


def _new_session(adapter: type[HTTPAdapter] = HTTPAdapter) -> requests.Session:
    session = _Session()
    session.trust_env = False
    # One tenant's cookies must not travel with another's key.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter())
    session.mount("http://", adapter())
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
    data: bytes | None = None,
    params: Any = None,
    timeout: tuple[float, float],
    max_bytes: int = MAX_JSON_BYTES,
    once: bool = False,
    public_only: bool = False,
) -> Answer:
    """One request, never repeated, redirects not followed. Raises NotSent or Lost when there is no whole answer.

    `once`: what it asks for must not happen after we have given up. It has a connection of its own, and what the
    network has not delivered by then is thrown away instead of being sent later.

    `public_only`: to an address that somebody typed in. Private networks are refused, `timeout[1]` is the time for all
    of it, and of the answer it is enough to have the status: what comes after `max_bytes` or too late is left out.
    """
    with ExitStack() as ending:
        session = _session()
        if once or public_only:
            session = ending.enter_context(_new_session(GuardedAdapter if public_only else _Prompt))
        request = _prepare(session, method, url, headers=headers, json=json, data=data, params=params)
        if public_only:
            return _send_guarded(session, request, timeout[1], max_bytes)
        return _send(session, request, timeout, max_bytes)


def as_asked(url: str) -> str:
    """The URL in the letters that go over the line, e.g. of a host in another script. ValueError: it has none."""
    return requests.Request("POST", url).prepare().url or ""


def _prepare(session: requests.Session, method: str, url: str, **what: Any) -> requests.PreparedRequest:
    try:
        request = session.prepare_request(requests.Request(method, url, **what))
        for value in request.headers.values():
            value.encode("latin-1") if isinstance(value, str) else value
    except (requests.RequestException, ValueError) as error:
        # An API key with a line break, for one: nothing has left this machine.
        raise NotSent(f"the request cannot be made: {type(error).__name__}") from error
    return request


def _send(
    session: requests.Session, request: requests.PreparedRequest, timeout: tuple[float, float], max_bytes: int
) -> Answer:
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
    return Answer(status=response.status_code, body=body, headers=dict(response.headers), json=_parse(response, body))


def _send_guarded(
    session: requests.Session, request: requests.PreparedRequest, seconds: float, max_bytes: int
) -> Answer:
    with Guard(seconds) as guard:
        try:
            response = session.send(request, timeout=seconds, allow_redirects=False, stream=True)
        except Refused as error:
            raise NotSent(str(error)) from error
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
            raise NotSent("the URL is not one that can be sent to: check the host and the port") from error
        except requests.RequestException as error:
            if guard.expired or isinstance(error, requests.Timeout):
                raise Lost(f"nothing came within {seconds:g} s") from error
            raise _classify(error) from error
        with response:
            if guard.expired:
                # The line was cut among the headers, which looks like their end.
                raise Lost(f"nothing came within {seconds:g} s")
            body = _read_some(response, max_bytes)
    return Answer(status=response.status_code, body=body, headers=dict(response.headers))


def _read_some(response: requests.Response, max_bytes: int) -> bytes:
    """As it was sent: unpacking could make gigabytes of what a stranger's server packed."""
    body = bytearray()
    with contextlib.suppress(HTTPError, OSError, ValueError):
        while len(body) < max_bytes and (chunk := response.raw.read1(max_bytes - len(body), decode_content=False)):
            body += chunk
    return bytes(body)


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


def _classify(error: requests.RequestException) -> NotSent | Lost:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, SSLError) and isinstance(reason.args[0], ssl.SSLCertVerificationError):
        # While hands are shaken: the request comes after that.
        return NotSent(f"the host's certificate is not good: {reason.args[0].verify_message}")
    if isinstance(reason, NameResolutionError):
        return NotSent("the host's name is not known: check it in the URL")
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return NotSent("the host did not accept the connection")
    return Lost(_why_lost(error, reason))


def _why_lost(error: requests.RequestException, reason: Exception | None) -> str:
    """In words for whoever typed the URL in."""
    if isinstance(reason, SSLError):
        fault = getattr(reason.args[0], "reason", None) or "no reason given"
        hint = "; this port may speak http:// only" if fault in NO_TLS else ""
        return f"the encrypted connection failed ({fault.replace('_', ' ').lower()}){hint}"
    cause = error.args[0].args[-1] if error.args and isinstance(error.args[0], ProtocolError) else None
    if isinstance(cause, RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the host closed the connection without an answer"
    if isinstance(cause, HTTPException):
        return "what came back is not HTTP; this port may speak https:// only"
    return f"the connection broke: {type(error).__name__}"


def _parse(response: requests.Response, body: bytes) -> Any:
    response._content = body
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
