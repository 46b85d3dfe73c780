"""In which zones a lead may be: the call must be allowed in every one of them."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources

import phonenumbers
from phonenumbers import timezone as number_timezone

from common import phones
from common.hours import time_zones
from leads.models import Lead, TimezoneSource

UNITED_STATES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
_EASTERN, _CENTRAL, _MOUNTAIN, _ARIZONA, _PACIFIC, _ALASKA, _HAWAII = UNITED_STATES

US_STATES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV".split(), (_EASTERN,)),
    **dict.fromkeys("AL AR IA IL LA MN MO MS OK WI".split(), (_CENTRAL,)),
    **dict.fromkeys("CO MT NM UT WY".split(), (_MOUNTAIN,)),
    **dict.fromkeys("CA NV WA".split(), (_PACIFIC,)),
    **dict.fromkeys("FL IN KY MI TN".split(), (_EASTERN, _CENTRAL)),
    **dict.fromkeys("KS ND NE SD TX".split(), (_CENTRAL, _MOUNTAIN)),
    **dict.fromkeys("ID OR".split(), (_MOUNTAIN, _PACIFIC)),
    "AZ": (_ARIZONA, _MOUNTAIN),
    "AK": (_ALASKA, "America/Adak"),
    "HI": (_HAWAII,),
    "PR": ("America/Puerto_Rico",),
    "VI": ("America/St_Thomas",),
    "GU": ("Pacific/Guam",),
    "AS": ("Pacific/Pago_Pago",),
    "MP": ("Pacific/Saipan",),
}
PROVINCES: dict[tuple[str, str], tuple[str, ...]] = {
    ("CA", "AB"): ("America/Edmonton",),
    ("CA", "BC"): ("America/Vancouver", "America/Edmonton"),
    ("CA", "MB"): ("America/Winnipeg",),
    ("CA", "NB"): ("America/Moncton",),
    ("CA", "NL"): ("America/St_Johns", "America/Goose_Bay"),
    ("CA", "NS"): ("America/Halifax",),
    ("CA", "ON"): ("America/Toronto", "America/Winnipeg"),
    ("CA", "PE"): ("America/Halifax",),
    ("CA", "QC"): ("America/Toronto", "America/Halifax"),
    ("CA", "SK"): ("America/Regina", "America/Edmonton"),
    ("CA", "YT"): ("America/Whitehorse",),
    ("AU", "ACT"): ("Australia/Sydney",),
    ("AU", "NSW"): ("Australia/Sydney", "Australia/Adelaide"),
    ("AU", "NT"): ("Australia/Darwin",),
    ("AU", "QLD"): ("Australia/Brisbane",),
    ("AU", "SA"): ("Australia/Adelaide",),
    ("AU", "TAS"): ("Australia/Hobart",),
    ("AU", "VIC"): ("Australia/Melbourne",),
    ("AU", "WA"): ("Australia/Perth", "Australia/Eucla"),
}


def candidate_zones(lead: Lead, number: str) -> tuple[str, ...]:
    """What a person said decides alone; otherwise the union of what the address, the guess and the number say."""
    given = (lead.timezone,) if is_zone(lead.timezone) else ()
    if given and lead.timezone_source in ("", TimezoneSource.USER_INPUT) and _belongs_to(lead, number):
        return given
    found = given + address_zones(lead.country, lead.state) + number_zones(number)
    return tuple(sorted(set(found)))


def _belongs_to(lead: Lead, number: str) -> bool:
    """A number given for one call only may ring somewhere else: for it, the lead's zone is one of several."""
    return number in ("", lead.phone) or (lead.pk is not None and number in lead.numbers())


def is_zone(name: str) -> bool:
    return name in time_zones()


def address_zones(country: str, state: str) -> tuple[str, ...]:
    state = state.strip().upper()
    if country in ("US", "") and state in US_STATES:
        return US_STATES[state]
    if (country, state) in PROVINCES:
        return PROVINCES[country, state]
    return country_zones(country) if country else ()


@lru_cache(maxsize=8192)
def number_zones(number: str) -> tuple[str, ...]:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    if phones.has_area(number):
        zones = tuple(zone for zone in number_timezone.time_zones_for_number(parsed) if is_zone(zone))
        if zones:
            return zones
    return country_zones(phonenumbers.region_code_for_country_code(parsed.country_code or 0))


def country_zones(country: str) -> tuple[str, ...]:
    """Every zone of the country; a call must fit all of them, so the far territories of the US stay out."""
    return UNITED_STATES if country == "US" else _zone_table().get(country, ())


@cache
def _zone_table() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            table[country] = (*table.get(country, ()), zone)
    return table
