"""How names are written, and which lead a submission is a duplicate of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.models import Campaign
from common import clock as business
from leads.intake import find_duplicate
from leads.models import Lead
from leads.names import readable, title_case
from tests import world
from tests.travel import Clock

PHONE, EMAIL = "+14155550132", "anna@example.com"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  jOHN ", "John"),
        ("SMITH-jones", "Smith-Jones"),
        ("o'neil", "O'Neil"),
        ("D’ANGELO", "D’Angelo"),
        ("McDonald", "McDonald"),
        ("de la Cruz", "de la Cruz"),
        ("de la cruz", "De La Cruz"),
        ("anna  maria", "Anna Maria"),
        ("HENRY III", "Henry III"),
        ("éLODIE", "Élodie"),
        ("李", "李"),
        ("von\tTrapp", "von Trapp"),
    ],
)
def test_a_name_gets_its_capitals_where_it_is_not_in_mixed_case_already(sent: str, kept: str) -> None:
    assert title_case(sent) == kept


@pytest.mark.parametrize("key", ["filing_for", "filingFor", "filing-for", "Filing for"])
def test_a_key_becomes_a_question_that_people_can_read(key: str) -> None:
    assert readable(key) == "Filing for"


def test_a_lead_with_the_phone_or_the_email_is_the_duplicate(lead: Lead) -> None:
    assert find_duplicate(lead.campaign, phone=PHONE, email="other@example.com") == lead
    assert find_duplicate(lead.campaign, phone="+14155550199", email=EMAIL) == lead
    assert find_duplicate(lead.campaign, phone="+14155550199", email="other@example.com") is None


def test_the_phone_says_more_than_the_email(lead: Lead) -> None:
    world.make_lead(lead.campaign, "+14155550177", email="other@example.com")
    assert find_duplicate(lead.campaign, phone=PHONE, email="other@example.com") == lead


def test_a_lead_of_another_campaign_is_no_duplicate(lead: Lead) -> None:
    other = world.make_campaign(lead.campaign.production_agent, name="Other")
    assert find_duplicate(other, phone=PHONE, email=EMAIL) is None


def test_a_test_lead_is_no_duplicate(campaign: Campaign) -> None:
    world.make_lead(campaign, is_test=True)
    assert find_duplicate(campaign, phone=PHONE, email=EMAIL) is None


def test_an_empty_phone_or_email_makes_no_duplicates(campaign: Campaign) -> None:
    world.make_lead(campaign, "", email="")
    assert find_duplicate(campaign, phone="", email="") is None


def test_a_campaign_without_a_window_has_no_duplicates(lead: Lead) -> None:
    Campaign.objects.filter(pk=lead.campaign_id).update(duplicate_window_days=None)
    lead.campaign.refresh_from_db()
    assert find_duplicate(lead.campaign, phone=PHONE, email=EMAIL) is None


def test_the_window_ends_after_its_days_since_the_lead_was_made(clock: Clock, campaign: Campaign) -> None:
    clock.at("2026-03-01T12:00:00+00:00")
    lead = world.make_lead(campaign)
    clock.move(days=30)
    assert find_duplicate(campaign, phone=PHONE, email=EMAIL) == lead
    clock.move(seconds=1)
    assert find_duplicate(campaign, phone=PHONE, email=EMAIL) is None


def test_the_window_counts_from_the_latest_submission(clock: Clock, campaign: Campaign) -> None:
    clock.at("2026-03-01T12:00:00+00:00")
    lead = world.make_lead(campaign, latest_submitted_at=business.now() + timedelta(days=20))
    clock.move(days=50)
    assert find_duplicate(campaign, phone=PHONE, email=EMAIL) == lead
    clock.move(days=1)
    assert find_duplicate(campaign, phone=PHONE, email=EMAIL) is None
