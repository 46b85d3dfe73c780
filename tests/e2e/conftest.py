from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

# Requests end after 35 s, and the reconciler believes in "not placed" right after: nothing here waits for minutes.
QUICK = {"RING_TIMEOUT_SECONDS": "3", "RECONCILE_GIVE_UP_SECONDS": "40"}


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[type[Stack]]:
    made: list[Stack] = []

    class Made(Stack):
        def __init__(self, **environment: str) -> None:
            super().__init__(tmp_path, **{**QUICK, **environment})
            made.append(self)

    yield Made  # type: ignore[misc]
    for stack in made:
        stack.installation.destroy()
