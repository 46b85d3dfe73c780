"""A receiver of webhooks on this machine: answers as told, and remembers what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Got:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What a receiver reads, or an error where the signature is not good."""
        return Webhook(secret).verify(self.body, self.headers)


Reply = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Reply:
    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return reply


class Receiver:
    def __init__(self) -> None:
        self.got: list[Got] = []
        self.reply: Reply = answer()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]

    def up(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Got("POST", self.path, headers, body))
                receiver.reply(self)

            def log_message(self, *args: Any) -> None:
                """Into the test's output: nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Whoever connects from now on is refused."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None
