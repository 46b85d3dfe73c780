from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from campaigns.models import Campaign
from common.paging import page_of
from leads.models import Lead
from tests import world

ORDERS = (("-id",), ("id",), ("-updated_at", "-id"), ("last_name", "first_name", "id"))


def cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.fixture
def people(campaign: Campaign) -> list[Lead]:
    names = ["Meyer", "Chen", "Meyer", "Árnason", "", "Chen", "Meyer"]
    return [world.make_lead(campaign, f"+1415555010{i}", last_name=name) for i, name in enumerate(names)]


@pytest.mark.parametrize("order", ORDERS)
def test_forth_and_back_meet_every_row_once_and_in_the_same_order(people: list[Lead], order: tuple[str, ...]) -> None:
    whole = list(Lead.objects.order_by(*order))
    forth, page = [], page_of(Lead.objects.all(), order=order, size=3)
    while True:
        forth += page.rows
        if not page.after:
            break
        page = page_of(Lead.objects.all(), order=order, after=page.after, size=3)
    assert forth == whole
    back = page.rows
    while page.before:
        page = page_of(Lead.objects.all(), order=order, before=page.before, size=3)
        back = page.rows + back
    assert back == whole


def test_rows_that_come_in_between_move_nothing(people: list[Lead], campaign: Campaign) -> None:
    first = page_of(Lead.objects.all(), order=("-id",), size=3)
    world.make_lead(campaign, "+14155550190")
    second = page_of(Lead.objects.all(), order=("-id",), after=first.after, size=3)
    assert [row.pk for row in first.rows + second.rows] == [row.pk for row in reversed(people)][:6]


@pytest.mark.parametrize(
    "value",
    [
        [None],
        ["\ud800"],
        ["a\0b"],
        [True],
        [10**30],
        [[1]],
        [{"a": 1}],
        [],
        [1, 2, 3],
        "text",
        7,
    ],
)
@pytest.mark.parametrize("columns", [("-id",), ("last_name",)])
def test_a_cursor_that_is_none_is_the_first_page(people: list[Lead], value: Any, columns: tuple[str, ...]) -> None:
    page = page_of(Lead.objects.all(), order=columns, after=cursor(value), size=3)
    assert page.before == ""


@pytest.mark.parametrize("text", ["%%%", "9" * 5000, "WzEsMl0", cursor(["9999-12-31T23:59:59-12:00", 1]), "[" * 3000])
def test_nonsense_in_the_address_is_no_fault(people: list[Lead], text: str) -> None:
    assert len(page_of(Lead.objects.all(), order=("-updated_at", "-id"), after=text, size=3).rows) == 3
