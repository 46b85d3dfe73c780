"""Requests to addresses that people typed in."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common import http
from common.guard import is_public
from tests.common.test_http import OK, server
from webhooks.checks import private_networks_are_networks

NAME = "hooks.example.com"


def post(url: str, seconds: float = 5, max_bytes: int = 1000) -> http.Answer:
    # Without a body, which would come as a packet of its own, and the servers here read once.
    return http.call(
        "POST", url, headers={}, data=b"", timeout=(seconds, seconds), max_bytes=max_bytes, public_only=True
    )


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.0/8"]


CLOSED = """
0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
2002:7f00:1:: 2002:a00:1:: 2001::1 2001:0:a00:1::1 2001:db8::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1
ff02::1 100::1
""".split()
OPEN = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.254
2606:4700:4700::1111 2a00:1450:4001:80b::200e ::ffff:8.8.8.8 64:ff9b::808:808
""".split()


@pytest.mark.parametrize("address", CLOSED)
def test_closed_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_open_addresses(address: str) -> None:
    assert is_public(address)


def test_the_operator_may_open_a_network_and_only_that(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["10.0.5.0/24", "fd00::/8"]
    assert is_public("10.0.5.7")
    assert is_public("::ffff:10.0.5.7")
    assert is_public("fd00::1")
    assert not is_public("10.0.6.7")
    assert not is_public("127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_no_spelling_of_this_machine_is_connected_to(host: str) -> None:
    with server(lambda peer: peer.sendall(OK + b'{"a": 1}')) as (url, seen):
        with pytest.raises(http.NotSent, match="private or reserved address"):
            post(url.replace("127.0.0.1", host))
        assert seen == []


@pytest.mark.parametrize("url", ["ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "8.8.8.8", "http://", ""])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(http.NotSent):
        post(url)


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["10.0.0.5"])
    with pytest.raises(http.NotSent, match=f"{NAME} leads to a private"):
        post(f"http://{NAME}/")


def test_a_name_is_looked_up_once_and_only_the_judged_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["127.0.0.1/32"]
    with server(lambda peer: peer.sendall(OK + b'{"a": 1}')) as (url, seen):
        asked = answer_names(monkeypatch, ["10.0.0.5", "127.0.0.1"], ["127.0.0.2"])
        assert post(url.replace("127.0.0.1", NAME)).ok
        assert asked == [NAME]
        assert f"Host: {NAME}".encode() in seen[0]


@pytest.mark.usefixtures("loopback")
def test_when_one_address_refuses_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(lambda peer: peer.sendall(OK + b'{"a": 1}')) as (url, _):
        answer_names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
        assert post(url.replace("127.0.0.1", NAME)).ok


def test_a_name_that_is_not_known_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(http.NotSent, match="the name nowhere.invalid is not known"):
        post("http://nowhere.invalid/")


@pytest.mark.usefixtures("loopback")
def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with server(lambda peer: peer.sendall(OK + b'{"a": 1}')) as (url, _):
        assert post(url).ok


@pytest.mark.usefixtures("loopback")
def test_a_redirect_inside_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    with server(lambda peer: peer.sendall(moved)) as (url, _):
        assert post(url).status == 302


@pytest.mark.usefixtures("loopback")
def test_of_a_large_answer_the_beginning_is_enough() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200000
    with server(lambda peer: peer.sendall(large)) as (url, _):
        answer = post(url)
    assert (answer.status, answer.body) == (200, b"x" * 1000)


@pytest.mark.usefixtures("loopback")
def test_an_answer_that_breaks_off_counts_by_its_status() -> None:
    with server(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as (url, _):
        assert post(url).body == b"abc"


def _drip(peer: socket.socket) -> None:
    for _ in range(300):
        peer.sendall(b"H")
        time.sleep(0.2)


@pytest.mark.usefixtures("loopback")
def test_an_answer_that_drips_is_cut_when_the_time_is_over() -> None:
    with server(_drip) as (url, _):
        began = time.monotonic()
        with pytest.raises(http.Lost, match="nothing came within 0.5 s"):
            post(url, seconds=0.5)
        assert time.monotonic() - began < 10


@pytest.mark.usefixtures("loopback")
def test_hands_that_are_never_shaken_are_let_go() -> None:
    with server(_drip_tls) as (url, _):
        began = time.monotonic()
        with pytest.raises((http.Lost, http.NotSent)):
            post(url.replace("http:", "https:"), seconds=0.5)
        assert time.monotonic() - began < 10


def _drip_tls(peer: socket.socket) -> None:
    """The head of a record of 16 kB, and then a byte now and then."""
    peer.sendall(b"\x16\x03\x03\x3f\xff")
    for _ in range(300):
        peer.sendall(b"\x02")
        time.sleep(0.2)


# --- TLS ---
@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: None) -> Iterator[int]:
    """A server with a certificate for NAME, which is trusted here; its port."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(_certificate(NAME))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as peer:
                    peer.recv(65536)
                    peer.sendall(OK + b'{"a": 1}')
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def _certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def test_the_certificate_is_checked_against_the_name(certified: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["127.0.0.1"])
    assert post(f"https://{NAME}:{certified}/").ok


def test_anothers_certificate_is_refused_before_anything_is_sent(
    certified: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(http.NotSent, match="certificate is not good.*other.example.com"):
        post(f"https://other.example.com:{certified}/")


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["speaks HTTP", "hangs up"])
def test_https_where_plain_http_is_spoken_is_told_as_that(answer: bytes) -> None:
    with server(lambda peer: peer.sendall(answer)) as (url, _):
        with pytest.raises(http.Lost) as told:
            post(url.replace("http:", "https:"))
    assert "this port may speak http:// only" in str(told.value)


@pytest.mark.usefixtures("loopback")
def test_http_where_something_else_is_spoken_is_told_as_that() -> None:
    with server(lambda peer: peer.sendall(b"\x15\x03\x03\x00\x02\x02\x50")) as (url, _):
        with pytest.raises(http.Lost, match="is not HTTP; this port may speak https:// only"):
            post(url)


@pytest.mark.usefixtures("loopback")
def test_a_host_that_hangs_up_is_told_as_that() -> None:
    with server(lambda peer: None) as (url, _):
        with pytest.raises(http.Lost, match="closed the connection without an answer"):
            post(url)


def answer_names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """One answer after the other, the last one stays; the list holds what was asked."""
    asked: list[str] = []

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


# --- the setting ---
@pytest.mark.parametrize("network", ["10.0.0.5/8", "10.0.0.0/33", "everything"])
def test_a_network_that_is_none_stops_the_start(settings: Any, network: str) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["10.0.0.0/8", network]
    [fault] = private_networks_are_networks()
    assert fault.id == "leadsail.E003"
    assert network.partition("/")[0] in fault.msg


def test_networks_are_fine(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = ["10.0.0.0/8", "fd00::/8"]
    assert private_networks_are_networks() == []
