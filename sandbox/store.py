from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from sandbox.calls import JSON, Call, Plan

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    tenant TEXT, kind TEXT, id TEXT, doc TEXT, PRIMARY KEY (tenant, kind, id));
CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE, tenant TEXT, agent_id TEXT, user_id TEXT, attempt TEXT,
    start INTEGER, live INTEGER, plan TEXT, state TEXT);
CREATE INDEX IF NOT EXISTS calls_attempt ON calls (attempt, tenant);
CREATE INDEX IF NOT EXISTS calls_start ON calls (tenant, start);
CREATE INDEX IF NOT EXISTS calls_live ON calls (id) WHERE live;
CREATE TABLE IF NOT EXISTS posts (tenant TEXT, to_number TEXT, count INTEGER, PRIMARY KEY (tenant, to_number));
"""
STATE_FIELDS = [item.name for item in fields(Call) if item.name != "plan"]


def state_of(call: Call) -> str:
    return json.dumps({name: getattr(call, name) for name in STATE_FIELDS})


def call_from(plan: str, state: str) -> Call:
    return Call(Plan(**json.loads(plan)), **json.loads(state))


class Store:
    """Everything but the book, in one SQLite file. The objects are few and stay in memory as well."""

    def __init__(self, path: Path) -> None:
        # A killed process loses nothing that SQLite has written; only a power cut could, and that is no concern here.
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SCHEMA)
        self.objects: dict[tuple[str, str], dict[str, JSON]] = {}
        for tenant, kind, key, doc in self.db.execute("SELECT tenant, kind, id, doc FROM objects ORDER BY rowid"):
            self.objects.setdefault((tenant, kind), {})[key] = json.loads(doc)

    def close(self) -> None:
        self.db.close()

    def all(self, tenant: str, kind: str) -> list[JSON]:
        return list(self.objects.get((tenant, kind), {}).values())

    def get(self, tenant: str, kind: str, key: str) -> JSON | None:
        return self.objects.get((tenant, kind), {}).get(key)

    def put(self, tenant: str, kind: str, key: str, doc: JSON) -> None:
        self.objects.setdefault((tenant, kind), {})[key] = doc
        self.db.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc",
            (tenant, kind, key, json.dumps(doc)),
        )

    def drop(self, tenant: str, kind: str, key: str) -> bool:
        self.db.execute("DELETE FROM objects WHERE tenant = ? AND kind = ? AND id = ?", (tenant, kind, key))
        return self.objects.get((tenant, kind), {}).pop(key, None) is not None

    def count_post(self, tenant: str, to_number: str) -> int:
        row = self.db.execute(
            "INSERT INTO posts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count",
            (tenant, to_number),
        ).fetchone()
        return int(row[0])

    def forget_posts(self) -> None:
        self.db.execute("DELETE FROM posts")

    def add_call(self, call: Call) -> None:
        plan = call.plan
        self.db.execute(
            "INSERT INTO calls (id, tenant, agent_id, user_id, attempt, start, live, plan, state)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
            (
                call.id,
                plan.tenant,
                plan.agent_id,
                plan.user_id,
                plan.attempt,
                int(plan.accepted_at),
                json.dumps(asdict(plan)),
                state_of(call),
            ),
        )

    def save_call(self, call: Call) -> None:
        values = (state_of(call), not call.reported, call.id)
        self.db.execute("UPDATE calls SET state = ?, live = ? WHERE id = ?", values)

    def drop_call(self, conversation_id: str) -> None:
        self.db.execute("DELETE FROM calls WHERE id = ?", (conversation_id,))

    def call(self, tenant: str, conversation_id: str) -> Call | None:
        row = self.db.execute(
            "SELECT plan, state FROM calls WHERE id = ? AND tenant = ?", (conversation_id, tenant)
        ).fetchone()
        return call_from(*row) if row else None

    def live_calls(self) -> list[Call]:
        return [call_from(*row) for row in self.db.execute("SELECT plan, state FROM calls WHERE live")]

    def latest_of_others(self, tenant: str) -> Call | None:
        row = self.db.execute(
            "SELECT plan, state FROM calls WHERE tenant <> ? ORDER BY seq DESC LIMIT 1", (tenant,)
        ).fetchone()
        return call_from(*row) if row else None

    def search(self, tenant: str, filters: dict[str, Any], below: int) -> Iterator[tuple[int, Call]]:
        """Newest first; `filters` maps an SQL condition with one placeholder to its value."""
        conditions = ["tenant = ?", "seq < ?", *filters]
        rows = self.db.execute(
            f"SELECT seq, plan, state FROM calls WHERE {' AND '.join(conditions)} ORDER BY seq DESC",
            (tenant, below, *filters.values()),
        )
        for seq, plan, state in rows:
            yield seq, call_from(plan, state)
