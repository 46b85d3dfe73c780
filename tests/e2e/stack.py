"""A whole running LeadSail with its sandbox, driven over HTTP as by an integrator; its database read from outside."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests

from leadsail.embedded import BASE_DIR
from tests.up.installation import Installation, wait_for
from tests.up.prepared import prepare


class Stack:
    """On the database the tests run on: SQLite in its own folder, or a fresh database of the tests' PostgreSQL."""

    def __init__(self, folder: Path, **environment: str) -> None:
        if os.environ.get("TEST_DATABASE") == "postgres":
            environment = {"DATABASE_URL": _new_database(), **environment}
        else:
            prepare(folder / "var")
        self.installation = Installation(folder / "var", folder / "output", **environment)

    def start(self) -> Stack:
        self.installation.started()
        ready = self.installation.ready()
        self.web, self.sandbox, self.login = ready["web"], ready["sandbox"], ready["login"]
        self.api = requests.Session()
        self.api.headers["X-API-Key"] = ready["api_key"]
        return self

    def control(self, **changes: Any) -> None:
        requests.post(f"{self.sandbox}/control", json=changes, timeout=5).raise_for_status()

    def book(self) -> list[dict[str, Any]]:
        text = requests.get(f"{self.sandbox}/book", timeout=20).text
        return [json.loads(line) for line in text.splitlines() if line]

    def call(self, lead_id: str, **fields: Any) -> requests.Response:
        url = f"{self.web}/api/v1/voice/calls/initiate"
        return self.api.post(url, json={"leadId": lead_id, **fields}, timeout=20)

    def shell(self, script: str) -> Any:
        """Runs Python inside the installation; what the script leaves in `result` comes back."""
        code = script + "\nimport json; print('\\n' + json.dumps(result, default=str))"
        command = [sys.executable, "-m", "leadsail.embedded", "shell", "-v", "0", "-c", code]
        environment = self.installation.environment
        ended = subprocess.run(
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.strip().splitlines()[-1])

    def interactions(self, since: int = 0) -> list[dict[str, Any]]:
        return list(
            self.shell(
                "from calls.models import Interaction\n"
                f"rows = Interaction.objects.filter(pk__gt={since}).order_by('pk')\n"
                "result = list(rows.values('pk', 'public_id', 'to_number', 'status', 'dispatch', 'error_code',"
                " 'lead__public_id', 'lead__status', 'termination_reason', 'recording_state'))"
            )
        )

    def newest_interaction(self) -> int:
        return max((row["pk"] for row in self.interactions()), default=0)

    def wait_until_all_final(self, since: int, *, seconds: float) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []

        def all_final() -> bool:
            rows[:] = self.interactions(since)
            time.sleep(1)
            return bool(rows) and all(row["status"] != "in_progress" for row in rows)

        wait_for(all_final, seconds, lambda: str([row for row in rows if row["status"] == "in_progress"]))
        return rows


def _new_database() -> str:
    server = urlsplit(os.environ["DATABASE_URL"])
    name = f"stack_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server._replace(path=f"/{name}").geturl()
