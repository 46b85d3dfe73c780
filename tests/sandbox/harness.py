"""A sandbox process, a webhook receiver and a tenant, all met over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests
from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
SPEED = 1000.0
ALL_EVENTS = ["transcript", "call_initiation_failure", "answering_machine_detection"]
OVERRIDES = {
    "conversation_config_override": {"agent": {"first_message": True, "prompt": {"prompt": True}}},
}
COLLECTED = {"crm_outcome": {"type": "string"}, "callback_at": {"type": "string"}}
Found = TypeVar("Found")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_until(look: Callable[[], Found | None], seconds: float = 10) -> Found:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


class Box:
    """One sandbox process."""

    def __init__(self, folder: Path, speed: float = SPEED, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "SANDBOX_SPEED": str(speed), "CLOCK": "", **environment}
        self.start()

    def command(self) -> list[str]:
        return [sys.executable, "-m", "sandbox", "--port", str(self.port), "--data", str(self.folder)]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(), cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.greeting = self.process.stdout.readline()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(5)

    def control(self, **changes: Any) -> requests.Response:
        return requests.post(f"{self.url}/control", json=changes, timeout=5)

    def book(self, to: str = "") -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/book", params={"to": to} if to else {}, timeout=5)
        return [json.loads(line) for line in answer.text.splitlines()]


class Hit:
    def __init__(self, headers: dict[str, str], body: bytes, at: float) -> None:
        self.headers = headers
        self.body = body
        self.at = at

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def signature(self) -> str:
        return self.headers["ElevenLabs-Signature"]

    def is_signed(self, secret: str) -> bool:
        parts = [part.partition("=") for part in self.signature.split(",")]
        moment = next((value for name, _, value in parts if name == "t"), "")
        if not moment.isdigit() or not -1800 < time.time() - int(moment) < 300 + 1800:
            return False
        expected = hmac.new(secret.encode(), f"{moment}.".encode() + self.body, hashlib.sha256).hexdigest()
        return expected in [value for name, _, value in parts if name == "v0"]


class Receiver:
    """Collects webhooks by path; answers 200 unless told otherwise."""

    def __init__(self) -> None:
        self.hits: dict[str, list[Hit]] = {}
        self.answers: dict[str, list[int]] = {}
        self.port = free_port()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        assert ready.wait(5)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        app = web.Application(client_max_size=20 * 1024 * 1024)
        app.router.add_post("/{path}", self._receive)
        runner = web.AppRunner(app)
        self.loop.run_until_complete(runner.setup())
        self.loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self.port).start())
        ready.set()
        self.loop.run_forever()

    async def _receive(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        hit = Hit(dict(request.headers), await request.read(), time.monotonic())
        self.hits.setdefault(path, []).append(hit)
        waiting = self.answers.get(path, [])
        return web.Response(status=waiting.pop(0) if waiting else 200)


class Tenant:
    """A workspace with an agent, a Twilio number, a SIP number and a webhook."""

    def __init__(self, box: Box, receiver: Receiver, events: list[str] | None = None) -> None:
        self.box = box
        self.receiver = receiver
        self.path = uuid.uuid4().hex
        self.http = requests.Session()
        self.http.headers["xi-api-key"] = f"sk_sandbox_{self.path}"
        self.agent_id = self.create_agent(COLLECTED)
        self.twilio = self.create_number(provider="twilio", sid="AC1", token="t")
        self.sip = self.create_number(provider="sip_trunk")
        self.webhook_id, self.secret = self.create_webhook()
        self.subscribe(events or ALL_EVENTS)

    def request(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        return self.http.request(method, f"{self.box.url}{path}", json=body, params=query, timeout=10)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.request(method, path, body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create_agent(self, collected: dict[str, Any], overrides: dict[str, Any] = OVERRIDES) -> str:
        config = {"agent": {"first_message": "Hello {{first_name}}, this is Ava.", "prompt": {"prompt": "Be kind."}}}
        platform = {"overrides": overrides, "data_collection": collected}
        body = {"name": "Ava", "conversation_config": config, "platform_settings": platform}
        return str(self.ok("POST", "/v1/convai/agents/create", body)["agent_id"])

    def create_number(self, **fields: str) -> str:
        body = {"phone_number": "+15550001111", "label": "Main", **fields}
        return str(self.ok("POST", "/v1/convai/phone-numbers", body)["phone_number_id"])

    def create_webhook(self) -> tuple[str, str]:
        settings = {
            "auth_type": "hmac",
            "name": "CRM",
            "webhook_url": f"http://127.0.0.1:{self.receiver.port}/{self.path}",
        }
        made = self.ok("POST", "/v1/workspace/webhooks", {"settings": settings})
        return made["webhook_id"], made["webhook_secret"]

    def subscribe(self, events: list[str], **more: Any) -> None:
        webhooks = {"post_call_webhook_id": self.webhook_id, "events": events, **more}
        self.ok("PATCH", "/v1/convai/settings", {"webhooks": webhooks})

    def body(self, to: str, via: str = "twilio", **more: Any) -> dict[str, Any]:
        variables = {"first_name": "Anna", "crm_attempt_id": f"att_{self.path}_{to}", **more.pop("variables", {})}
        client_data = {"user_id": "lead-1", "dynamic_variables": variables, **more.pop("client_data", {})}
        number = self.twilio if via == "twilio" else self.sip
        return {
            "agent_id": self.agent_id,
            "agent_phone_number_id": number,
            "to_number": to,
            "conversation_initiation_client_data": client_data,
            **more,
        }

    def post(self, body: dict[str, Any], via: str = "twilio", timeout: float = 10) -> requests.Response:
        path = "twilio" if via == "twilio" else "sip-trunk"
        return self.http.post(f"{self.box.url}/v1/convai/{path}/outbound-call", json=body, timeout=timeout)

    def call(self, to: str, via: str = "twilio", **more: Any) -> str:
        answer = self.post(self.body(to, via, **more), via)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["conversation_id"])

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ok("GET", f"/v1/convai/conversations/{conversation_id}")
        return found

    def finished(self, conversation_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.conversation(conversation_id)
            return found if found["status"] in ("done", "failed") else None

        return wait_until(look)

    def lost(self, to: str) -> list[dict[str, Any]]:
        """What a reconciler finds by the attempt's id."""
        wanted = f"crm_attempt_id:eq:att_{self.path}_{to}"
        found: list[dict[str, Any]] = self.ok("GET", "/v1/convai/conversations", dynamic_variable_params=wanted)[
            "conversations"
        ]
        return found

    def hits(self, count: int = 1) -> list[Hit]:
        return wait_until(lambda: self.so_far() if len(self.so_far()) >= count else [])

    def so_far(self) -> list[Hit]:
        return self.receiver.hits.get(self.path, [])

    def dial(self, conversation_id: str) -> dict[str, Any]:
        return next(dial for dial in self.box.book() if dial["conversation_id"] == conversation_id)

    def reported(self, conversation_id: str, count: int) -> list[Hit]:
        """The hits, after the book says that so many deliveries were made."""
        wait_until(lambda: len(self.dial(conversation_id)["deliveries"]) >= count)
        return self.so_far()
