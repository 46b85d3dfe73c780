"""Who may not be called because of the Do-Not-Call list, as the gate reads it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from calls.gate.facts import make_plan, read_facts
from campaigns.models import Campaign
from leads.access import lead_of
from leads.models import Lead, LeadPhone
from leads.services import add_to_do_not_call

MAIN, FURTHER, OTHER = "+14155550132", "+14155550144", "+14155550188"


def listed_as(lead: Lead, number: str) -> str:
    known = lead_of(lead.workspace, lead.public_id)
    return read_facts(make_plan(lead=known, campaign=known.campaign, number=number)).listed_as


@pytest.mark.parametrize(
    ("own", "listed", "number", "refused"),
    [
        ([MAIN], [MAIN], MAIN, True),
        ([MAIN], [MAIN], OTHER, True),
        ([MAIN], [], OTHER, False),
        ([MAIN], [OTHER], OTHER, True),
        ([MAIN, FURTHER], [MAIN], MAIN, True),
        ([MAIN, FURTHER], [MAIN], FURTHER, False),
        ([MAIN, FURTHER], [MAIN], OTHER, False),
        ([MAIN, FURTHER], [FURTHER], OTHER, False),
        ([MAIN, FURTHER], [MAIN, FURTHER], OTHER, True),
        (["", FURTHER], [FURTHER], OTHER, True),
        (["", FURTHER], [], OTHER, False),
        ([""], [], OTHER, False),
    ],
)
def test_another_number_is_refused_when_all_of_the_leads_own_are_listed(
    lead: Lead, own: list[str], listed: list[str], number: str, refused: bool
) -> None:
    main, *further = own
    Lead.objects.update(phone=main)
    for e164 in further:
        LeadPhone.objects.create(lead=lead, e164=e164)
    for address in listed:
        add_to_do_not_call(workspace=lead.workspace, address=address, by=SYSTEM)
    assert bool(listed_as(lead, number)) == refused


def test_another_workspaces_list_bars_nobody_here(lead: Lead, elsewhere: Campaign) -> None:
    add_to_do_not_call(workspace=elsewhere.workspace, address=MAIN, by=SYSTEM)
    assert listed_as(lead, OTHER) == ""


def test_only_another_number_costs_a_query_more(lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164=FURTHER)

    def queries(number: str) -> int:
        known = lead_of(lead.workspace, lead.public_id)
        plan = make_plan(lead=known, campaign=known.campaign, number=number)
        with CaptureQueriesContext(connection) as asked:
            read_facts(plan)
        return len(asked)

    assert queries(FURTHER) == queries(MAIN)
    assert queries(OTHER) == queries(MAIN) + 1
