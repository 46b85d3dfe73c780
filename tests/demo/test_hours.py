from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.actors import SYSTEM
from accounts.models import Workspace
from calls.services import preflight
from leads.models import Lead
from leads.services import set_status
from leadsail.demo import pointer
from tests.demo.conftest import Run

MONDAY = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)


def set_clock(settings: Settings, moment: datetime) -> None:
    settings.CLOCK = f"{time.time()},{moment.timestamp()},1"


def the_first() -> Lead:
    return Lead.objects.get(tags__name=pointer.TAG)


@pytest.mark.parametrize("day", range(7))
def test_at_every_hour_of_the_week_somebody_may_be_called(demo: Workspace, settings: Settings, day: int) -> None:
    for hour in range(24):
        set_clock(settings, MONDAY + timedelta(days=day, hours=hour))
        pointer.point(demo)
        assert preflight(lead=the_first()).verdict.allowed, f"{hour}:30 UTC"


def test_the_lead_to_call_first_ends_well(demo: Workspace) -> None:
    assert the_first().phone.endswith("01")


def test_who_may_not_be_called_any_more_loses_the_tag_at_the_next_start(demo: Workspace, run: Run) -> None:
    before = the_first()
    set_status(lead=before, status="dnc", by=SYSTEM)
    run()
    assert the_first() != before


def test_when_nobody_may_be_called_nobody_is_pointed_to(demo: Workspace, run: Run) -> None:
    demo.calls_stopped_at = MONDAY
    demo.save()
    assert "nobody may be called right now" in run()
    assert not Lead.objects.filter(tags__name=pointer.TAG).exists()


@pytest.mark.parametrize("moment", ["2026-01-01T03:00+00:00", "2026-03-08T09:59+00:00", "2032-07-04T12:00+00:00"])
def test_the_demo_can_be_made_at_any_time(run: Run, settings: Settings, moment: str) -> None:
    set_clock(settings, datetime.fromisoformat(moment))
    run()
    assert preflight(lead=the_first()).verdict.allowed
