from __future__ import annotations

import pytest

from leads.models import Lead
from leads.zones import UNITED_STATES, candidate_zones


def zones(number: str = "", **fields: str) -> tuple[str, ...]:
    return candidate_zones(Lead(phone=number, **fields), number)


def test_a_zone_that_a_person_gave_decides_alone() -> None:
    found = zones("+14155550132", timezone="Asia/Tokyo", timezone_source="user_input", country="US", state="FL")
    assert found == ("Asia/Tokyo",)


def test_for_a_number_that_is_not_the_leads_own_the_given_zone_is_one_of_several() -> None:
    lead = Lead(phone="+14155550132", timezone="America/New_York", timezone_source="user_input")
    assert set(candidate_zones(lead, "+61255501234")) == {"America/New_York", "Australia/Sydney"}


def test_a_guessed_zone_joins_the_numbers_and_the_addresss() -> None:
    found = zones("+14155550132", timezone="America/Denver", timezone_source="ip", country="US", state="NY")
    assert set(found) == {"America/Denver", "America/Los_Angeles", "America/New_York"}


def test_a_zone_that_does_not_exist_is_left_out() -> None:
    assert zones("+14155550132", timezone="Mars/Olympus") == ("America/Los_Angeles",)


@pytest.mark.parametrize("number", ["+15551234567", "+18005550199", "+18885550123", "+19005550123"])
def test_a_number_without_a_place_gets_the_zones_of_the_main_country(number: str) -> None:
    assert set(zones(number)) == set(UNITED_STATES)


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+442079460123", "Europe/London"),
        ("+61255501234", "Australia/Sydney"),
        ("+12125550123", "America/New_York"),
        ("+919876543210", "Asia/Calcutta"),
    ],
)
def test_a_number_with_a_place_gets_its_zone(number: str, zone: str) -> None:
    assert zones(number) == (zone,)


def test_a_state_with_two_zones_counts_with_both() -> None:
    assert set(zones("+13055550123", country="US", state="fl")) == {"America/New_York", "America/Chicago"}


def test_an_address_and_a_number_in_different_states_count_both() -> None:
    assert set(zones("+12125550123", country="US", state="HI")) == {"America/New_York", "Pacific/Honolulu"}


def test_a_country_without_a_state_counts_with_all_its_zones() -> None:
    assert set(zones("+442079460123", country="NZ")) == {"Europe/London", "Pacific/Auckland", "Pacific/Chatham"}


def test_an_unreadable_number_has_no_zone_of_its_own() -> None:
    assert zones("nonsense") == ()
