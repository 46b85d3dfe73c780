from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.stack import Stack

MakeStack = Callable[..., Stack]

# Requests end after 38 s, and the reconciler believes in "not placed" soon after: nothing here waits for minutes.
QUICK = {"RING_TIMEOUT_SECONDS": "3"}


@pytest.fixture(scope="module")
def make_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStack]:
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        made.append(Stack(tmp_path_factory.mktemp("stack"), **{**QUICK, **environment}))
        return made[-1].start()

    yield make
    for stack in made:
        stack.installation.destroy()
