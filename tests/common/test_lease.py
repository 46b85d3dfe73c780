from __future__ import annotations

from datetime import timedelta

import pytest

from common import clock
from common.models import Lease
from common.process import hold_lease, release_lease


@pytest.mark.django_db
def test_of_two_schedulers_one_leads() -> None:
    assert hold_lease(name="s", holder="a")
    assert not hold_lease(name="s", holder="b")
    assert hold_lease(name="s", holder="a")


@pytest.mark.django_db
def test_another_takes_over_when_the_lease_has_run_out() -> None:
    hold_lease(name="s", holder="dead")
    Lease.objects.update(expires_at=clock.real_now() - timedelta(milliseconds=1))
    assert hold_lease(name="s", holder="b")
    assert not hold_lease(name="s", holder="dead")


@pytest.mark.django_db
def test_a_leader_that_ends_lets_go_at_once() -> None:
    hold_lease(name="s", holder="a")
    release_lease(name="s", holder="a")
    assert hold_lease(name="s", holder="b")


@pytest.mark.django_db
def test_one_that_does_not_lead_cannot_release() -> None:
    hold_lease(name="s", holder="a")
    release_lease(name="s", holder="b")
    assert not hold_lease(name="s", holder="c")


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [timedelta(minutes=1), timedelta(days=365)])
def test_a_lease_from_before_the_clock_was_set_back_is_taken_over(ahead: timedelta) -> None:
    hold_lease(name="s", holder="dead")
    Lease.objects.update(expires_at=clock.real_now() + ahead)
    assert hold_lease(name="s", holder="b")
    assert not hold_lease(name="s", holder="c")
