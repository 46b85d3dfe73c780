from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from campaigns.models import CallerNumber
from common import clock, phones
from leads.models import DoNotCall, Lead, LeadPhone, LeadStatus
from leads.zones import candidate_zones
from leadsail.demo.data.magic import TAG
from sandbox.scenarios import MAGIC

FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d|\+4420 ?79460\d{3}|\+612 ?5550\d{4}")

pytestmark = pytest.mark.usefixtures("demo")


def test_every_number_is_reserved_for_fiction() -> None:
    numbers = [
        *Lead.objects.exclude(phone="").values_list("phone", flat=True),
        *LeadPhone.objects.values_list("e164", flat=True),
        *CallerNumber.objects.values_list("e164", flat=True),
        *DoNotCall.objects.values_list("address", flat=True),
    ]
    assert [number for number in numbers if not FICTION.fullmatch(number)] == []


def test_every_number_looks_valid_so_that_no_lead_carries_a_warning() -> None:
    numbers = Lead.objects.exclude(phone="").values_list("phone", flat=True)
    assert [number for number in numbers if not phones.is_valid(number)] == []


def test_no_lead_has_the_number_of_a_caller() -> None:
    assert not Lead.objects.filter(phone__in=CallerNumber.objects.values("e164")).exists()


def test_some_two_hundred_leads_pass_validation() -> None:
    leads = list(Lead.objects.all())
    assert 180 <= len(leads) <= 230
    for lead in leads:
        lead.full_clean()


def test_all_statuses_occur() -> None:
    assert set(Lead.objects.values_list("status", flat=True)) == set(LeadStatus.values)


def test_leads_live_in_all_parts_of_the_world() -> None:
    now = clock.now()
    zones = {candidate_zones(lead, lead.phone)[0] for lead in Lead.objects.exclude(phone="")}
    offsets = {now.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}
    assert len(zones) >= 40
    assert len(offsets) >= 24


def test_each_magic_ending_has_leads_in_a_campaign_that_is_always_open() -> None:
    leads = Lead.objects.filter(tags__name=TAG).select_related("campaign")
    assert {lead.phone[-2:] for lead in leads} == set(MAGIC)
    assert {lead.campaign.name for lead in leads} == {"Around the clock"}
    assert all(lead.last_name.endswith(lead.phone[-2:]) for lead in leads)


def test_oddities_occur() -> None:
    shared = Lead.objects.exclude(phone="").values_list("phone", flat=True)
    assert Lead.objects.filter(phone="").count() == 1
    assert sorted(lead.phones.count() for lead in Lead.objects.all())[-2:] == [0, 2]
    assert len(shared) - len(set(shared)) == 1
    assert Lead.objects.filter(is_test=True).count() == 3
    assert DoNotCall.objects.count() == 5
    assert Lead.objects.filter(campaign__status="archived").exists()
    assert Lead.objects.filter(campaign__status="inactive").exists()


def test_names_come_in_many_scripts_and_without_emoji() -> None:
    text = "".join(lead.full_name for lead in Lead.objects.all())
    assert all(any(first <= char <= last for char in text) for first, last in ("את", "ؠي", "अह", "ぁん", "가힣", "αω"))
    assert not any(ord(char) > 0xFFFF for char in text)
