from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.shapes import as_moment, iso


@pytest.mark.parametrize(("microsecond", "text"), [(0, "47.000Z"), (320_527, "47.320Z"), (999_999, "47.999Z")])
def test_a_moment_always_has_milliseconds(microsecond: int, text: str) -> None:
    moment = datetime(2026, 11, 20, 15, 4, 47, microsecond, tzinfo=UTC)
    assert as_moment(moment) == iso(moment) == f"2026-11-20T15:04:{text}"


def test_no_moment_is_null() -> None:
    assert iso(None) is None
