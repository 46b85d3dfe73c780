"""Every magic number of the sandbox, through the whole product: API, queue, worker, HTTP, webhook, database.

`docs/sandbox.md` is the table of what must come out; it is read here so that it cannot be wrong.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from leadsail.embedded import BASE_DIR
from tests.e2e.conftest import MakeStack

ROW = re.compile(r"^\| (\d\d) \| .+? \| `(\w+)`(.*?) \| `?(\w+)`? \|$")
CODES = {
    "INVALID_NUMBER": "INVALID_NUMBER",
    "provider fault": "PROVIDER_FAULT",
    "not placed": "NOT_PLACED",
    "rejected": "PROVIDER_REJECTED",
    "deadline": "NO_REPORT",
}


def documented() -> dict[str, tuple[str, str, str]]:
    """By ending: the interaction's status, its error code, the lead's status."""
    table = {}
    for line in (BASE_DIR / "docs/sandbox.md").read_text().splitlines():
        if match := ROW.match(line):
            ending, status, more, lead = match.groups()
            code = next((code for words, code in CODES.items() if words in more), "")
            table[ending] = (status, code, lead)
    return table


@pytest.mark.timeout(240)
def test_every_ending_becomes_what_is_documented_and_every_phone_rings_at_most_once(make_stack: MakeStack) -> None:
    expected = documented()
    assert len(expected) == 59
    # At sixty times the speed, the forty minutes after which a stuck call is given up take forty seconds.
    stack = make_stack(NOW="2026-11-20T12:00:00-05:00", SPEED="60")
    since = stack.newest_interaction()
    leads = stack.shell(
        "from leads.models import Lead\n"
        "rows = Lead.objects.filter(tags__name='sandbox').order_by('pk')\n"
        "result = {lead.phone[-2:]: [lead.public_id, lead.status] for lead in rows}"
    )
    for ending in expected:
        assert stack.call(leads[ending][0]).status_code == 200

    rows = {row["to_number"][-2:]: row for row in stack.wait_until_all_final(since, seconds=150)}
    found = {ending: _outcome(row, before=leads[ending][1]) for ending, row in rows.items()}
    assert found == expected
    dials = [dial["correlation_id"] for dial in stack.book()]
    assert len(dials) == len(set(dials))


def _outcome(row: dict[str, Any], *, before: str) -> tuple[str, str, str]:
    lead = "unchanged" if row["lead__status"] == before else row["lead__status"]
    return row["status"], row["error_code"], lead
