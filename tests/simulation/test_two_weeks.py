"""Two simulated weeks, one over each change of the clocks: nobody is dialed who must not be, and nobody is forgotten.

500 leads here, 10,000 with `make simulate`; docs/simulation.md says how.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulation import checker
from tests.simulation.driver import live
from tests.simulation.plan import WEEKS, make_plan

# In each week.
LEADS = 250


@pytest.mark.timeout(300)
@pytest.mark.parametrize("week", WEEKS)
def test_a_week_over_a_change_of_the_clocks_breaks_no_rule_and_forgets_nobody(
    week: str, transactional_db: None, settings: Any, tmp_path: Path
) -> None:
    # Set here, so that the run's own changes end with the test.
    settings.CLOCK = ""
    settings.RING_TIMEOUT_SECONDS = 30
    live(make_plan(week=week, leads=LEADS, seed=1), tmp_path, say=lambda line: None)
    checked = checker.check_folder(tmp_path)
    assert not checked.found, checker.report(checked)
    assert len({dial.lead for dial in checked.dials}) > LEADS * 0.8
