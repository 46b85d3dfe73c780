from __future__ import annotations

import pytest

from campaigns.models import Campaign
from leads.models import Lead, LeadPhone
from leads.search import NEVER_CALLED, LeadFilter
from tests import world


@pytest.fixture
def olga(campaign: Campaign) -> Lead:
    lead = world.make_lead(campaign, "+442079460018", first_name="Olga", last_name="Chen", email="o.chen@example.org")
    LeadPhone.objects.create(lead=lead, e164="+12125550171")
    return lead


def found(campaign: Campaign, **asked: object) -> list[str]:
    leads = LeadFilter(**asked).apply(campaign.workspace)  # type: ignore[arg-type]
    return [lead.first_name for lead in leads.order_by("id")]


def test_a_lead_is_found_once_by_a_number_it_has_twice(campaign: Campaign, olga: Lead) -> None:
    LeadPhone.objects.create(lead=olga, e164="+12125550172")
    assert found(campaign, text="212555017") == ["Olga"]


def test_filters_and_search_narrow_together(campaign: Campaign, lead: Lead, olga: Lead) -> None:
    Lead.objects.filter(pk=olga.pk).update(last_outcome="voicemail")
    assert found(campaign, outcome="voicemail") == ["Olga"]
    assert found(campaign, outcome="voicemail", text="anna") == []
    assert found(campaign, outcome=NEVER_CALLED) == ["Anna"]


def test_nothing_asked_finds_every_lead_of_the_workspace_only(
    campaign: Campaign, elsewhere: Campaign, lead: Lead, olga: Lead
) -> None:
    world.make_lead(elsewhere)
    assert found(campaign) == ["Anna", "Olga"]
