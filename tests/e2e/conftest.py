from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

MakeStack = Callable[..., Stack]

# Requests end after 35 s, and the reconciler believes in "not placed" right after: nothing here waits for minutes.
QUICK = {"RING_TIMEOUT_SECONDS": "3", "RECONCILE_GIVE_UP_SECONDS": "40"}


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[MakeStack]:
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        made.append(Stack(tmp_path, **{**QUICK, **environment}))
        return made[-1].start()

    yield make
    for stack in made:
        stack.installation.destroy()
