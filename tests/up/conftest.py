from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.up.installation import Installation
from tests.up.prepared import prepare

Make = Callable[..., Installation]


@pytest.fixture
def make_installation(tmp_path: Path) -> Iterator[Make]:
    made: list[Installation] = []

    def make(**environment: str) -> Installation:
        var = Path(environment.pop("VAR", str(tmp_path / "var")))
        made.append(Installation(var, tmp_path / f"output-{len(made)}", **environment))
        return made[-1]

    yield make
    for installation in made:
        installation.destroy()


@pytest.fixture
def running(make_installation: Make) -> Installation:
    installation = make_installation(DEMO="0")
    prepare(installation.var)
    return installation.started()
