from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

from sandbox.calls import JSON, Call


class Book:
    """What really rang. The file only grows: one line per dial, then lines of facts about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dials: dict[str, JSON] = {}
        # Unbuffered, so that a line has left the process before the HTTP response says "accepted".
        self.file = path.open("ab", buffering=0)
        self._lock()
        self.file.truncate(self._read())

    def _lock(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"the folder {self.path.parent} is in use by another sandbox.") from None

    def _read(self) -> int:
        """Load the file; returns the length without a line that a kill tore in the middle."""
        whole = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    whole += len(line)
                    self._merge(json.loads(line))
        return whole

    def _merge(self, facts: JSON) -> None:
        if "to" in facts:
            self.dials[facts["conversation_id"]] = {**facts, "deliveries": []}
            return
        dial = self.dials[facts["conversation_id"]]
        if "delivery" in facts:
            dial["deliveries"].append(facts["delivery"])
        else:
            dial.update(facts)

    def _write(self, facts: JSON) -> None:
        self.file.write(json.dumps(facts, ensure_ascii=False).encode() + b"\n")
        self._merge(facts)

    def dial(self, call: Call) -> None:
        plan = call.plan
        self._write(
            {
                "to": plan.to_number,
                "from": plan.from_number,
                "provider": "elevenlabs",
                "via": plan.provider,
                "correlation_id": plan.attempt,
                "conversation_id": call.id,
                "accepted_at": plan.accepted_at,
                "answered_at": None,
                "ended_at": None,
                "outcome": None,
                "duration": None,
            }
        )

    def note(self, conversation_id: str, **facts: object) -> None:
        # A cleared book knows nothing of the calls that were under way.
        if conversation_id in self.dials:
            self._write({"conversation_id": conversation_id, **facts})

    def lines(self, to_number: str = "") -> Iterator[bytes]:
        for dial in list(self.dials.values()):
            if not to_number or dial["to"] == to_number:
                yield json.dumps(dial, ensure_ascii=False).encode() + b"\n"

    def latest(self, limit: int) -> list[JSON]:
        return list(self.dials.values())[-limit:][::-1]

    def clear(self) -> None:
        self.dials.clear()
        self.file.truncate(0)

    def close(self) -> None:
        self.file.close()
