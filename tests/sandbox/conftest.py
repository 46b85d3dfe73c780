from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.harness import Box, Receiver, Tenant


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("sandbox"))
    yield box
    assert box.stop() == 0


@pytest.fixture(scope="session")
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def tenant(box: Box, receiver: Receiver) -> Tenant:
    return Tenant(box, receiver)


@pytest.fixture
def mallory(box: Box, receiver: Receiver) -> Tenant:
    return Tenant(box, receiver)
