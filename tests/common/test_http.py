"""The seam against real sockets: what was not sent, what is lost, what is a whole answer."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from common import http

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nContent-Type: application/json\r\n\r\n"


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Answers each connection after it has read the request; the list holds what it read."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            # The other side may hang up in the middle, which is what some tests are about.
            with peer, contextlib.suppress(ConnectionError):
                seen.append(peer.recv(65536))
                answer(peer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", seen
    finally:
        listener.close()


def post(url: str, read_timeout: float = 5) -> http.Answer:
    return http.call("POST", url, headers={}, json={"a": 1}, timeout=(1, read_timeout))


def test_a_whole_answer_is_read() -> None:
    with server(lambda peer: peer.sendall(OK + b'{"a": 1}')) as (url, _):
        assert post(url).json == {"a": 1}


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(http.NotSent):
        post(f"http://127.0.0.1:{port}/")


def test_a_host_that_does_not_exist_was_not_sent() -> None:
    with pytest.raises(http.NotSent):
        post("http://nowhere.invalid/")


@pytest.mark.parametrize("key", ["a\nb", "key’s"])
def test_a_key_that_cannot_be_a_header_was_not_sent(key: str) -> None:
    with pytest.raises(http.NotSent):
        http.call("POST", "http://127.0.0.1:1/", headers={"xi-api-key": key}, timeout=(1, 1))


def test_a_read_timeout_is_lost() -> None:
    with server(lambda peer: time.sleep(1)) as (url, seen):
        with pytest.raises(http.Lost):
            post(url, read_timeout=0.2)
        assert len(seen) == 1


@pytest.mark.parametrize("answer", [b"", OK + b"{", b"nonsense\r\n\r\n"], ids=["silent", "body", "odd"])
def test_a_connection_that_breaks_after_the_request_is_lost_and_not_repeated(answer: bytes) -> None:
    with server(lambda peer: peer.sendall(answer)) as (url, seen):
        with pytest.raises(http.Lost):
            post(url)
        assert len(seen) == 1


def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
    with server(lambda peer: peer.sendall(moved)) as (url, seen):
        assert post(url).status == 307
        assert len(seen) == 1


def test_an_answer_that_is_too_large_is_lost() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200000
    with server(lambda peer: peer.sendall(large)) as (url, _):
        with pytest.raises(http.Lost):
            http.call("GET", url, headers={}, timeout=(1, 5), max_bytes=1000)


def test_one_tenants_cookie_does_not_travel_with_anothers_key() -> None:
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=tenantA\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with server(lambda peer: peer.sendall(cookie)) as (url, seen):
        for _ in range(2):
            http.call("GET", url, headers={}, timeout=(1, 5))
        assert b"tenantA" not in b"".join(seen)


def test_an_answer_that_drips_is_cut_off() -> None:
    def drip(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):
            time.sleep(0.05)
            peer.sendall(b"x")

    with server(drip) as (url, _):
        began = time.monotonic()
        with pytest.raises((http.Lost, BrokenPipeError)):
            http.call("POST", url, headers={}, timeout=(1, 0.5), once=True)
        assert time.monotonic() - began < 4


def _counted(monkeypatch: pytest.MonkeyPatch, method: str) -> list[int]:
    """How many bytes each call of a method of urllib3's response gave back."""
    sizes: list[int] = []
    real = getattr(urllib3.HTTPResponse, method)

    def counted(*args: Any, **kwargs: Any) -> bytes:
        found: bytes = real(*args, **kwargs)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(urllib3.HTTPResponse, method, counted)
    return sizes


def _redirect_with_bomb() -> bytes:
    """50 MB in 50 kB."""
    packed = gzip.compress(bytes(50_000_000))
    head = b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    return head + packed


def test_the_body_of_a_redirect_is_read_no_further_than_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb, unpacked = _redirect_with_bomb(), _counted(monkeypatch, "_decode")
    with server(lambda peer: peer.sendall(bomb)) as (url, _):
        with pytest.raises(http.Lost, match="larger than 1000 bytes"):
            http.call("GET", url, headers={}, timeout=(5, 5), max_bytes=1000)
    assert sum(unpacked) <= 65536


def test_the_body_of_a_strangers_redirect_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    bomb, read, unpacked = _redirect_with_bomb(), _counted(monkeypatch, "_raw_read"), _counted(monkeypatch, "_decode")
    with server(lambda peer: peer.sendall(bomb)) as (url, seen):
        answer = http.call("GET", url, headers={}, timeout=(5, 5), max_bytes=1000, public_only=True)
    assert (answer.status, len(answer.body), len(seen)) == (302, 1000, 1)
    assert (sum(read), sum(unpacked)) == (1000, 0)


@pytest.mark.parametrize("location", [b"http://\xff\xfe/", b"http://[::1", b"", b"//", b"http://a:99999/", b"%"])
@pytest.mark.parametrize("public_only", [False, True], ids=["provider", "stranger"])
def test_wherever_a_redirect_leads_its_status_is_the_answer(settings: Any, location: bytes, public_only: bool) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    moved = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with server(lambda peer: peer.sendall(moved)) as (url, seen):
        answer = http.call("GET", url, headers={}, timeout=(5, 5), public_only=public_only)
    assert (answer.status, len(seen)) == (302, 1)
