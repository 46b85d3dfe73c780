"""For requests to addresses that people typed in: never into our own networks, and over when their time is over.

The name is looked up once, here, and only an address that was judged is connected to: a name server that answers
differently the second time gets nowhere, and `2130706433` or `0177.1` are judged by the address they stand for.
"""

from __future__ import annotations

import socket
import threading
import time
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# Private, shared, link-local, documentation, benchmarks, multicast, reserved; 168.63.129.16 is the inside of a cloud.
CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
GLOBAL_6 = IPv6Network("2000::/3")
# Teredo and other protocols of the IETF, documentation, 6to4: tunnels carry an IPv4 address that nobody would judge.
CLOSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
NAT64 = IPv6Network("64:ff9b::/96")


class Refused(Exception):
    """No connection was made; the sentence says why."""


def is_public(address: str) -> bool:
    """Or the operator has allowed it."""
    written = ip_address(address)
    meant = _carried(written) or written
    if any(ip in network for ip in (written, meant) for network in _allowed(tuple(settings.WEBHOOK_PRIVATE_NETWORKS))):
        return True
    if isinstance(meant, IPv4Address):
        return not any(meant in network for network in CLOSED_4)
    return meant in GLOBAL_6 and not any(meant in network for network in CLOSED_6)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached in the end."""
    if isinstance(address, IPv4Address):
        return None
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else address.ipv4_mapped


@lru_cache(maxsize=4)
def _allowed(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, networks))


class Guard:
    """One request's connection and its deadline. Timeouts of a socket begin anew with every byte that arrives; so when
    the time is over the line itself is cut, whatever it was being used for."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Guard:
        self._timer.start()
        self._before = _guard.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _guard.reset(self._before)
        self._timer.cancel()
        with self._lock:
            if self._line:
                self._line.close()

    def connect(self, host: str, port: int) -> socket.socket:
        found = _look_up(host.strip("[]"), port)
        public = [target for target in found if is_public(str(target[1][0]))]
        if not public:
            raise Refused(
                f"{host} leads to a private or reserved address, which is sent nothing unless the operator allows it"
            )
        for tried, (family, target) in enumerate(public):
            try:
                return self._watch(self._open(family, target, share=len(public) - tried))
            except OSError:
                continue
        raise Refused(f"{host} did not accept the connection on port {port}: check that the receiver runs there")

    def _open(self, family: int, target: Any, *, share: int) -> socket.socket:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Refused(f"no connection within {self._seconds:g} s")
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(left / share)
            line.connect(target)
        except OSError:
            line.close()
            raise
        return line

    def _watch(self, line: socket.socket) -> socket.socket:
        """By a handle of our own: TLS takes the socket over."""
        with self._lock:
            if not self.expired:
                self._line = line.dup()
                return line
        line.close()
        raise Refused(f"no connection within {self._seconds:g} s")

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            if self._line and self._line.fileno() >= 0:
                _shut(self._line)


def _shut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other end was faster.
        return


def _look_up(host: str, port: int) -> list[tuple[int, Any]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(f"the name {host} is not known: check it in the URL") from error
    return [(family, target) for family, _, _, _, target in found]


_guard: ContextVar[Guard] = ContextVar("guard")


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _guard.get().connect(self._dns_host, self.port)


class _Secure(HTTPSConnection):
    """The certificate is checked against the name, as ever."""

    def _new_conn(self) -> socket.socket:
        return _guard.get().connect(self._dns_host, self.port)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
