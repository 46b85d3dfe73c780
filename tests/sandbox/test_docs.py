from __future__ import annotations

import pytest

from sandbox.faults import FAULTS
from sandbox.phrases import STORIES
from sandbox.scenarios import MAGIC, MIX, Scenario
from tests.sandbox.harness import ROOT

PAGE = (ROOT / "docs" / "sandbox.md").read_text()


@pytest.mark.parametrize("scenario", MAGIC.values(), ids=MAGIC)
def test_every_magic_number_stands_in_the_documentation(scenario: Scenario) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {scenario.code} |"))
    for text in (scenario.says, scenario.outcome, scenario.lead_status, scenario.note):
        assert text in row


def test_every_fault_stands_in_the_documentation() -> None:
    for name, (part, source) in FAULTS.items():
        assert f"| `{name}` | {source} | {part} |" in PAGE


def test_tables_fit_together() -> None:
    assert set(MIX) <= set(MAGIC)
    assert {source for _, source in FAULTS.values()} <= set(MAGIC)
    assert {scenario.line.story for scenario in MAGIC.values()} - {""} <= set(STORIES)
